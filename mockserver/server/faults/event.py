"""What the faults share that let something happen in the world while a client pages."""

from typing import Final

from mockserver.server.faults.fault import Fault, Meeting
from mockserver.server.reading import Reading
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.world import Site, with_events

SECOND: Final = 1000


class WorldEvent(Fault, frozen=True, kw_only=True):
    """Something that happens on the site of a request before the request is answered; a request that is refused never matches."""

    def means(self, reading: Reading) -> bool:
        """Whether a request is one of those it is meant for, and names a site."""
        return reading.refusal is None and super().means(reading)


def site_of(meeting: Meeting) -> Site:
    """The site that a request is about, in the world as it is now."""
    return meeting.tenant.world.sites[meeting.reading.site]


def send(meeting: Meeting, event: TrackedEvent) -> None:
    """Let an event come in on the site of a request."""
    meeting.tenant.world = with_events(meeting.tenant.world, meeting.reading.site, [event])


def visitor(meeting: Meeting) -> str:
    """Who arrives: a name that follows from the fault and the request that it strikes."""
    return f"arrival-{int(meeting.drawn('visitor') * (1 << 48)):012x}"
