"""The message of a failed ``reconcile``: differences, and the requests that returned the rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice, repeat
from typing import Any, Final

from msgspec import Struct, json

from mockserver._util.printable import printable
from mockserver._util.suggest import suggest
from mockserver.client import AdminClient
from mockserver.client.client import Filter
from mockserver.embedded.exchange_summary import count_of, summarize_exchange
from mockserver.reconcile import DESCRIPTIONS, Difference, Row, RowLabel, compare
from mockserver.vendors import get_vendor

_MAX_GROUPS: Final = 20
_MAX_SIMILAR_GROUPS: Final = 3
"""Groups of one kind and with the same fields that are shown before further rows are only counted."""
_MAX_TRACED_ROWS: Final = 1_000
_MAX_FIELDS: Final = 4
_MAX_REQUESTS: Final = 3
_MAX_LENGTH: Final = 100


class ListRequest(Struct, frozen=True, kw_only=True):
    """The list that a client collected."""

    vendor: str
    endpoint: str
    site: int | str
    parameters: Mapping[str, Any]


class _TracedDifference(Struct, frozen=True):
    """A difference, and the numbers of the exchanges that returned its row."""

    difference: Difference
    exchanges: tuple[int, ...]

    @property
    def similarity(self) -> tuple[str, ...]:
        """The kind and the fields: what similar differences share."""
        return (self.difference.kind, *self.difference.fields)


def describe_differences(
    client: AdminClient, tenant: str, request: ListRequest, rows: list[Any], fields: list[str] | None
) -> str:
    """Describe how *rows* differ from the expected rows; return an empty text if they do not."""
    labeled_rows = client.expected_rows(
        request.vendor, request.endpoint, request.parameters, site=request.site, labels=True, tenant=tenant
    )
    expected: list[tuple[RowLabel, Row]] = [(item["label"], item["row"]) for item in labeled_rows]
    dialect = client.tenant(tenant).vendors[request.vendor].dialect
    identity = get_vendor(request.vendor).in_dialect(dialect).endpoint(request.endpoint).row_key
    collected = _as_rows(rows, identity)
    _check_fields(fields or [], expected)
    if fields is None and collected is not rows:  # Only the values of the identifying field were collected.
        fields = list(identity)
    if fields is not None:
        compared = [*identity, *fields]
        expected = [(label, _select_fields(row, compared)) for label, row in expected]
        collected = [_select_fields(row, compared) for row in collected]
    differences = compare(collected, expected, identity)
    if not differences:
        return ""
    required = sum(label == "required" for label, _ in expected)
    head = (
        f"{request.vendor} {request.endpoint}: got {count_of(len(rows), 'row')}, expected {required};"
        f" {count_of(len(differences), 'difference')}"
    )
    report = _Report(client, tenant, request, identity)
    return printable("\n".join([head, *report.describe_groups(report.trace(differences))]))


def _check_fields(fields: Sequence[str], expected: Sequence[tuple[RowLabel, Row]]) -> None:
    """Raise ``ValueError`` for a field that no row has: a comparison of nothing would always succeed."""
    known: dict[str, None] = {}
    for _, row in expected:
        known.update(dict.fromkeys(row))
    for field in fields if known else ():
        if field not in known:
            raise ValueError(f"fields: unknown field {field!r}; {suggest(field, known)}")


def _as_rows(rows: list[Any], identity: Sequence[str]) -> list[Row]:
    """Return *rows*, or, if they are values of the one identifying field, rows with that field."""
    if all(isinstance(row, Mapping) for row in rows):
        return rows
    if len(identity) != 1 or any(isinstance(row, Mapping) for row in rows):
        raise TypeError(
            f"rows: invalid row; pass the dicts that the vendor returns, with at least {', '.join(identity)}"
        )
    return [{identity[0]: value} for value in rows]


def _select_fields(row: Row, fields: Iterable[str]) -> Row:
    return {name: row[name] for name in fields if name in row}


class _Report(Struct, frozen=True):
    """Describes the differences of one list."""

    client: AdminClient
    tenant: str
    request: ListRequest
    identity: Sequence[str]

    def trace(self, differences: list[Difference]) -> list[_TracedDifference]:
        """Find the exchanges that returned the rows of the first differences."""
        first = differences[:_MAX_TRACED_ROWS]
        rows = [_select_fields(item.row, self.identity) or item.row for item in first]
        exchanges = self.client.trace(self.request.vendor, self.request.endpoint, rows, self.tenant)
        return [
            _TracedDifference(item, tuple(numbers))
            for item, numbers in zip(differences, chain(exchanges, repeat(())), strict=False)
        ]

    def describe_groups(self, differences: Iterable[_TracedDifference]) -> Iterator[str]:
        """Describe consecutive similar differences from the same requests as one group, up to a maximum."""
        shown = Counter[tuple[str, ...]]()
        further = Counter[tuple[str, ...]]()
        for (similarity, _), members in groupby(
            differences, key=lambda item: (item.similarity, item.exchanges)
        ):
            group = list(members)
            if shown[similarity] >= _MAX_SIMILAR_GROUPS or shown.total() >= _MAX_GROUPS:
                further[similarity] += len(group)
                continue
            shown[similarity] += 1
            first = group[0].difference
            yield f"  {first.kind}: {self._describe_rows(group)}; {DESCRIPTIONS[first.kind]}"
            if first.fields:
                yield "    " + ", ".join(_describe_fields(first))
            yield f"    {self._describe_origin(group[0])}"
        for similarity, count in islice(further.items(), _MAX_GROUPS):
            kind, *fields = similarity
            yield f"  {kind}: {_describe_further(count, fields)}"

    def _describe_rows(self, group: list[_TracedDifference]) -> str:
        """Return the indices of a group's rows, and the identity of its first and last row."""
        first = group[0].difference
        last = group[-1].difference
        source = "collected" if first.expected is None else "expected"
        start = getattr(first, source)
        if len(group) == 1:
            return f"row {start} of the {source}, {self._describe_identity(first)}"
        ends = f"{self._describe_identity(first)} to {self._describe_identity(last)}"
        return f"{len(group)} rows, {start} to {getattr(last, source)} of the {source}, {ends}"

    def _describe_identity(self, difference: Difference) -> str:
        row = difference.row
        shown = {field: row.get(field) for field in self.identity} if self.identity else row
        return json.encode(shown).decode()[:_MAX_LENGTH]

    def _describe_origin(self, traced: _TracedDifference) -> str:
        """Return the requests that returned a row, or why none did."""
        if traced.exchanges:
            numbers = traced.exchanges[:_MAX_REQUESTS]
            exchanges = [self.client.exchange(number, self.tenant) for number in numbers]
            return "returned by request " + ", and by request ".join(map(_describe_exchange, exchanges))
        filters: dict[str, Filter] = {"vendor": self.request.vendor, "endpoint": self.request.endpoint}
        matched = self.client.count_exchanges(self.tenant, **filters)
        if not matched:
            return f"the client sent no request to {self.request.endpoint}"
        if traced.difference.kind != "missing":
            return "no response contained it"
        last_page = self.client.journal(self.tenant, **filters, offset=matched - 1, limit=1)
        last = _describe_exchange(last_page.exchanges[-1])
        return f"no request covered these rows; the last request was {last}"


def _describe_further(count: int, fields: Sequence[str]) -> str:
    rows = count_of(count, "more row")
    if not fields:
        return rows
    names = ", ".join(fields[:_MAX_FIELDS])
    if len(fields) > _MAX_FIELDS:
        names += f" and {len(fields) - _MAX_FIELDS} more"
    return f"{rows} with the same {'field' if len(fields) == 1 else 'fields'}: {names}"


def _describe_fields(difference: Difference) -> Iterator[str]:
    for field, (expected, collected) in islice(difference.fields.items(), _MAX_FIELDS):
        yield f"{field}: got {collected!r}, expected {expected!r}"[:_MAX_LENGTH]
    if len(difference.fields) > _MAX_FIELDS:
        yield f"and {len(difference.fields) - _MAX_FIELDS} more fields"


def _describe_exchange(exchange: Mapping[str, Any]) -> str:
    return f"#{exchange['number']} ({summarize_exchange(exchange)})"
