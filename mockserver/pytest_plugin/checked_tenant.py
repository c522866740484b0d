"""The tenant of a test: a handle that knows what the test allowed, and what is wrong with what it did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from mockserver._util.suggest import suggest
from mockserver.admin_schemas import FindingSummary, TenantAccess, Verification
from mockserver.client import AdminClient, AdminError
from mockserver.client.http_transport import is_refusal
from mockserver.embedded.tenant import TenantHandle
from mockserver.pytest_plugin.report import exchange_line

__tracebackhide__ = is_refusal
UNUSED_FAULT: Final = "unused-fault"
"""What is allowed by this name: a fault that never triggered."""
_SILENT: Final = {"id", "triggered", "remaining", "matched"}
"""What of a fault is its state, and not how it was active."""


class Violation(NamedTuple):
    """Something that is wrong, by the name that allows it."""

    name: str
    text: str


class CheckedTenant(TenantHandle):
    """A fresh tenant for one test; the test fails for whatever it did not :meth:`allow`."""

    def __init__(
        self, client: AdminClient, access: TenantAccess, made: Mapping[str, Any], allowed: Iterable[str] = ()
    ) -> None:
        """Wrap a tenant with the arguments that it was created with, and what its markers allow."""
        super().__init__(client, access)
        self.made = made
        self.deleted = False
        """Whether the test has deleted it itself."""
        self._last: str | None = None
        self._allowed, self._told = set(allowed), set[Violation]()

    @property
    def seed(self) -> int:
        """The seed of its world."""
        return int(self.made["seed"])

    def allow(self, *names: str) -> None:
        """Let findings (``page-requested-twice``), refusals (``violation``) or ``unused-fault`` happen; raises ``ValueError`` for others."""
        self._allowed.update(checked_names(names))

    def delete(self) -> None:
        """Be served no longer; of what was nothing is said but how to have it again."""
        self._last = self.same_world()
        super().delete()
        self.deleted = True

    def same_world(self) -> str:
        """The command that serves the world as it is, or was when the test deleted it, with all that was chosen."""
        if self._last is not None:
            return self._last
        from mockserver.pytest_plugin.reproduce import command  # noqa: PLC0415 -- few tests fail

        clock, behaviors = self._client.clock(self.id), self._client.behaviors(self.id)
        return command(
            self.made["profile"], self.world.spec, clock, behaviors, self.made.get("credentials", ())
        )

    def complaints(
        self, verification: Verification, strays: Sequence[Mapping[str, Any]] = ()
    ) -> list[Violation]:
        """What is wrong that was not allowed, each told once; ``strays`` are exchanges that were no tenant's."""
        every = [each for each in self._complaints(verification, strays) if each.name not in self._allowed]
        told = [each for each in every if each not in self._told]
        self._told.update(told)
        return told

    def _complaints(
        self, verification: Verification, strays: Sequence[Mapping[str, Any]]
    ) -> Iterator[Violation]:
        for found in verification.findings:
            yield Violation(found.name, f"{found.name}: {found.message}{self._first(found)}")
        for found in [*verification.unexpected, *_merged(strays)]:
            yield Violation(found.name, f"{found.name} ({_where(found)}): {found.message}")
        for fault in verification.unused_faults:
            says = f"{_armed(fault)} never triggered; {_times(fault['matched'])} met its conditions"
            yield Violation(UNUSED_FAULT, f"{UNUSED_FAULT}: {says}")

    def _first(self, found: FindingSummary) -> str:
        """The first exchange in which something was found, and how many more there are."""
        line = f"exchange {found.exchanges[0]}"
        with suppress(AdminError):  # It may have given way to later ones.
            line = exchange_line(self._client.exchange(found.exchanges[0], self.id))
        return f"\n    {line}" + (
            f"\n    and {found.count - 1} more: {_where(found)}" if found.count > 1 else ""
        )


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names that can be allowed, or ``ValueError`` with the nearest for one that cannot."""
    wanted = tuple(names)
    known = _known() if wanted else []
    for name in wanted:
        if name not in known:
            raise ValueError(f"there is nothing called {name!r} to allow; {suggest(name, known)}")
    return wanted


def _known() -> list[str]:
    """Every name that can be allowed."""
    from mockserver.server.review.findings import FINDINGS  # noqa: PLC0415 -- few tests allow anything
    from mockserver.vendors import every  # noqa: PLC0415 -- the same

    return [
        *FINDINGS,
        *dict.fromkeys(error for vendor in every() for error in vendor.contract.errors),
        UNUSED_FAULT,
    ]


def _merged(strays: Sequence[Mapping[str, Any]]) -> list[FindingSummary]:
    """What exchanges that were no tenant's are told as: those that say the same, once."""
    found: dict[tuple[str, str], FindingSummary] = {}
    for stray in strays:
        near = (
            stray["near_misses"][0]["differs"]
            if stray["near_misses"]
            else f"answered {(stray['response'] or {}).get('body')}"
        )
        why = "the mock itself failed: its log says why" if stray["failed"] else near
        name, says = (
            stray["error"] or "unexpected",
            f"{stray['request']['method']} {stray['request']['path']}: {why}",
        )
        known = found.setdefault((name, says), FindingSummary(name=name, message=says, count=0, exchanges=[]))
        known.count += 1
        known.exchanges.append(stray["number"])
    return list(found.values())


def _where(found: FindingSummary) -> str:
    numbers = ", ".join(map(str, found.exchanges[:5])) + (
        " …" if found.count > len(found.exchanges[:5]) else ""
    )
    return f"exchange{'s' * (found.count > 1)} {numbers}"


def _armed(fault: Mapping[str, Any]) -> str:
    """A fault as it was active."""
    return ", ".join(f"{name}={value!r}" for name, value in fault.items() if value and name not in _SILENT)


def _times(count: int) -> str:
    return "no exchange" if not count else f"{count} exchange{'s' * (count > 1)}"
