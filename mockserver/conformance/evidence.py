"""Compare what a client delivered with what its list has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver.admin_schemas.worlds import AddedSession
from mockserver.client import AdminClient, AdminError
from mockserver.client.exchange_texts import count_of
from mockserver.conformance.case import Outcome
from mockserver.conformance.target import Target
from mockserver.embedded import TenantHandle
from mockserver.embedded.reconcile_report import describe_fields, suggest_columns
from mockserver.reconcile import (
    DESCRIPTIONS,
    Difference,
    Row,
    RowLabel,
    as_rows,
    compare,
    convert_texts,
    identify,
    row_key_function,
    select_fields,
)

_OK: Final = 200
_MAX_ROWS: Final = 5
_MAX_TRACED: Final = 100
_OUTCOMES: Final[dict[str, Outcome]] = {"missing": "lost", "duplicate": "duplicated"}
"""Outcomes by kind of difference; all others are invented."""
_STRENGTH: Final[dict[RowLabel, int]] = {"required": 0, "optional": 1, "forbidden": 2}


class EvidenceError(ValueError):
    """Rows that cannot be compared; the message has the remedy."""


class Comparison(Struct, frozen=True, kw_only=True):
    """How the rows of a client are compared."""

    order: Literal["same", "any"] = "same"
    columns: Mapping[str, str] = {}
    """The vendor's names of columns that have another name."""
    keys: Sequence[str] = ()
    """The client's names of the fields that identify a row, if only those are compared."""


class Evidence(Struct, frozen=True, kw_only=True):
    """The result of a comparison: how many rows were expected, and which are wrong."""

    expected: int
    delivered: int
    problems: Mapping[Outcome, list[str]] = {}
    """Descriptions of the first rows by outcome."""
    counts: Mapping[Outcome, int] = {}
    is_outside: bool = False
    """True if all rows that the list does not have start outside of the window."""
    exchanges: tuple[int, ...] = ()
    """Numbers of the exchanges that returned rows with a problem."""


class ListEvidence(Struct, frozen=True, kw_only=True):
    """Compares what a client delivered with the lists that it began."""

    admin: AdminClient
    tenant: TenantHandle
    target: Target
    neighbors: Sequence[AddedSession] = ()
    """The sessions that do not belong to the window that the client is given."""

    def compare_rows(
        self, rows: list[Any], comparison: Comparison, *, texts: bool = False, whole_world: bool = False
    ) -> Evidence:
        """Compare collected rows with the expected rows of all lists that the client began.

        With *texts*, all values are texts. With *whole_world*, the rows are compared with all sessions of the
        world but the neighbors, whatever the client requested.
        """
        endpoint = self.target.endpoint
        begun = self._begun_parameters()
        expected = self._expect([] if whole_world and endpoint.start_field else begun)
        identity = endpoint.row_key
        collected = _rename(rows, comparison, identity)
        if texts:
            collected = convert_texts(collected, (row for _, row in expected))
        counted = endpoint.count_field
        if whole_world and counted and any(counted in row for row in collected):
            inside = self.tenant.world.counts[0] - len(self.neighbors)
            total = sum(int(row.get(counted) or 0) for row in collected)
            if total != inside:
                return _describe_count(counted, total, inside, len(rows))
        key = row_key_function(identity)
        names_sessions = whole_world and endpoint.start_field is not None
        outside = {key(item.rows[self.target.vendor.name]) for item in self.neighbors if names_sessions}
        expected = [(label, row) for label, row in expected if key(row) not in outside]
        required = Counter(key(row) for label, row in expected if label == "required")
        # A row may have several forms, none of which is required, or may be missing.
        allowed = {key(row) for label, row in expected if label != "forbidden"}
        also_delivered = (allowed & set(map(key, collected))) - required.keys()
        expected, collected = _select(expected, collected, comparison, identity)
        ordered = comparison.order == "same" and len(begun) <= 1
        found = [
            replace(item, kind="outside window") if key(item.row) in outside else item
            for item in compare(collected, expected, identity, ordered=ordered)
        ]
        return self._describe(found, required.total() + len(also_delivered), len(rows))

    def compare_coverage(self, *, may_request_nothing: bool = False) -> Evidence:
        """Compare the rows on whole responses with the expected rows of the lists that the client began."""
        if may_request_nothing and not self._begun_parameters():
            return Evidence(expected=0, delivered=0)
        key = row_key_function(self.target.endpoint.row_key)
        missing: dict[bytes, Row] = {}
        returned: set[bytes] = set()
        for begun in self._find_beginnings():
            coverage = self.tenant.coverage(*self._names, begun=begun)
            missing.update({key(row): row for row in coverage.missing})
            returned.update(map(key, coverage.returned))
        lost = [row for name, row in missing.items() if name not in returned]
        found = [Difference(kind="missing", row=row, expected=number) for number, row in enumerate(lost)]
        return self._describe(found, len(returned) + len(lost), len(returned))

    @property
    def _names(self) -> tuple[str, str]:
        return self.target.vendor.name, self.target.endpoint.name

    def _begun_parameters(self) -> list[Mapping[str, Any] | None]:
        begun = self.admin.begun_lists(*self._names, tenant=self.tenant.id)
        return [item.parameters for item in begun]

    def _expect(self, lists: Sequence[Mapping[str, Any] | None]) -> list[tuple[RowLabel, Row]]:
        """Return the rows of all lists, each with its strongest label; without lists, those of the site."""
        strongest: dict[bytes, tuple[RowLabel, Row]] = {}
        for parameters in lists or [None]:
            labelled = self.admin.expected_rows(*self._names, parameters, labels=True, tenant=self.tenant.id)
            for item in labelled:
                name = json.encode(item["row"], order="deterministic")
                known = strongest.get(name)
                if known is None or _STRENGTH[item["label"]] < _STRENGTH[known[0]]:
                    strongest[name] = (item["label"], item["row"])
        return list(strongest.values())

    def _find_beginnings(self) -> list[int | None]:
        """Return the last exchange that began each list; None for the only one."""
        if len(self._begun_parameters()) <= 1:
            return [None]
        vendor, endpoint = self._names
        last: dict[bytes, int] = {}
        for exchange in self.tenant.journal.exchanges(vendor=vendor, endpoint=endpoint):
            try:
                coverage = self.tenant.coverage(vendor, endpoint, begun=exchange["number"])
            except AdminError:  # It did not begin a list.
                continue
            last[json.encode(coverage.parameters, order="deterministic")] = exchange["number"]
        return [*last.values()] or [None]

    def _describe(self, found: Sequence[Difference], expected: int, delivered: int) -> Evidence:
        identity = self.target.endpoint.row_key
        problems: dict[Outcome, list[str]] = {}
        counts: dict[Outcome, int] = {}
        for difference in found:
            outcome = _OUTCOMES.get(difference.kind, "invented")
            counts[outcome] = counts.get(outcome, 0) + 1
            texts = problems.setdefault(outcome, [])
            if len(texts) < _MAX_ROWS:
                texts.append(_describe_difference(difference, identity))
        invented = [item.kind for item in found if item.kind not in _OUTCOMES]
        rows = [identify(item.row, identity) for item in found[:_MAX_TRACED]]
        traced = self.admin.trace(*self._names, rows, self.tenant.id) if rows else []
        numbers: set[int] = set()
        for exchanges in traced:
            numbers.update(exchanges)
        return Evidence(
            expected=expected,
            delivered=delivered,
            problems=problems,
            counts=counts,
            is_outside=set(invented) == {"outside window"},
            exchanges=tuple(sorted(numbers)),
        )


def _describe_count(field: str, total: int, inside: int, delivered: int) -> Evidence:
    """Return the evidence that rows count fewer or more sessions than the window has."""
    outcome: Outcome = "lost" if total < inside else "invented"
    text = f"the sum of {field!r} is {total}, but the window has {count_of(inside, 'session')}"
    return Evidence(
        expected=delivered,
        delivered=delivered,
        problems={outcome: [text]},
        counts={outcome: abs(total - inside)},
    )


def _rename(rows: list[Any], comparison: Comparison, identity: Sequence[str]) -> list[Row]:
    """Return rows with the vendor's names of their columns; raise :class:`EvidenceError`."""
    delivered = as_rows(rows, identity)
    if delivered is None:
        raise EvidenceError(f"invalid row; deliver objects with at least {', '.join(identity)}")
    if delivered is not rows:
        return delivered
    columns = dict(comparison.columns)
    if comparison.keys:
        if len(comparison.keys) != len(identity):
            raise EvidenceError(
                f"{len(comparison.keys)} keys for {len(identity)} identifying fields;"
                f" give --key once for each of {', '.join(identity)}, in this order"
            )
        columns.update(zip(comparison.keys, identity, strict=True))
    renamed: list[Row] = [{columns.get(name, name): value for name, value in row.items()} for row in rows]
    absent = [name for name in identity if renamed and not any(name in row for row in renamed)]
    if absent:
        raise EvidenceError(suggest_columns(rows, absent))
    return renamed


def _select(
    expected: list[tuple[RowLabel, Row]],
    collected: list[Row],
    comparison: Comparison,
    identity: Sequence[str],
) -> tuple[list[tuple[RowLabel, Row]], list[Row]]:
    """Return the rows with the fields that both have, or with the identifying ones only."""
    known = dict.fromkeys(name for _, row in expected for name in row)
    delivered = dict.fromkeys(name for row in collected for name in row)
    names = list(identity) if comparison.keys else [name for name in delivered if name in known]
    if not known or not delivered:
        return expected, collected
    return (
        [(label, select_fields(row, names)) for label, row in expected],
        [select_fields(row, names) for row in collected],
    )


def _describe_difference(difference: Difference, identity: Sequence[str]) -> str:
    shown = identify(difference.row, identity)
    fields = ", ".join(describe_fields(difference))
    text = f"{json.encode(shown).decode()[:200]} {DESCRIPTIONS[difference.kind]}"
    return f"{text} ({fields})" if fields else text


def read_recorded(tenant: TenantHandle, target: Target) -> list[bytes]:
    """Return the bodies that a sender's endpoint recorded."""
    exchanges = tenant.journal.exchanges(vendor=target.vendor.name, endpoint=target.endpoint.name, status=_OK)
    return [json.encode(exchange["request"]["body"], order="deterministic") for exchange in exchanges]


def compare_recorded(bodies: Sequence[bytes], without_faults: Sequence[bytes]) -> Evidence:
    """Compare what a sender delivered with what it delivers if nothing fails."""
    expected = len(set(without_faults))
    distinct = len(set(bodies))
    counts: dict[Outcome, int] = {}
    problems: dict[Outcome, list[str]] = {}
    if distinct < expected:
        counts["lost"] = expected - distinct
        absent = [body for body in dict.fromkeys(without_faults) if body not in bodies]
        problems["lost"] = [f"{body.decode()[:200]} was not recorded" for body in absent[:_MAX_ROWS]]
    repeated = len(bodies) - distinct - (len(without_faults) - expected)
    if repeated > 0:
        counts["duplicated"] = repeated
        problems["duplicated"] = [f"{repeated} events were recorded more than once"]
    return Evidence(expected=expected, delivered=len(bodies), problems=problems, counts=counts)
