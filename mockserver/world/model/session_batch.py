"""Sessions in columns: what a vendor retells. Each column is a list with one value a session, made when first asked for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from mockserver.world.model.hashing import hexadecimal
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place


class Event(Struct, frozen=True):
    """One timestamped fact in a session."""

    at: int
    """Unix milliseconds."""
    kind: str
    """``pageview``, ``custom_event``, ``outbound`` or ``error``."""
    page: Page
    name: str
    properties: Mapping[str, Any]
    referrer: str
    """Full URL of what was seen before: for the first event, where the session came from."""


class SessionBatch(ABC):
    """A batch of sessions of one kind, in ascending order of start."""

    kind: int
    """0 for people, 1 for bots, 2 for what came over HTTP; decides between sessions that start together."""
    index: list[int]
    """The place of each in the order of its kind."""
    start: list[int]
    """Unix milliseconds of the first event."""
    duration: list[int]
    """Milliseconds from the first event to the last."""
    inactive: list[int]
    """Milliseconds of the duration in which nothing happened for more than a minute, that minute not counted."""
    pageviews: list[int]
    custom_events: list[int]
    outbounds: list[int]
    errors: list[int]
    ids: list[int]
    """56-bit session numbers, unique within a site."""
    visitors: list[int]
    """48-bit visitor numbers, unique within a site."""
    user_ids: list[str | None]
    names: list[str | None]
    emails: list[str | None]
    tags: list[list[str]]
    traits: list[dict[str, Any] | None]
    """What was said of an identified visitor, name and e-mail included; ``None`` for an anonymous one."""
    ips: list[str]
    """``""`` where unknown."""
    places: list[Place]
    agents: list[Agent]
    acquisitions: list[Acquisition]
    languages: list[str]
    hostnames: list[str]
    entries: list[Page]
    """The page of the first pageview; the unknown page (empty path) where there is none."""
    exits: list[Page]
    paths: list[list[Page]]
    """All pages seen, in order, repeats included."""

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def id_digits(self) -> list[str]:
        """The session numbers as 14 hexadecimal digits."""
        return hexadecimal(self.ids, 14)

    @cached_property
    def visitor_digits(self) -> list[str]:
        """The visitor numbers as 12 hexadecimal digits."""
        return hexadecimal(self.visitors, 12)

    @cached_property
    def end(self) -> list[int]:
        """Unix milliseconds of the last event."""
        return [start + duration for start, duration in zip(self.start, self.duration, strict=True)]

    @cached_property
    def events(self) -> list[int]:
        """Number of events that are no pageviews."""
        return [sum(counts) for counts in zip(self.custom_events, self.outbounds, self.errors, strict=True)]

    @cached_property
    def bounces(self) -> list[bool]:
        """Whether a session saw at most one page and nothing else happened."""
        return [seen <= 1 and not done for seen, done in zip(self.pageviews, self.events, strict=True)]

    @abstractmethod
    def list_events(self, position: int) -> list[Event]:
        """All events of the session at a position, oldest first."""


def parse_text_trait(value: object) -> str | None:
    """The text that somebody sent as a trait, whatever it was."""
    return None if value is None else str(value)


def parse_tags_trait(value: object) -> list[str]:
    """The tags that somebody sent."""
    return [str(tag) for tag in value] if isinstance(value, list) else []
