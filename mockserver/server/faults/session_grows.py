"""A session goes on while a client pages."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mockserver.server.faults.event import SECOND, WorldEvent, send, site_of, visitor
from mockserver.server.faults.fault import Meeting
from mockserver.world.generator.tracked import TrackedEvent


class SessionGrows(WorldEvent, frozen=True, kw_only=True, tag="session_grows"):
    """Lets the last session of a visitor go on by an event before the request is answered, among those that came over HTTP.

    What another fault let arrive counts as such. Where there is none yet, one arrives, to grow at the next strike.
    Sessions of the seeded world that are running grow with the clock.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_grows", "times": 2}

    seconds: Annotated[float, Meta(ge=0, le=1800)] = 60
    """How long after the last event the next one is, but never later than now."""
    event: str = "went_on"
    """What the visitor does."""

    def happen(self, meeting: Meeting) -> None:
        """Let the session go on."""
        now = meeting.tenant.clock.now()
        last = {session.actor: session for session in site_of(meeting).tracked_sessions(now)}
        if not last:
            send(meeting, TrackedEvent(now, self.event, anonymous_id=visitor(meeting)))
            return
        session = sorted(last.values(), key=lambda each: each.actor)[int(meeting.drawn("session") * len(last))]
        at = min(session.events[-1].at + int(self.seconds * SECOND), now)
        name = {"user_id" if session.identified else "anonymous_id": session.actor}
        send(meeting, TrackedEvent(at, self.event, {}, **name))


FAULT = SessionGrows
