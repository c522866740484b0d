"""The active faults of a tenant: numbered, with their counters.

This module does not look at requests; :mod:`mockserver.server.faults.engine` decides which faults a request
triggers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct, to_builtins
from msgspec.structs import fields

from mockserver._util.places import PlacedError
from mockserver.world.world import World

MAX_ACTIVE_FAULTS: Final = 1000
"""Limit per tenant, because every request is compared with each of them."""
_MAX_LISTS: Final = 256
_MAX_REQUESTS: Final = 4096
"""Requests whose attempts are counted; the least recent are forgotten."""


class FaultError(PlacedError):
    """An invalid fault, or too many of them; the message names the argument and what is expected."""


class FaultSpec(Protocol):
    """The attributes of a fault that the container needs."""

    @property
    def kind(self) -> str:
        """Name of the kind."""

    @property
    def times(self) -> int | None:
        """Maximum number of triggers; ``None`` for no maximum."""


AnyFault = TypeVar("AnyFault", bound=FaultSpec)


class ActiveFault(Generic[AnyFault]):
    """A fault of a tenant with its number and its counters."""

    def __init__(self, number: int, fault: AnyFault) -> None:
        self.number = number
        self.fault = fault
        self.matched = 0
        self.triggered = 0
        self.effective = 0
        self.attempts: dict[str, int] = {}
        """Number of identical requests that have matched, by their key."""

    @property
    def kind(self) -> str:
        return self.fault.kind

    @property
    def label(self) -> str:
        """Number and kind, such as ``1:latency``."""
        return f"{self.number}:{self.kind}"

    @property
    def remaining(self) -> int | None:
        """How often the fault can still trigger; ``None`` for no maximum."""
        return None if self.fault.times is None else self.fault.times - self.triggered

    def count_attempt(self, request_key: str) -> int:
        """Count a matching request; return how many identical requests have matched, including this one."""
        attempt = self.attempts.pop(request_key, 0) + 1
        self.attempts[request_key] = attempt
        if len(self.attempts) > _MAX_REQUESTS:
            del self.attempts[next(iter(self.attempts))]
        return attempt

    def describe(self) -> dict[str, Any]:
        """Return the fault as JSON values, with its id and its counters."""
        model: Any = type(self.fault)
        defaults = {field.encode_name: field.default for field in fields(model)}
        arguments = {
            name: value
            for name, value in to_builtins(self.fault).items()
            if value is not None or defaults.get(name) is not None
        }
        return {
            "id": str(self.number),
            **arguments,
            "matched": self.matched,
            "triggered": self.triggered,
            "effective": self.effective,
            "remaining": self.remaining,
        }


class WorldChange(Struct, frozen=True, eq=False):
    """A change of the world by a fault that no requested list has shown yet."""

    active: ActiveFault[Any]
    effective: list[str]
    """The labels of the effective faults of the exchange that made the change."""
    before: World
    after: World
    site: int
    numbers: tuple[int, ...]
    """The sessions that changed."""


class ActiveFaults(Generic[AnyFault]):
    """The active faults of a tenant in the order in which they were added."""

    def __init__(self) -> None:
        self.active: tuple[ActiveFault[AnyFault], ...] = ()
        self.unseen: list[WorldChange] = []
        self.known_pages: dict[str, dict[str, int]] = {}
        self.next_number = 1

    def add(self, faults: Sequence[AnyFault]) -> list[ActiveFault[AnyFault]]:
        """Add all faults, or raise :class:`FaultError` and add none if there would be too many."""
        total = len(self.active) + len(faults)
        if total > MAX_ACTIVE_FAULTS:
            raise FaultError(
                f"faults: {total:,} would be active, but a tenant can have at most {MAX_ACTIVE_FAULTS:,};"
                " remove faults that are no longer needed"
            )
        added = [ActiveFault(number, fault) for number, fault in enumerate(faults, self.next_number)]
        self.next_number += len(added)
        self.active += tuple(added)
        return added

    def remove(self, number: int) -> bool:
        """Remove the fault with a number; return False if there is none."""
        before = len(self.active)
        self.active = tuple(active for active in self.active if active.number != number)
        self.unseen = [change for change in self.unseen if change.active.number != number]
        return len(self.active) < before

    def clear(self) -> None:
        """Remove all faults and restart the numbers at 1."""
        self.active = ()
        self.unseen = []
        self.known_pages = {}
        self.next_number = 1

    def restore(
        self,
        active: Sequence[ActiveFault[AnyFault]],
        next_number: int,
        known_pages: Mapping[str, Mapping[str, int]],
    ) -> None:
        """Replace all faults by those of a snapshot."""
        self.active = tuple(active)
        self.next_number = next_number
        self.known_pages = {name: dict(pages) for name, pages in known_pages.items()}

    def page_numbers(self, list_key: str) -> dict[str, int]:
        """Return the mutable mapping from a list's cursors to page numbers.

        The least recent lists are forgotten.
        """
        numbers = self.known_pages.pop(list_key, {})
        self.known_pages[list_key] = numbers
        if len(self.known_pages) > _MAX_LISTS:
            del self.known_pages[next(iter(self.known_pages))]
        return numbers
