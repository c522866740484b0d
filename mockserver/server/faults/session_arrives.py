"""Somebody comes while a client pages."""

from typing import Any, ClassVar

from mockserver.server.faults.event import WorldEvent, send, visitor
from mockserver.server.faults.fault import Meeting
from mockserver.world.generator.tracked import TrackedEvent


class SessionArrives(WorldEvent, frozen=True, kw_only=True, tag="session_arrives"):
    """Lets a session start on the site now, before the request is answered: one event of a visitor who was never there."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_arrives", "page": 2, "times": 1}

    event: str = "arrived"
    """What the visitor does."""

    def happen(self, meeting: Meeting) -> None:
        """Let the visitor come."""
        send(meeting, TrackedEvent(meeting.tenant.clock.now(), self.event, anonymous_id=visitor(meeting)))


FAULT = SessionArrives
