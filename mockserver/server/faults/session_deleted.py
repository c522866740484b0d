"""A session goes while a client pages."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mockserver.server.faults.event import WorldEvent, site_of
from mockserver.server.faults.fault import Meeting
from mockserver.world.model.query import Query
from mockserver.world.world import without_sessions


class SessionDeleted(WorldEvent, frozen=True, kw_only=True, tag="session_deleted"):
    """Deletes a session of the site before the request is answered; nothing happens where there is none."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "session_deleted", "place": 0, "page": 2, "times": 1}

    place: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Where it stands among all sessions of people on the site, from 0 for the oldest to 1 for the newest; anywhere by default."""

    def happen(self, meeting: Meeting) -> None:
        """Delete the session."""
        found = site_of(meeting).find(Query(), meeting.tenant.clock.now())
        place = meeting.drawn("place") if self.place is None else self.place
        page = found.page(min(int(place * found.total), max(found.total - 1, 0)), 1)
        numbers = page.map_rows(lambda batch: batch.ids)
        if numbers:
            meeting.tenant.world = without_sessions(meeting.tenant.world, meeting.reading.site, numbers)


FAULT = SessionDeleted
