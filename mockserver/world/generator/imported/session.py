"""An imported session, and the events and pages that a row does not name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from mockserver.world.generator.tracked import Attributes, TrackedEvent, TrackedSession
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place, Vocabulary

UNKNOWN_PAGE: Final = Page("", "", "", 0, (), ())
"""The page of a session without pageviews."""
_EVENT_NAMES: Final = {"custom_event": "event", "outbound": "", "error": "Error"}
"""Names of the events of which a row has only the number."""


class ImportedSession(Struct, frozen=True, kw_only=True):
    """A session of a file. Instants are Unix milliseconds."""

    start: int
    end: int
    number: int | None = None
    """56 bits; None if the file has none."""
    visitor: int | None = None
    """48 bits; None if the file has none."""
    user_id: str | None = None
    anonymous_id: str | None = None
    name: str | None = None
    email: str | None = None
    tags: Sequence[str] = ()
    traits: Mapping[str, Any] | None = None
    ip: str | None = None
    """``""`` if unknown; None if the file does not say, so that it follows from visitor and place."""
    place: Place
    agent: Agent
    acquisition: Acquisition
    language: str
    hostname: str
    pages: tuple[Page, ...]
    """Pages of all pageviews, in order."""
    custom_events: int = 0
    outbounds: int = 0
    errors: int = 0
    inactive: int | None = None
    """Milliseconds of inactivity; None if it follows from the events."""
    events: tuple[TrackedEvent, ...] = ()
    """All events, oldest first; empty if only their numbers are known."""

    @property
    def entry(self) -> Page:
        """Page of the first pageview."""
        return self.pages[0] if self.pages else UNKNOWN_PAGE

    @property
    def exit(self) -> Page:
        """Page of the last pageview."""
        return self.pages[-1] if self.pages else UNKNOWN_PAGE

    @property
    def others(self) -> int:
        """Number of events other than pageviews."""
        return self.custom_events + self.outbounds + self.errors

    def times(self) -> list[int]:
        """Return the time of each event; they are evenly spaced if only their number is known."""
        if self.events:
            return [event.at for event in self.events]
        last = len(self.pages) + self.others - 1
        if not last:
            return [self.start]
        return [self.start + (self.end - self.start) * number // last for number in range(last + 1)]

    def to_tracked(self, *, is_first: bool) -> TrackedSession:
        actor = self.user_id or self.anonymous_id or ""
        return TrackedSession(actor, self.user_id is not None, is_first, self.events or self._make_events())

    def _make_events(self) -> tuple[TrackedEvent, ...]:
        kinds = [
            *["pageview"] * len(self.pages),
            *["custom_event"] * self.custom_events,
            *["outbound"] * self.outbounds,
            *["error"] * self.errors,
        ]
        exit_page = self.pages[-1] if self.pages else None
        attributes = Attributes(self.place, self.agent, self.acquisition, self.language, self.hostname)
        properties = {"outbound": {"url": "https://elsewhere.example/", "text": ""}}
        return tuple(
            TrackedEvent(
                at,
                _EVENT_NAMES.get(kind, ""),
                properties.get(kind, {}),
                self.user_id,
                self.anonymous_id,
                page=self.pages[number] if number < len(self.pages) else exit_page,
                attributes=attributes,
                kind=kind,
            )
            for number, (at, kind) in enumerate(zip(self.times(), kinds, strict=True))
        )


def walk_pages(vocabulary: Vocabulary, count: int, entry: Page | None, last: Page | None) -> tuple[Page, ...]:
    """Return the pages of *count* pageviews from one page to another along links; by default from ``/``."""
    if not count:
        return ()
    pages = [entry or vocabulary.pages[1]]
    while len(pages) < count - (last is not None):
        links = pages[-1].links
        pages.append(vocabulary.pages[links[len(pages) % len(links)]] if links else pages[-1])
    return tuple(pages if last is None or count == 1 else [*pages, last])
