"""Somebody was there, and it becomes known while a client pages."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mockserver.server.faults.event import SECOND, WorldEvent, send, visitor
from mockserver.server.faults.fault import Meeting
from mockserver.world.generator.tracked import TrackedEvent


class SessionArrivesLate(WorldEvent, frozen=True, kw_only=True, tag="session_arrives_late"):
    """Lets a session appear that started some time ago, before the request is answered: one event of a visitor who was never there."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_arrives_late", "seconds": 86400, "page": 2, "times": 1}

    seconds: Annotated[float, Meta(ge=0, le=1e9)] = 3600
    """How long ago it started."""
    event: str = "arrived"
    """What the visitor did."""

    def happen(self, meeting: Meeting) -> None:
        """Let it be known that the visitor was there."""
        at = meeting.tenant.clock.now() - int(self.seconds * SECOND)
        send(meeting, TrackedEvent(at, self.event, anonymous_id=visitor(meeting)))


FAULT = SessionArrivesLate
