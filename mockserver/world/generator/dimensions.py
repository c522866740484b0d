"""What can be asked about the rows of a deck: its dimensions, and which rows meet a set of conditions."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache
from mockserver.world.generator.archetypes import ARCHETYPES, ArchetypeTable
from mockserver.world.model.hashing import I64
from mockserver.world.model.query import Condition
from mockserver.world.model.vocabulary import Place

Codes = NDArray[np.integer[Any]]
DictionaryEncoded = tuple[Sequence[Any], Codes]
"""The entries of a dimension, and a position in them for each row, or for each event; a position past the end is no entry."""


@IdentityCache
def place_languages(places: Sequence[Place]) -> Sequence[str]:
    """For each place its language, and what English is there."""
    return tuple(language for place in places for language in (place.language, place.language and "en-US"))


def encode_languages(deck: ArchetypeTable) -> DictionaryEncoded:
    """The language of each row: that of its place, or English."""
    return place_languages(deck.vocabulary.places), deck.place.all * 2 + deck.english.all


def find_exits(deck: ArchetypeTable, row: I64, length: I64) -> I64:
    """Where the last pageviews of some rows stand among the events of all, where only so many events of each count."""
    return deck.pageviews[np.searchsorted(deck.pageviews, deck.begin[row] + length) - 1]


def encode_urls(deck: ArchetypeTable) -> DictionaryEncoded:
    """The hostname and the page of each event."""
    entries = [(hostname, page) for hostname in deck.hostnames for page in deck.vocabulary.pages]
    return entries, np.repeat(deck.hostname.all, deck.length) * len(deck.vocabulary.pages) + deck.page


def encode_event_counts(deck: ArchetypeTable, kind: str) -> DictionaryEncoded:
    """How many events of a kind each row has."""
    counts = deck.count_events(kind)
    return range(int(counts.max()) + 1), counts


def encode_durations(deck: ArchetypeTable) -> DictionaryEncoded:
    """Milliseconds from the first event of each row to its last."""
    entries, codes = np.unique(deck.duration, return_inverse=True)
    return entries.tolist(), codes


_FLAG = (False, True)
DIMENSIONS: Final[dict[str, Callable[[ArchetypeTable], DictionaryEncoded]]] = {
    "place": lambda deck: (deck.vocabulary.places, deck.place.all),
    "agent": lambda deck: (deck.agents, deck.agent.all),
    "acquisition": lambda deck: (deck.vocabulary.acquisitions, deck.acquisition.all),
    "language": encode_languages,
    "hostname": lambda deck: (deck.hostnames, deck.hostname.all),
    "entry": lambda deck: (deck.vocabulary.pages, deck.page[deck.begin]),
    "exit": lambda deck: (deck.vocabulary.pages, deck.page[find_exits(deck, np.arange(ARCHETYPES), deck.length)]),
    "page": lambda deck: (deck.vocabulary.pages, deck.page),
    "url": encode_urls,
    "action": lambda deck: (deck.vocabulary.actions, deck.action),
    "identified": lambda deck: (_FLAG, deck.identified.all.astype(np.int64)),
    "returning": lambda deck: (_FLAG, deck.returning.all.astype(np.int64)),
    "bounce": lambda deck: (_FLAG, (deck.length == 1).astype(np.int64)),
    "pageviews": lambda deck: encode_event_counts(deck, "pageview"),
    "custom_events": lambda deck: encode_event_counts(deck, "custom_event"),
    "errors": lambda deck: encode_event_counts(deck, "error"),
    "duration": encode_durations,
}


EVENT_DIMENSIONS: Final = ("page", "url", "action")
"""The dimensions that have a position for each event."""


def match_archetypes(deck: ArchetypeTable, where: Sequence[Condition]) -> I64:
    """The rows that meet every condition, ascending."""
    kept = np.ones(ARCHETYPES, dtype=bool)
    for condition in where:
        entries, codes = DIMENSIONS[condition.dimension](deck)
        passes = np.array([*(condition.passes(entry) for entry in entries), False])
        met = passes[codes]
        kept &= (np.logical_or.reduceat(met, deck.begin) if condition.dimension in EVENT_DIMENSIONS else met) != condition.negate
    return np.flatnonzero(kept)
