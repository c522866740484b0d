"""What the faults share that let something happen in the world while a client pages."""

from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta

from mockserver.server.faults.base import Fault, FaultContext
from mockserver.server.requests.parser import ParsedRequest
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.world import Site, with_events, without_sessions

SECOND: Final = 1000


class WorldEvent(Fault, frozen=True, kw_only=True):
    """Something that happens on the site of a request before the request is answered; a request that is refused never matches."""

    def applies_to_request(self, reading: ParsedRequest) -> bool:
        """Whether a request is one of those it is meant for, and names a site."""
        return reading.error is None and super().applies_to_request(reading)


def site_of(meeting: FaultContext) -> Site:
    """The site that a request is about, in the world as it is now."""
    return meeting.tenant.world.sites[meeting.reading.site]


def send(meeting: FaultContext, event: TrackedEvent) -> None:
    """Let an event come in on the site of a request."""
    meeting.tenant.world = with_events(meeting.tenant.world, meeting.reading.site, [event])


def visitor(meeting: FaultContext) -> str:
    """Who arrives: a name that follows from the fault and the request that it triggers."""
    return f"arrival-{int(meeting.draw('visitor') * (1 << 48)):012x}"


class SessionArrives(WorldEvent, frozen=True, kw_only=True, tag="session_arrives"):
    """Lets a session start on the site now, before the request is answered: one event of a visitor who was never there."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_arrives", "page": 2, "times": 1}

    event: str = "arrived"
    """What the visitor does."""

    def change_world(self, meeting: FaultContext) -> None:
        """Let the visitor come."""
        send(meeting, TrackedEvent(meeting.tenant.clock.now(), self.event, anonymous_id=visitor(meeting)))


class SessionArrivesLate(WorldEvent, frozen=True, kw_only=True, tag="session_arrives_late"):
    """Lets a session appear that started some time ago, before the request is answered: one event of a visitor who was never there."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "session_arrives_late",
        "seconds": 86400,
        "page": 2,
        "times": 1,
    }

    seconds: Annotated[float, Meta(ge=0, le=1e9)] = 3600
    """How long ago it started."""
    event: str = "arrived"
    """What the visitor did."""

    def change_world(self, meeting: FaultContext) -> None:
        """Let it be known that the visitor was there."""
        at = meeting.tenant.clock.now() - int(self.seconds * SECOND)
        send(meeting, TrackedEvent(at, self.event, anonymous_id=visitor(meeting)))


class SessionDeleted(WorldEvent, frozen=True, kw_only=True, tag="session_deleted"):
    """Deletes a session of the site before the request is answered; nothing happens where there is none."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_deleted", "place": 0, "page": 2, "times": 1}

    place: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Where it stands among all sessions of people on the site, from 0 for the oldest to 1 for the newest; anywhere by default."""

    def change_world(self, meeting: FaultContext) -> None:
        """Delete the session."""
        found = site_of(meeting).find(Query(), meeting.tenant.clock.now())
        place = meeting.draw("place") if self.place is None else self.place
        page = found.page(min(int(place * found.total), max(found.total - 1, 0)), 1)
        numbers = page.map_rows(lambda batch: batch.ids)
        if numbers:
            meeting.tenant.world = without_sessions(meeting.tenant.world, meeting.reading.site, numbers)


class SessionGrows(WorldEvent, frozen=True, kw_only=True, tag="session_grows"):
    """Lets the last session of a visitor go on by an event before the request is answered, among those that came over HTTP.

    What another fault let arrive counts as such. Where there is none yet, one arrives, to grow at the next trigger.
    Sessions of the seeded world that are running grow with the clock.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_grows", "times": 2}

    seconds: Annotated[float, Meta(ge=0, le=1800)] = 60
    """How long after the last event the next one is, but never later than now."""
    event: str = "went_on"
    """What the visitor does."""

    def change_world(self, meeting: FaultContext) -> None:
        """Let the session go on."""
        now = meeting.tenant.clock.now()
        last = {session.actor: session for session in site_of(meeting).tracked_sessions(now)}
        if not last:
            send(meeting, TrackedEvent(now, self.event, anonymous_id=visitor(meeting)))
            return
        session = sorted(last.values(), key=lambda each: each.actor)[int(meeting.draw("session") * len(last))]
        at = min(session.events[-1].at + int(self.seconds * SECOND), now)
        name = {"user_id" if session.identified else "anonymous_id": session.actor}
        send(meeting, TrackedEvent(at, self.event, {}, **name))


FAULTS: Final[tuple[type[Fault], ...]] = (SessionArrives, SessionArrivesLate, SessionDeleted, SessionGrows)
"""The kinds of this module."""
