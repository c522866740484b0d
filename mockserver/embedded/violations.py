"""Reasons for which a strict test fails, as texts: findings, unexpected errors and faults without effect."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from mockserver._util.levels import Level
from mockserver._util.parsers import Strictness
from mockserver.admin_schemas.journals import FindingSummary, Verification
from mockserver.client import AdminClient, AdminError
from mockserver.client.exchange_texts import count_of
from mockserver.embedded.exchange_summary import describe_exchange

UNUSED_FAULT: Final = "unused-fault"
"""The name that allows a fault that was never triggered."""
INEFFECTIVE_FAULT: Final = "ineffective-fault"
"""The name that allows a fault that triggered without an effect."""
_MAX_NUMBERS: Final = 5
_MAX_ARGUMENT: Final = 100
"""Characters of an argument of a fault that a text shows; a body may be long."""
_FAULT_STATE: Final = {"id", "triggered", "effective", "remaining", "matched"}
"""Fields of a fault that are not arguments of the fault."""


class Violation(NamedTuple):
    """A reason for which a strict test may fail, and the name that allows it."""

    name: str
    text: str
    level: Level = "error"
    parameter: str | None = None

    @property
    def allowed_by(self) -> str:
        """The narrowest name that allows it, such as ``unknown-parameter:utm``."""
        return self.name if self.parameter is None else f"{self.name}:{self.parameter}"

    def is_allowed(self, names: Collection[str]) -> bool:
        """Return whether the names that a test allows contain this one, alone or with the parameter."""
        return self.name in names or self.allowed_by in names


def is_failure(violation: Violation, strict: Strictness) -> bool:
    """Return whether a violation fails a strict verification; with *strict* False none does."""
    return violation.level == "error" if strict == "errors" else bool(strict and violation.level != "note")


def describe_violations(violations: Sequence[Violation], strict: Strictness) -> Iterator[str]:
    """Yield the texts of violations: those that fail a verification, then the others with their level."""
    failing = [violation for violation in violations if is_failure(violation, strict)]
    yield from (violation.text for violation in failing)
    for violation in violations:
        if violation not in failing:
            yield f"{violation.level}, does not fail: {violation.text}"


def describe_extent(result: Verification) -> str:
    """Return how many exchanges were checked."""
    kept = (
        "all in the journal"
        if result.kept == result.exchanges
        else f"only the last {result.kept} are checked"
    )
    return f"{count_of(result.exchanges, 'exchange')} ({kept})."


def find_violations(
    client: AdminClient,
    tenant: str,
    verification: Verification,
    unmatched: Sequence[Mapping[str, Any]] = (),
) -> Iterator[Violation]:
    """Yield the violations of a tenant's verification, and those of unmatched exchanges."""
    for found in verification.findings:
        text = f"{found.name}: {found.message}{_describe_first(client, tenant, found)}"
        yield Violation(found.name, text, found.level, found.parameter)
    for found in [*verification.unexpected, *summarize_unmatched(unmatched)]:
        yield Violation(found.name, f"{found.name} ({_list_requests(found)}): {found.message}")
    for fault in verification.unused_faults:
        matched = count_of(fault["matched"], "request") if fault["matched"] else "no request"
        text = f"{_describe_fault(fault)} was never triggered; {matched} met its conditions"
        yield Violation(UNUSED_FAULT, f"{UNUSED_FAULT}: {text}")
    for fault in verification.ineffective_faults:
        times = count_of(fault["triggered"], "time")
        text = f"{_describe_fault(fault)} triggered {times}, but never changed a response or expected rows"
        yield Violation(INEFFECTIVE_FAULT, f"{INEFFECTIVE_FAULT}: {text}", "warning")


def _describe_first(client: AdminClient, tenant: str, found: FindingSummary) -> str:
    """Return lines with the first exchange that has a finding, and the number of further ones."""
    line = f"request #{found.exchanges[0]}"
    with suppress(AdminError):  # The bounded journal may have dropped it.
        line = describe_exchange(client.exchange(found.exchanges[0], tenant))
    further = f"\n    and {_list_requests(found, 1)}" if found.count > 1 else ""
    return f"\n    {line}{further}"


def summarize_unmatched(exchanges: Sequence[Mapping[str, Any]]) -> list[FindingSummary]:
    """Summarize unmatched exchanges by error and message."""
    summaries: dict[tuple[str, str], FindingSummary] = {}
    for exchange in exchanges:
        if exchange["error"] is None and not exchange["failed"]:  # An answered preflight.
            continue
        name = exchange["error"] or "unexpected"
        request = exchange["request"]
        message = f"{request['method']} {request['path']}: {_explain_unmatched(exchange)}"
        summary = summaries.setdefault(
            (name, message),
            FindingSummary(name=name, level="error", message=message, count=0, exchanges=[]),
        )
        summary.count += 1
        summary.exchanges.append(exchange["number"])
    return list(summaries.values())


def _explain_unmatched(exchange: Mapping[str, Any]) -> str:
    if exchange["failed"]:
        return "internal error of the mock; its log has the traceback"
    if exchange["near_misses"]:
        return str(exchange["near_misses"][0]["difference"])
    return f"got the response {(exchange['response'] or {}).get('body')}"


def _list_requests(found: FindingSummary, start: int = 0) -> str:
    """Return the numbers of the exchanges from index *start* on, or the number of those that are too many."""
    count = found.count - start
    shown = (
        count if count <= _MAX_NUMBERS + 1 else _MAX_NUMBERS
    )  # One more takes no more room than its number.
    numbers = ", ".join(f"#{number}" for number in found.exchanges[start : start + shown])
    more = f" and {count - shown} more" if count > shown else ""
    return f"{'request' if count == 1 else 'requests'} {numbers}{more}"


def _describe_fault(fault: Mapping[str, Any]) -> str:
    """Return a fault's arguments."""
    return ", ".join(
        f"{name}={_shorten(repr(value))}"
        for name, value in fault.items()
        if value and name not in _FAULT_STATE
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_ARGUMENT else f"{text[:_MAX_ARGUMENT]}…"
