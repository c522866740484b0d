"""Batches of sessions in columns, from which vendors make rows.

A column is a list with one value per session.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from mockserver._util.caching import cached_property
from mockserver.world.model.hashing import I64, hexadecimal
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
    """URL of the previous page; for the first event, the referrer of the session."""


class SessionBatch(ABC):
    """A batch of sessions of one kind, in ascending order of start."""

    kind: int
    """0 for people, 1 for bots, 2 for tracked, 3 for imported sessions; orders sessions with equal start."""
    index: list[int]
    """Position in the order of all sessions of the kind."""
    start: list[int]
    """Unix milliseconds of the first event."""
    duration: list[int]
    """Milliseconds from the first event to the last."""
    inactive: list[int]
    """Milliseconds without an event, not counting the first minute after each event."""
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
    """Traits of an identified visitor, name and e-mail included; None for an anonymous one."""
    ips: list[str]
    """``""`` if unknown."""
    places: list[Place]
    agents: list[Agent]
    acquisitions: list[Acquisition]
    languages: list[str]
    hostnames: list[str]
    entries: list[Page]
    """Page of the first pageview; the unknown page (empty path) without pageviews."""
    exits: list[Page]
    paths: list[list[Page]]
    """Pages of all pageviews, in order."""

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def id_digits(self) -> list[str]:
        """Session numbers as 14 hexadecimal digits."""
        return hexadecimal(self.ids, 14)

    @cached_property
    def visitor_digits(self) -> list[str]:
        """Visitor numbers as 12 hexadecimal digits."""
        return hexadecimal(self.visitors, 12)

    @cached_property
    def end(self) -> list[int]:
        """Unix milliseconds of the last event."""
        return [start + duration for start, duration in zip(self.start, self.duration, strict=True)]

    @cached_property
    def starts(self) -> I64:
        """Start times as an array."""
        return np.array(self.start, dtype=np.int64)

    @cached_property
    def ends(self) -> I64:
        """End times as an array."""
        return np.array(self.end, dtype=np.int64)

    @cached_property
    def events(self) -> list[int]:
        """Number of events other than pageviews."""
        return [sum(counts) for counts in zip(self.custom_events, self.outbounds, self.errors, strict=True)]

    @cached_property
    def bounces(self) -> list[bool]:
        """True for sessions with at most one pageview and no other event."""
        return [
            pageviews <= 1 and not events
            for pageviews, events in zip(self.pageviews, self.events, strict=True)
        ]

    @abstractmethod
    def list_events(self, position: int) -> list[Event]:
        """Return all events of the session at *position*, oldest first."""


def parse_text_trait(value: object) -> str | None:
    """Return a trait sent by a client as text."""
    return None if value is None else str(value)


def parse_tags_trait(value: object) -> list[str]:
    """Return the tags sent by a client."""
    return [str(tag) for tag in value] if isinstance(value, list) else []
