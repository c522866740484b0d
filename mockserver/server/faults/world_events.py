"""Faults that change the world while a client is paging."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta

from mockserver.server.faults.base import Fault, FaultContext
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.world import Site, with_events, without_sessions

_SECOND: Final = 1000


class WorldEvent(Fault, frozen=True, kw_only=True):
    """A change of the requested site before the response; a request that gets an error never matches."""

    def matches(self, context: FaultContext) -> bool:
        return context.request.error is None and super().matches(context)


def _site(context: FaultContext) -> Site:
    """Return the requested site in the current world."""
    return context.tenant.world.sites[context.request.site]


def _send_event(context: FaultContext, event: TrackedEvent) -> list[int]:
    """Add an event to the requested site; return the number of its session."""
    context.tenant.world = with_events(context.tenant.world, context.request.site, [event])
    site = _site(context)
    sessions = site.tracked_sessions(context.tenant.clock.now())
    return [session.number(site.key) for session in sessions if event in session.events]


def _visitor_id(context: FaultContext) -> str:
    """Return the anonymous id of a new visitor; it depends only on the fault and the request."""
    return f"arrival-{int(context.draw('visitor') * (1 << 48)):012x}"


class SessionArrives(WorldEvent, frozen=True, kw_only=True, tag="session_arrives"):
    """Start a session of a new visitor on the site, with one event, before the response."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_arrives", "page": 2, "times": 1}

    event: str = "arrived"
    """Name of the event."""

    def change_world(self, context: FaultContext) -> list[int]:
        return _send_event(
            context, TrackedEvent(context.tenant.clock.now(), self.event, anonymous_id=_visitor_id(context))
        )


class SessionArrivesLate(WorldEvent, frozen=True, kw_only=True, tag="session_arrives_late"):
    """Add a session of a new visitor that started some time ago, with one event, before the response."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "session_arrives_late",
        "seconds": 86400,
        "page": 2,
        "times": 1,
    }

    seconds: Annotated[float, Meta(ge=0, le=1e9)] = 3600
    """How long ago the session started."""
    event: str = "arrived"
    """Name of the event."""

    def change_world(self, context: FaultContext) -> list[int]:
        at = context.tenant.clock.now() - int(self.seconds * _SECOND)
        return _send_event(context, TrackedEvent(at, self.event, anonymous_id=_visitor_id(context)))


class SessionDeleted(WorldEvent, frozen=True, kw_only=True, tag="session_deleted"):
    """Delete a session of the site before the response; without sessions, nothing happens."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_deleted", "place": 0, "page": 2, "times": 1}

    place: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Position among the site's sessions of people, from 0 (oldest) to 1 (newest); random by default."""

    def change_world(self, context: FaultContext) -> Sequence[int]:
        sessions = _site(context).find(Query(), context.tenant.clock.now())
        place = context.draw("place") if self.place is None else self.place
        offset = min(int(place * sessions.total), max(sessions.total - 1, 0))
        ids = sessions.page(offset, 1).map_rows(lambda batch: batch.ids)
        if ids:
            context.tenant.world = without_sessions(context.tenant.world, context.request.site, ids)
        return ids


class SessionGrows(WorldEvent, frozen=True, kw_only=True, tag="session_grows"):
    """Add an event to a visitor's last session before the response, among the sessions of tracked data.

    Sessions that a test or another fault added count as tracked data. If there is no such session yet, one is
    added, which grows with the next trigger. Running sessions of the seeded world grow with the clock,
    without a fault.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_grows", "times": 2}

    seconds: Annotated[float, Meta(ge=0, le=1800)] = 60
    """Time between the last event and the new one, which is never later than now."""
    event: str = "went_on"
    """Name of the event."""

    def change_world(self, context: FaultContext) -> list[int]:
        now = context.tenant.clock.now()
        last_sessions = {session.actor: session for session in _site(context).tracked_sessions(now)}
        if not last_sessions:
            return _send_event(context, TrackedEvent(now, self.event, anonymous_id=_visitor_id(context)))
        actors = sorted(last_sessions)
        session = last_sessions[actors[int(context.draw("session") * len(actors))]]
        at = min(session.events[-1].at + int(self.seconds * _SECOND), now)
        visitor: dict[str, Any] = {"user_id" if session.identified else "anonymous_id": session.actor}
        return _send_event(context, TrackedEvent(at, self.event, {}, **visitor))


FAULTS: Final[tuple[type[Fault], ...]] = (SessionArrives, SessionArrivesLate, SessionDeleted, SessionGrows)
