"""What a client collected beside what it had to collect, as text that says what is wrong and where it went wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from msgspec import Struct, json

from mockserver._util.printable import printable
from mockserver._util.suggest import suggest
from mockserver.client import AdminClient
from mockserver.contract.endpoint import Endpoint
from mockserver.embedded.exchange_summary import line
from mockserver.reconcile import MEANINGS, Difference, Row, RowLabel, compare
from mockserver.vendors import named

_MOST_GROUPS: Final = 20
_MOST_ALIKE: Final = 3
"""Groups of one kind, and of the same fields, that are told before the others are only counted."""
_MOST_BLAMED: Final = 1_000
"""Rows for which the pages that carried them are looked up."""
_MOST_FIELDS: Final = 4
_LONGEST: Final = 100


class ListRequest(Struct, frozen=True, kw_only=True):
    """The list that a client collected."""

    vendor: str
    endpoint: str
    site: int | str
    parameters: Mapping[str, Any]


class _Blamed(Struct, frozen=True):
    """A difference, and the numbers of the exchanges that carried its row."""

    difference: Difference
    exchanges: tuple[int, ...]

    @property
    def alike(self) -> tuple[str, ...]:
        """What differences have in common that are told as one: the kind, and the fields."""
        return (self.difference.kind, *self.difference.fields)


def reconciled(
    client: AdminClient, tenant: str, asked: ListRequest, rows: list[Any], fields: list[str] | None
) -> str:
    """Say how rows differ from the expected rows; nothing where they do not."""
    told = client.expected_rows(
        asked.vendor, asked.endpoint, asked.parameters, site=asked.site, labels=True, tenant=tenant
    )
    expected: list[tuple[RowLabel, Row]] = [
        (each["label"], each["row"]) for each in told
    ]  # Names are checked by the server.
    identity = _endpoint(asked, client.tenant(tenant).vendors[asked.vendor].dialect).row_key
    collected = _as_rows(rows, identity)
    _check_fields(fields or [], expected)
    kept = fields if fields is not None else list(identity) if collected is not rows else None
    if kept is not None:
        wanted = [*identity, *kept]
        expected, collected = (
            [(verification, _only(row, wanted)) for verification, row in expected],
            [_only(row, wanted) for row in collected],
        )
    found = compare(collected, expected, identity)
    if not found:
        return ""
    due = sum(verification == "required" for verification, _ in expected)
    head = f"{asked.vendor} {asked.endpoint}: the client collected {len(rows)} rows where {due} are due, and {len(found)} differ"
    return printable("\n".join([head, *_lines(client, tenant, asked, found, identity)]))


def _check_fields(fields: Sequence[str], expected: Sequence[tuple[RowLabel, Row]]) -> None:
    """Raise ``ValueError`` for a field that no row has: a comparison of nothing would always succeed."""
    known = list(dict.fromkeys(name for _, row in expected for name in row))
    for field in fields if known else ():
        if field not in known:
            raise ValueError(f"no row has a field {field!r}; {suggest(field, known)}")


def _endpoint(asked: ListRequest, dialect: str) -> Endpoint:
    return named(asked.vendor).in_dialect(dialect).endpoint(asked.endpoint)


def _as_rows(rows: list[Any], identity: Sequence[str]) -> list[Row]:
    """Rows as they are; values of the one field that identifies a row as such rows."""
    if all(isinstance(row, Mapping) for row in rows):
        return rows
    if len(identity) != 1 or any(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"rows must be dicts as the vendor gives them, with at least {', '.join(identity)}")
    return [{identity[0]: value} for value in rows]


def _only(row: Row, fields: Sequence[str]) -> Row:
    return {name: row[name] for name in fields if name in row}


def _lines(
    client: AdminClient, tenant: str, asked: ListRequest, found: list[Difference], identity: Sequence[str]
) -> Iterator[str]:
    """Differences of a kind that came on the same pages, one after the other, are told as one; after a few, the rest is counted."""
    wanted = [_only(each.row, identity) or each.row for each in found[:_MOST_BLAMED]]
    carried = client.trace(asked.vendor, asked.endpoint, wanted, tenant)
    blamed = [
        _Blamed(each, tuple(numbers))
        for each, numbers in zip(found, [*carried, *([[]] * len(found))], strict=False)
    ]
    told, more = Counter[tuple[str, ...]](), dict[tuple[str, ...], list[_Blamed]]()
    for (alike, _), each in groupby(blamed, key=lambda each: (each.alike, each.exchanges)):
        group = list(each)
        told[alike] += 1
        if told[alike] > _MOST_ALIKE or told.total() > _MOST_GROUPS:
            more.setdefault(alike, []).extend(group)
            continue
        first = group[0].difference
        yield f"  {first.kind}: {_rows(group, identity)}; {MEANINGS[first.kind]}"
        if first.fields:
            yield "    " + ", ".join(_changes(first))
        yield f"    {_blame(client, tenant, asked, group[0])}"
    yield from (
        f"  {alike[0]}: {_further(group, alike[1:])}" for alike, group in list(more.items())[:_MOST_GROUPS]
    )


def _further(group: list[_Blamed], fields: Sequence[str]) -> str:
    """How many rows more differ in the same way as those before."""
    shown = ", ".join(fields[:_MOST_FIELDS]) + (
        f" and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
    )
    same = f", in the same field{'s' * (len(fields) > 1)}: {shown}" if fields else ""
    return f"{len(group)} row{'s' * (len(group) > 1)} more{same}"


def _rows(group: list[_Blamed], identity: Sequence[str]) -> str:
    """Which rows a group is about: their places, and the names of the first and the last."""
    ends = [group[0].difference, group[-1].difference]
    places = [each.expected if each.expected is not None else each.collected for each in ends]
    among = "of those due" if ends[0].expected is not None else "of those collected"
    names = [
        json.encode({field: each.row.get(field) for field in identity} if identity else each.row).decode()
        for each in ends
    ]
    if len(group) == 1:
        return f"row {places[0]} {among}, {names[0][:_LONGEST]}"
    return f"{len(group)} rows, {places[0]} to {places[1]} {among}, {names[0][:_LONGEST]} to {names[1][:_LONGEST]}"


def _changes(difference: Difference) -> Iterator[str]:
    for field, (due, collected) in list(difference.fields.items())[:_MOST_FIELDS]:
        yield f"{field} is {due!r}, not {collected!r}"[:_LONGEST]
    if len(difference.fields) > _MOST_FIELDS:
        yield f"and {len(difference.fields) - _MOST_FIELDS} fields more"


def _blame(client: AdminClient, tenant: str, asked: ListRequest, blamed: _Blamed) -> str:
    """The request that carried a row, or why none did."""
    if blamed.exchanges:
        return "on the page of " + ", and of ".join(
            _exchange(client.exchange(number, tenant)) for number in blamed.exchanges[:3]
        )
    page = client.journal(tenant, vendor=asked.vendor, endpoint=asked.endpoint)
    if not page.matched:
        return f"the client never asked for {asked.endpoint}"
    if blamed.difference.kind != "missing":
        return "no page carried it"
    last = client.journal(
        tenant, vendor=asked.vendor, endpoint=asked.endpoint, offset=page.matched - 1, limit=1
    ).exchanges[-1]
    return f"on no page that was asked for: the last was {_exchange(last)}"


def _exchange(exchange: Mapping[str, Any]) -> str:
    return f"exchange {exchange['number']} ({line(exchange)})"
