"""The dimensions by which sessions are filtered and grouped, evaluated on the archetype table."""

from collections.abc import Callable, Sequence
from itertools import chain, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache
from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.archetypes.table import ArchetypeTable
from mockserver.world.model.hashing import I64
from mockserver.world.model.query import Condition
from mockserver.world.model.vocabulary import PAGEVIEW, Place

Codes = NDArray[np.integer[Any]]
DictionaryEncoded = tuple[Sequence[Any], Codes]
"""The entries of a dimension, and the position of each row's or each event's entry; a position past the end
means none."""


@IdentityCache
def place_languages(places: Sequence[Place]) -> Sequence[str]:
    """Return two languages for each place: its own, and that of visitors who browse in English."""
    pairs = ((place.language, place.language and "en-US") for place in places)
    return tuple(chain.from_iterable(pairs))


def encode_languages(table: ArchetypeTable) -> DictionaryEncoded:
    """Return the language of each row."""
    return place_languages(table.vocabulary.places), table.place.all * 2 + table.english.all


def encode_urls(table: ArchetypeTable) -> DictionaryEncoded:
    """Return hostname and page of each event."""
    entries = list(product(table.hostnames, table.vocabulary.pages))
    return entries, np.repeat(table.hostname.all, table.length) * len(table.vocabulary.pages) + table.page


def encode_event_acquisitions(table: ArchetypeTable) -> DictionaryEncoded:
    """Return the acquisition that each event reports: the first that of its row, the others the unknown."""
    codes = np.zeros(len(table.page), dtype=np.int64)
    codes[table.begin] = table.acquisition.all
    return table.vocabulary.acquisitions, codes


def encode_event_sources(table: ArchetypeTable) -> DictionaryEncoded:
    """Return acquisition and page of each event."""
    pages = table.vocabulary.pages
    acquisitions, codes = encode_event_acquisitions(table)
    return list(product(acquisitions, pages)), codes * len(pages) + table.page


def encode_event_counts(table: ArchetypeTable, kind: str) -> DictionaryEncoded:
    """Return the number of events of a kind in each row."""
    counts = table.count_events(kind)
    return range(int(counts.max()) + 1), counts


def encode_durations(table: ArchetypeTable) -> DictionaryEncoded:
    """Return the duration of each row in milliseconds."""
    entries, codes = np.unique(table.duration, return_inverse=True)
    return entries.tolist(), codes


_FLAG = (False, True)
DIMENSIONS: Final[dict[str, Callable[[ArchetypeTable], DictionaryEncoded]]] = {
    "place": lambda table: (table.vocabulary.places, table.place.all),
    "agent": lambda table: (table.agents, table.agent.all),
    "acquisition": lambda table: (table.vocabulary.acquisitions, table.acquisition.all),
    "language": encode_languages,
    "hostname": lambda table: (table.hostnames, table.hostname.all),
    "entry": lambda table: (table.vocabulary.pages, table.page[table.begin]),
    "exit": lambda table: (table.vocabulary.pages, table.page[table.events.exits]),
    "page": lambda table: (table.vocabulary.pages, table.page),
    "url": encode_urls,
    "action": lambda table: (table.vocabulary.actions, table.action),
    "event_page": lambda table: (table.vocabulary.pages, table.page),
    "event_action": lambda table: ((*table.vocabulary.actions, PAGEVIEW), table.action),
    "event_acquisition": encode_event_acquisitions,
    "event_source": encode_event_sources,
    "identified": lambda table: (_FLAG, table.identified.all.astype(np.int64)),
    "returning": lambda table: (_FLAG, table.returning.all.astype(np.int64)),
    "bounce": lambda table: (_FLAG, (table.length == 1).astype(np.int64)),
    "pageviews": lambda table: encode_event_counts(table, "pageview"),
    "custom_events": lambda table: encode_event_counts(table, "custom_event"),
    "errors": lambda table: encode_event_counts(table, "error"),
    "duration": encode_durations,
}


EVENT_DIMENSIONS: Final = (
    "page",
    "url",
    "action",
    "event_page",
    "event_action",
    "event_acquisition",
    "event_source",
)
"""The dimensions with a position per event instead of per row.

In those that begin with ``event_``, every event has an entry, also a pageview and one that a client sent.
"""


def match_archetypes(table: ArchetypeTable, where: Sequence[Condition]) -> I64:
    """Return the archetypes that meet all conditions, ascending."""
    matching = np.ones(ARCHETYPES, dtype=bool)
    same_event: NDArray[np.bool_] | None = None
    for condition in where:
        entries, codes = DIMENSIONS[condition.dimension](table)
        passes = np.array([*(condition.passes(entry) for entry in entries), False])
        passing = passes[codes]
        if condition.same_event:
            same_event = passing if same_event is None else same_event & passing
            continue
        if condition.dimension in EVENT_DIMENSIONS:
            passing = np.logical_or.reduceat(passing, table.begin)
        matching &= passing != condition.negate
    if same_event is not None:
        matching &= np.logical_or.reduceat(same_event, table.begin)
    return np.flatnonzero(matching)
