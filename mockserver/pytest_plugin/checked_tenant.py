"""The tenant of a test: a handle that knows what the test allows, and finds what it does not."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.journals import Verification
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client import AdminClient, AdminError
from mockserver.client.http_transport import is_admin_error
from mockserver.embedded.tenant import TenantHandle
from mockserver.embedded.violations import INEFFECTIVE_FAULT, UNUSED_FAULT, Violation, find_violations

__tracebackhide__ = is_admin_error
_ONE_PARAMETER: Final = "unknown-parameter:"
"""Begins the name that allows a single parameter."""


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
            for violation in find_violations(self._client, self.id, verification, unmatched)
            if not violation.is_allowed(self._allowed) and violation not in self._reported
        ]
        self._reported.update(violations)
        return violations

    def read_exchange(self, exchange: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an exchange with its result, or as it is if the bounded journal has dropped it."""
        with suppress(AdminError):
            return self._client.exchange(exchange["number"], self.id)
        return exchange


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
