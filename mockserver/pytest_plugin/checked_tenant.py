"""The tenant of a test: a handle that knows what the test allows, and finds what it does not."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from mockserver._util.levels import Level
from mockserver._util.suggest import suggest
from mockserver.admin_schemas import FindingSummary, TenantAccess, Verification
from mockserver.client import AdminClient, AdminError
from mockserver.client.exchange_texts import count_of
from mockserver.client.http_transport import is_admin_error
from mockserver.embedded.tenant import TenantHandle
from mockserver.pytest_plugin.report import describe_exchange

__tracebackhide__ = is_admin_error
UNUSED_FAULT: Final = "unused-fault"
"""The name that allows a fault that was never triggered."""
INEFFECTIVE_FAULT: Final = "ineffective-fault"
"""The name that allows a fault that triggered without an effect."""
_ONE_PARAMETER: Final = "unknown-parameter:"
"""Begins the name that allows a single parameter."""
_MAX_NUMBERS: Final = 5
_MAX_ARGUMENT: Final = 100
"""Characters of an argument of a fault that a report shows; a body may be long."""
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


class CheckedTenant(TenantHandle):
    """A fresh tenant for one test, which fails for every violation that it did not :meth:`allow`."""

    def __init__(
        self,
        client: AdminClient,
        access: TenantAccess,
        arguments: Mapping[str, Any],
        allowed: Iterable[str] = (),
    ) -> None:
        """Wrap a tenant with the arguments that it was created with and the names that its markers allow."""
        super().__init__(client, access)
        self.arguments = arguments
        self.deleted = False
        """True if the test has deleted the tenant."""
        self._last_command: str | None = None
        self._allowed = set(allowed)
        self._reported: set[Violation] = set()

    @property
    def seed(self) -> int:
        """The seed of the tenant's first world."""
        return int(self.arguments["seed"])

    def allow(self, *names: str) -> None:
        """Allow findings (``page-requested-twice``), errors (``violation``) or ``unused-fault``.

        ``ineffective-fault`` allows a fault that triggered without an effect, which is a warning.
        ``unknown-parameter:utm`` allows a single name. Raises ``ValueError`` for an unknown name.
        """
        self._allowed.update(check_names(names))

    def delete(self) -> None:
        """Delete the tenant without checking its exchanges."""
        self._last_command = self.reproduce_command()
        super().delete()
        self.deleted = True

    def reproduce_command(self) -> str:
        """Return the command that serves the same data with the same clock, dialects and behaviors."""
        if self._last_command is not None:
            return self._last_command
        from mockserver.pytest_plugin.reproduce import build_command  # noqa: PLC0415 -- rare

        return build_command(
            self.arguments["profile"],
            self._client.world(self.id),
            self._client.clock(self.id),
            self._client.behaviors(self.id),
            self.arguments.get("credentials", ()),
        )

    def report_violations(
        self, verification: Verification, unmatched: Sequence[Mapping[str, Any]] = ()
    ) -> list[Violation]:
        """Return the violations that are not allowed and were not returned before."""
        violations = [
            violation
            for violation in self._find_violations(verification, unmatched)
            if not violation.is_allowed(self._allowed) and violation not in self._reported
        ]
        self._reported.update(violations)
        return violations

    def read_exchange(self, exchange: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an exchange with its result, or as it is if the bounded journal has dropped it."""
        with suppress(AdminError):
            return self._client.exchange(exchange["number"], self.id)
        return exchange

    def _find_violations(
        self, verification: Verification, unmatched: Sequence[Mapping[str, Any]]
    ) -> Iterator[Violation]:
        for found in verification.findings:
            text = f"{found.name}: {found.message}{self._describe_first(found)}"
            yield Violation(found.name, text, found.level, found.parameter)
        for found in [*verification.unexpected, *_summarize_unmatched(unmatched)]:
            yield Violation(found.name, f"{found.name} ({_list_requests(found)}): {found.message}")
        for fault in verification.unused_faults:
            matched = count_of(fault["matched"], "request") if fault["matched"] else "no request"
            text = f"{_describe_fault(fault)} was never triggered; {matched} met its conditions"
            yield Violation(UNUSED_FAULT, f"{UNUSED_FAULT}: {text}")
        for fault in verification.ineffective_faults:
            times = count_of(fault["triggered"], "time")
            text = (
                f"{_describe_fault(fault)} triggered {times}, but never changed a response or expected rows"
            )
            yield Violation(INEFFECTIVE_FAULT, f"{INEFFECTIVE_FAULT}: {text}", "warning")

    def _describe_first(self, found: FindingSummary) -> str:
        """Return lines with the first exchange that has a finding, and the number of further ones."""
        line = f"request #{found.exchanges[0]}"
        with suppress(AdminError):  # The bounded journal may have dropped it.
            line = describe_exchange(self._client.exchange(found.exchanges[0], self.id))
        further = f"\n    and {_list_requests(found, 1)}" if found.count > 1 else ""
        return f"\n    {line}{further}"


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names*; raises ``ValueError`` with the nearest known name for one that cannot be allowed."""
    checked = tuple(names)
    known = _list_known_names() if checked else []
    for name in checked:
        if name not in known and not name.startswith(_ONE_PARAMETER):
            raise ValueError(f"allow: unknown finding or error {name!r}; {suggest(name, known)}")
    return checked


def _list_known_names() -> list[str]:
    from mockserver.contract.findings import FINDINGS  # noqa: PLC0415 -- few tests allow anything
    from mockserver.vendors import load_dialects  # noqa: PLC0415 -- as above

    errors: dict[str, None] = {}
    for vendor in load_dialects():
        errors.update(dict.fromkeys(vendor.contract.errors))
    return [*FINDINGS, *errors, UNUSED_FAULT, INEFFECTIVE_FAULT]


def _summarize_unmatched(exchanges: Sequence[Mapping[str, Any]]) -> list[FindingSummary]:
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


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_ARGUMENT else f"{text[:_MAX_ARGUMENT]}…"


def _describe_fault(fault: Mapping[str, Any]) -> str:
    """Return a fault's arguments."""
    return ", ".join(
        f"{name}={_shorten(repr(value))}"
        for name, value in fault.items()
        if value and name not in _FAULT_STATE
    )
