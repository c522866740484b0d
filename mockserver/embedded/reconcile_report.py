"""The message of a failed ``reconcile``: differences, and the requests that returned the rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby, islice
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver._util.printable import printable
from mockserver._util.suggest import suggest
from mockserver.client import AdminClient
from mockserver.client.client import Filter
from mockserver.client.exchange_texts import count_of
from mockserver.embedded.exchange_summary import summarize_exchange
from mockserver.reconcile import (
    DESCRIPTIONS,
    Difference,
    DifferenceKind,
    Row,
    RowLabel,
    as_rows,
    compare,
    convert_texts,
    identify,
    row_key_function,
    select_fields,
)
from mockserver.vendors import get_vendor

_MAX_GROUPS: Final = 20
_MAX_SIMILAR_GROUPS: Final = 3
"""Groups of one kind and with the same fields that are shown before further rows are only counted."""
_MAX_TRACED_ROWS: Final = 1_000
_MAX_FIELDS: Final = 4
_MAX_REQUESTS: Final = 3
_MAX_LENGTH: Final = 100
_MAX_RUNS: Final = 8
"""Runs of consecutive rows that are listed of one group."""
_MAX_LISTS: Final = 20
_MAX_COLUMNS: Final = 30
_MAX_SITE_ROWS: Final = 20_000
"""Rows of a site that are read to find out why rows are not in a list."""
_ORDERS: Final = ("same", "any")


class ListRequest(Struct, frozen=True, kw_only=True):
    """The list that a client collected."""

    vendor: str
    endpoint: str
    site: int | str
    parameters: Mapping[str, Any] | None
    """None for every row of the site."""


class Options(Struct, frozen=True, kw_only=True):
    """How rows are compared."""

    order: str = "same"
    """``same`` as the vendor's, or ``any``."""
    fields: Sequence[str] | None = None
    """The fields to compare, apart from those that identify a row; None for all."""
    columns: Mapping[str, str] = {}
    """The vendor's names of fields that have another name in the collected rows."""
    strict_fields: bool = False
    """If True, a field that the vendor does not have is a difference."""
    texts: bool = False
    """If True, all values are texts, as in CSV."""


class TracedDifference(Struct, frozen=True, omit_defaults=True):
    """A difference, and the numbers of the exchanges that returned its row."""

    difference: Difference
    exchanges: tuple[int, ...] | None
    """None if they were not looked up."""

    @property
    def similarity(self) -> tuple[str, ...]:
        """The kind and the fields: what similar differences share."""
        return (self.difference.kind, *self.difference.fields)


class Reconciliation(Struct, frozen=True, kw_only=True):
    """The result of a comparison."""

    request: ListRequest
    collected: int
    """Number of collected rows."""
    expected: int
    """Number of rows that the client had to collect."""
    differences: Sequence[TracedDifference] = ()
    text: str = ""
    """The differences for people; empty if there are none."""


def find_request(
    client: AdminClient,
    tenant: str,
    pair: tuple[str, str],
    site: int | str,
    parameters: Mapping[str, Any],
) -> ListRequest:
    """Return the list with *parameters*, or without them the list that the client began.

    Raise ``ValueError`` if it began several; if it began none, the list has every row of the site.
    """
    vendor, endpoint = pair
    if parameters:
        return ListRequest(vendor=vendor, endpoint=endpoint, site=site, parameters=parameters)
    begun = client.begun_lists(vendor, endpoint, site=site, tenant=tenant)
    if len(begun) > 1:
        lines = [f"  {_describe_parameters(item.parameters)} (at {item.at})" for item in begun[:_MAX_LISTS]]
        if len(begun) > _MAX_LISTS:
            lines.append(f"  and {count_of(len(begun) - _MAX_LISTS, 'more list')}")
        problem = (
            f"{vendor} {endpoint}: the client began {len(begun)} lists;"
            " pass the parameters of the list that the rows belong to:"
        )
        raise ValueError("\n".join([problem, *lines]))
    found = begun[0].parameters if begun else None
    return ListRequest(vendor=vendor, endpoint=endpoint, site=site, parameters=found)


def _describe_parameters(parameters: Mapping[str, Any]) -> str:
    shown = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    return shown or "no parameters"


def reconcile(
    client: AdminClient, tenant: str, request: ListRequest, rows: list[Any], options: Options
) -> Reconciliation:
    """Compare *rows* with the expected rows."""
    if options.order not in _ORDERS:
        raise ValueError(f"order: unknown order {options.order!r}; {suggest(options.order, _ORDERS)}")
    labeled_rows = client.expected_rows(
        request.vendor, request.endpoint, request.parameters, site=request.site, labels=True, tenant=tenant
    )
    expected: list[tuple[RowLabel, Row]] = [(item["label"], item["row"]) for item in labeled_rows]
    dialect = client.tenant(tenant).vendors[request.vendor].dialect
    identity = get_vendor(request.vendor).in_dialect(dialect).endpoint(request.endpoint).row_key
    known = _field_names(row for _, row in expected)
    fields = options.fields
    if known and fields is not None:
        _check_fields("fields", fields, known)
    collected = as_rows(rows, identity)
    if collected is None:
        raise TypeError(
            f"rows: invalid row; pass the dicts that the vendor returns, with at least {', '.join(identity)}"
        )
    if fields is None and collected is not rows:  # Only the values of the identifying field were collected.
        fields = ()
    collected = _rename(collected, options.columns, known)
    required = sum(label == "required" for label, _ in expected)
    result = Reconciliation(request=request, collected=len(rows), expected=required)
    head = f"{request.vendor} {request.endpoint}: got {count_of(len(rows), 'row')}, expected {required}"
    absent = _find_absent_columns(collected, identity, known)
    if absent:
        names = suggest_columns(collected, absent)
        return replace(result, text=printable(f"{head}; {names}"))
    if options.texts:
        collected = convert_texts(collected, (row for _, row in expected))
    if fields is not None:
        compared = [*identity, *fields]
        expected = [(label, select_fields(row, compared)) for label, row in expected]
        collected = [select_fields(row, compared) for row in collected]
    elif known and not options.strict_fields:
        collected = [select_fields(row, known) for row in collected]
    found = compare(collected, expected, identity, ordered=options.order == "same")
    if not found:
        return result
    report = _Report(client, tenant, request, identity)
    differences = report.trace(report.locate(found))
    head = f"{head}; {count_of(len(found), 'difference')}"
    text = printable("\n".join([head, *report.describe_groups(differences)]))
    return replace(result, differences=differences, text=text)


def _field_names(rows: Iterable[Row]) -> dict[str, None]:
    known: dict[str, None] = {}
    for row in rows:
        known.update(dict.fromkeys(row))
    return known


def _check_fields(place: str, fields: Iterable[str], known: Iterable[str]) -> None:
    """Raise ``ValueError`` for a field that no row has: a comparison of nothing would always succeed."""
    names = list(known)
    for field in fields:
        if field not in names:
            raise ValueError(f"{place}: unknown field {field!r}; {suggest(field, names)}")


def _rename(rows: list[Row], columns: Mapping[str, str], known: Iterable[str]) -> list[Row]:
    """Return the rows with the vendor's names of their columns; raise ``ValueError`` for an unknown one."""
    if not columns or not rows:
        return rows
    if known:
        _check_fields("columns", columns.values(), known)
    _check_fields("columns", columns, _field_names(rows))
    return [{columns.get(name, name): value for name, value in row.items()} for row in rows]


def _find_absent_columns(rows: Sequence[Row], identity: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the identifying fields that expected rows have, and none of the collected rows."""
    names = _field_names(rows)
    return [name for name in identity if rows and name in known and name not in names]


def suggest_columns(rows: Sequence[Row], absent: Sequence[str]) -> str:
    """Return a sentence about identifying columns that no row has, with the columns that rows have."""
    names = [repr(name) for name in islice(_field_names(rows), _MAX_COLUMNS)]
    wanted = ", ".join(map(repr, absent))
    column = "column" if len(absent) == 1 else "columns"
    return (
        f"no row has the {column} {wanted}, which identifies a row; the columns are {', '.join(names)};"
        f" name the one that has it with columns={{'<yours>': {absent[0]!r}}}"
    )


class _Report(Struct, frozen=True):
    """Describes the differences of one list."""

    client: AdminClient
    tenant: str
    request: ListRequest
    identity: Sequence[str]

    def locate(self, differences: Sequence[Difference]) -> list[Difference]:
        """Say of unexpected rows whether they exist outside the list."""
        key_of = row_key_function(self.identity)
        unexpected = {key_of(item.row) for item in differences if item.kind == "unexpected"}
        parameters = self.request.parameters
        if not unexpected or parameters is None:
            return list(differences)
        kinds: dict[bytes, DifferenceKind] = {}
        searches: tuple[tuple[DifferenceKind, Mapping[str, Any] | None], ...] = (
            ("outside window", parameters),
            ("filtered out", None),
        )
        for kind, searched in searches:
            rows = self.client.expected_rows(
                self.request.vendor,
                self.request.endpoint,
                searched,
                site=self.request.site,
                any_time=searched is not None,
                tenant=self.tenant,
            )
            with closing(rows):
                for row in islice(rows, _MAX_SITE_ROWS):
                    key = key_of(identify(row, self.identity))
                    if key in unexpected:
                        kinds.setdefault(key, kind)
        return [
            replace(item, kind=kinds.get(key_of(item.row), "unexpected"))
            if item.kind == "unexpected"
            else item
            for item in differences
        ]

    def trace(self, differences: list[Difference]) -> list[TracedDifference]:
        """Find the exchanges that returned the rows of the first differences."""
        first = differences[:_MAX_TRACED_ROWS]
        rows = [identify(item.row, self.identity) for item in first]
        exchanges = self.client.trace(self.request.vendor, self.request.endpoint, rows, self.tenant)
        traced = [
            TracedDifference(item, tuple(numbers)) for item, numbers in zip(first, exchanges, strict=True)
        ]
        return traced + [TracedDifference(item, None) for item in differences[_MAX_TRACED_ROWS:]]

    def describe_groups(self, differences: Iterable[TracedDifference]) -> Iterator[str]:
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
                yield "    " + ", ".join(describe_fields(first))
            yield f"    {self._describe_origin(group)}"
        for similarity, count in islice(further.items(), _MAX_GROUPS):
            kind, *fields = similarity
            yield f"  {kind}: {_describe_further(count, fields)}"

    def _describe_rows(self, group: list[TracedDifference]) -> str:
        """Return the indices of a group's rows, and the identity of its first and last row."""
        source = "collected" if group[0].difference.expected is None else "expected"
        ordered = sorted((item.difference for item in group), key=lambda item: getattr(item, source))
        first = ordered[0]
        last = ordered[-1]
        numbers = [getattr(item, source) for item in ordered]
        if len(group) == 1:
            return f"row {numbers[0]} of the {source}, {self._describe_identity(first)}"
        ends = f"{self._describe_identity(first)} to {self._describe_identity(last)}"
        return f"{len(group)} rows, {_describe_runs(numbers)} of the {source}, {ends}"

    def _describe_identity(self, difference: Difference) -> str:
        row = difference.row
        shown = {field: row.get(field) for field in self.identity} if self.identity else row
        return json.encode(shown).decode()[:_MAX_LENGTH]

    def _describe_origin(self, group: Sequence[TracedDifference]) -> str:
        """Return the requests that returned the rows of a group, or why none did."""
        traced = group[0]
        if traced.exchanges is None:
            return f"not looked up: only the rows of the first {_MAX_TRACED_ROWS:,} differences are"
        if traced.exchanges:
            numbers = traced.exchanges[:_MAX_REQUESTS]
            exchanges = [self.client.exchange(number, self.tenant) for number in numbers]
            further = len(traced.exchanges) - len(numbers)
            more = f", and by {count_of(further, 'more request')}" if further else ""
            return (
                "returned by request " + ", and by request ".join(map(_describe_exchange, exchanges)) + more
            )
        filters: dict[str, Filter] = {"vendor": self.request.vendor, "endpoint": self.request.endpoint}
        matched = self.client.count_exchanges(self.tenant, **filters)
        if not matched:
            return f"the client sent no request to {self.request.endpoint}"
        if traced.difference.kind != "missing":
            return "no response contained it" if len(group) == 1 else "no response contained them"
        last_page = self.client.journal(self.tenant, **filters, offset=matched - 1, limit=1)
        last = _describe_exchange(last_page.exchanges[-1])
        rows = "this row" if len(group) == 1 else "these rows"
        return f"no request covered {rows}; the last request was {last}"


def _describe_runs(numbers: Sequence[int]) -> str:
    """Return ascending indices as runs, such as ``0 to 1, 3, 5 to 6``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    shown = ", ".join(" to ".join(map(str, run)) for run in runs[:_MAX_RUNS])
    further = len(runs) - _MAX_RUNS
    return f"{shown} and {count_of(further, 'more run')}" if further > 0 else shown


def _describe_further(count: int, fields: Sequence[str]) -> str:
    rows = count_of(count, "more row")
    if not fields:
        return rows
    names = ", ".join(fields[:_MAX_FIELDS])
    if len(fields) > _MAX_FIELDS:
        names += f" and {len(fields) - _MAX_FIELDS} more"
    return f"{rows} with the same {'field' if len(fields) == 1 else 'fields'}: {names}"


def describe_fields(difference: Difference) -> Iterator[str]:
    """Yield the first fields of an altered row with both values, and the number of the others."""
    for field, (expected, collected) in islice(difference.fields.items(), _MAX_FIELDS):
        yield f"{field}: got {collected!r}, expected {expected!r}"[:_MAX_LENGTH]
    if len(difference.fields) > _MAX_FIELDS:
        yield f"and {count_of(len(difference.fields) - _MAX_FIELDS, 'more field')}"


def _describe_exchange(exchange: Mapping[str, Any]) -> str:
    return f"#{exchange['number']} ({summarize_exchange(exchange)})"
