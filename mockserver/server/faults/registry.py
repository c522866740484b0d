"""Faults: ways in which an exchange goes wrong on purpose. One kind a file; this one reads, adds and triggers them.

Whether a fault triggers follows from the request and from how often it was met, never from a clock or a shared stream of
chance, so that the same requests meet the same faults in every run.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import ValidationError, convert, to_builtins
from msgspec.structs import fields

from mockserver._util.suggest import suggest
from mockserver.server.faults.base import Fault, FaultContext, FaultError, WireFault
from mockserver.server.http.response import Response
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.vendors.base import Vendor

if TYPE_CHECKING:
    from mockserver.server.requests.parser import ParsedRequest

MOST_ARMED: Final = 1000
"""Faults of a tenant that can be active at a time: every request is held against each of them."""
_MOST_LISTS: Final = 256
_MOST_REQUESTS: Final = 4096
"""Requests whose attempts are counted, those that were met last."""


@cache
def kinds() -> Mapping[str, type[Fault]]:
    """Every kind of fault by its name."""
    from mockserver.server.faults import paging, status, wire, world_events  # noqa: PLC0415 -- most servers have none

    classes = [fault for module in (wire, status, paging, world_events) for fault in module.FAULTS]
    return {str(fault.__struct_config__.tag): fault for fault in classes}


def read(raw: Any) -> list[Fault]:
    """Read one fault or a list of them from JSON; raises :class:`FaultError` that names the nearest valid word."""
    several = raw if isinstance(raw, list) else [raw]
    return [
        _one(each, f"faults[{number}]: " if len(several) > 1 else "") for number, each in enumerate(several)
    ]


def _one(raw: Any, place: str) -> Fault:
    """Read a fault that stands at a place."""
    if not isinstance(raw, Mapping) or "kind" not in raw:
        raise FaultError(
            f'{place}a fault is an object with a kind, such as {{"kind": "latency", "seconds": 0.2}}; kinds are {", ".join(kinds())}'
        )
    kind = raw["kind"]
    if kind not in kinds():
        raise FaultError(f"{place}there is no kind of fault {kind!r}; {suggest(str(kind), kinds())}")
    model = kinds()[kind]
    known = [field.encode_name for field in fields(model)]
    for name in raw:
        if name not in known and name != "kind":
            raise FaultError(
                f"{place}a fault of kind {kind!r} has no argument {name!r}; {suggest(name, known)}"
            )
    try:
        fault = convert(raw, model)
        fault.check()
    except ValidationError as error:
        from mockserver._util.validation import explain_validation_error  # noqa: PLC0415 -- start-up is felt

        raise FaultError(f"{place}fault {kind!r}: {explain_validation_error(raw, model) or error}") from None
    except FaultError as error:
        raise FaultError(f"{place}{error}") from None
    return fault


class ActiveFault:
    """A fault that waits for its exchanges, and what has come of it so far."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number, self.fault = number, fault
        self._since, self._until = fault.window
        self.matched = self.triggered = 0
        self._attempts: dict[str, int] = {}

    @property
    def kind(self) -> str:
        """What kind of fault it is."""
        return str(type(self.fault).__struct_config__.tag)

    @property
    def remaining(self) -> int | None:
        """How often it will still trigger; ``None`` for ever."""
        return None if self.fault.times is None else self.fault.times - self.triggered

    def is_active(self, now: int) -> bool:
        """Whether it may still trigger, and at this instant."""
        return self._since <= now < self._until and self.triggered != self.fault.times

    def triggers(self, meeting: FaultContext) -> bool:
        """Whether it triggers this exchange, which it has waited for; counts it."""
        fault = self.fault
        if not fault.matches(meeting):
            return False
        self.matched += 1
        attempt = self._attempts[meeting.key] = self._attempts.pop(meeting.key, 0) + 1
        if len(self._attempts) > _MOST_REQUESTS:
            del self._attempts[next(iter(self._attempts))]
        if self.matched <= fault.after or fault.nth not in (None, self.matched):
            return False
        if fault.probability < 1 and meeting.chance(self.number, attempt, "trigger") >= fault.probability:
            return False
        self.triggered += 1
        meeting.attempts[self.number], meeting.triggers[self.number] = attempt, self.triggered
        return True

    def described(self) -> dict[str, Any]:
        """The fault as JSON, with its id and its counts."""
        told = {name: value for name, value in to_builtins(self.fault).items() if value is not None}
        return {
            "id": str(self.number),
            **told,
            "matched": self.matched,
            "triggered": self.triggered,
            "remaining": self.remaining,
        }


class ActiveFaults:
    """The faults of a tenant, in the order in which they were active."""

    def __init__(self) -> None:
        self.active: tuple[ActiveFault, ...] = ()
        """Another tuple whenever one is active or removed."""
        self._sorted: tuple[tuple[ActiveFault, ...], dict[tuple[Vendor, str], list[ActiveFault]]] = (), {}
        """The active ones, and those of them that are meant for an endpoint of a vendor in a dialect."""
        self._numbers: dict[str, dict[str, int]] = {}
        self._next = 1

    def add(self, faults: Sequence[Fault]) -> list[ActiveFault]:
        """Add faults; raises :class:`FaultError` where there would be too many, and then adds none."""
        total = len(self.active) + len(faults)
        if total > MOST_ARMED:
            raise FaultError(
                f"faults: {total:,} would be active; at most {MOST_ARMED:,} of a tenant can be: remove those that are done"
            )
        added = [ActiveFault(number, fault) for number, fault in enumerate(faults, self._next)]
        self._next += len(added)
        self.active += tuple(added)
        return added

    def remove(self, number: int) -> bool:
        """Remove a fault; whether there was one with the number."""
        before = len(self.active)
        self.active = tuple(each for each in self.active if each.number != number)
        return len(self.active) < before

    def clear(self) -> None:
        """Remove all, and count from the beginning."""
        self.active, self._numbers, self._next = (), {}, 1

    def meant(self, reading: "ParsedRequest") -> tuple[ActiveFault, ...]:
        """Those that are meant for a request, as far as that follows from the request alone."""
        if self._sorted[0] is not self.active:
            self._sorted = self.active, {}
        vendor, endpoint, by_endpoint = reading.vendor, reading.endpoint, self._sorted[1]
        found = by_endpoint.get((vendor, endpoint.name))
        if found is None:
            found = by_endpoint[vendor, endpoint.name] = [
                each for each in self.active if each.fault.applies_to_endpoint(vendor.name, endpoint)
            ]
        return tuple([each for each in found if each.fault.applies_to_request(reading)])

    def numbers_of(self, list_key: str) -> dict[str, int]:
        """Which page of a list each cursor leads to; the lists that were paged last are remembered."""
        numbers = self._numbers[list_key] = self._numbers.pop(list_key, {})
        if len(self._numbers) > _MOST_LISTS:
            del self._numbers[next(iter(self._numbers))]
        return numbers

    def trigger(
        self, meeting: FaultContext, waiting: Sequence[ActiveFault]
    ) -> tuple[Response, list[ActiveFault]]:
        """Answer an exchange through every fault that triggers it, of those that wait for it; and which did.

        What happens to the world happens first. Then the first active is outermost, and those of the wire are outside of
        those that change the answer.
        """
        tenant, now = meeting.tenant, meeting.now
        triggered = [active for active in waiting if active.triggers(meeting)]
        if not triggered:
            tenant.world_history.start_list(meeting.reading.started_list, WorldSnapshot(tenant.world, now))
            return meeting.respond(), triggered
        tenant.world_history.record(WorldSnapshot(tenant.world, now))
        for active in triggered:
            active.fault.change_world(meeting.for_fault(active.number))
        tenant.world_history.start_list(meeting.reading.started_list, WorldSnapshot(tenant.world, now))
        inwards = sorted(triggered, key=lambda active: not isinstance(active.fault, WireFault))
        reply: Response | None = None
        entered: list[ActiveFault] = []
        while reply is None and len(entered) < len(inwards):
            active = inwards[len(entered)]
            entered.append(active)
            reply = active.fault.before_response(meeting.for_fault(active.number))
        reply = meeting.respond() if reply is None else reply
        for active in reversed(entered):
            reply = active.fault.after_response(meeting.for_fault(active.number), reply)
        return reply, triggered
