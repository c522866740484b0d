"""The events of archetypes, which worlds with the same vocabulary share."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes.sizes import ARCHETYPES, LEAST_SLOTS_WITH_TWINS
from mockserver.world.model.hashing import I64, U64, below, draw, key, normal, pick_weighted
from mockserver.world.model.vocabulary import Vocabulary

MAX_DURATION: Final = 90 * 60_000
"""Upper bound of the duration of a session, in milliseconds."""
EVENT_TEMPLATES: Final = 4
"""Number of event tables shared by all worlds with the same vocabulary."""
IDLE_AFTER: Final = 60_000
"""Milliseconds without an event after which a visitor counts as inactive."""
_MAX_EVENTS: Final = 120
_LENGTHS: Final = np.repeat(  # Number of events of a session, and how many sessions in 256 have it.
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, _MAX_EVENTS],
    [88, 30, 26, 22, 18, 15, 12, 11, 10, 9, 7, 4, 3, 1],
)
_MEDIAN_GAP: Final = 24_000
"""Milliseconds between events of a session; they have a log-normal distribution."""
_GAP_SPREAD: Final = 1.2
_IDLE_GAPS: Final = (1_680_000, 1_800_000)
"""Milliseconds of the few gaps after which a session just goes on."""
_IDLE_SHARE: Final = 128
"""Number of gaps of which one is such a gap."""
_TWIN_ROWS: Final = ARCHETYPES // LEAST_SLOTS_WITH_TWINS


class EventTable(Struct, frozen=True, eq=False, dict=True):
    """The events of all rows. Those of a row are adjacent."""

    page: NDArray[np.uint8]
    """Position in ``vocabulary.pages`` at each event."""
    action: NDArray[np.uint8]
    """Position in ``vocabulary.actions`` of each event, one past the last for a pageview."""
    offset: NDArray[np.int32]
    """Milliseconds from the start of the session to each event."""
    begin: I64
    """Position of the first event of each row."""
    length: I64
    """Number of events of each row."""
    pageviews: I64
    """Positions of the events that are pageviews; every row begins with one."""
    duration: I64
    """Milliseconds from the first event of each row to its last."""
    counts: Mapping[str, I64]
    """Per kind of event, the number of events in each row."""

    @cached_property
    def exits(self) -> I64:
        """The event of each row that is its last pageview."""
        return find_exits(self, np.arange(ARCHETYPES), self.length)

    @cached_property
    def inactive(self) -> I64:
        """Milliseconds of the duration of each row in which the visitor was inactive."""
        waits = np.diff(self.offset, prepend=0)
        waits[self.begin] = 0
        return np.add.reduceat(idle_time(waits).astype(np.int64), self.begin)


def find_exits(table: EventTable, row: I64, length: I64) -> I64:
    """Return the event that is the last pageview of each row, if only its first *length* events count."""
    return table.pageviews[np.searchsorted(table.pageviews, table.begin[row] + length) - 1]


def idle_time(waits: NDArray[Any]) -> NDArray[Any]:
    """Return for how many milliseconds of each time between two events a visitor is inactive."""
    return np.asarray(np.maximum(waits - IDLE_AFTER, 0))


@IdentityCache
def _event_tables(vocabulary: Vocabulary) -> dict[tuple[int, bool], EventTable]:  # noqa: ARG001 -- the key of the cache
    """Return the event tables made for a vocabulary so far, by event template and bots."""
    return {}


def event_table(vocabulary: Vocabulary, template: int, *, bots: bool) -> EventTable:
    tables = _event_tables(vocabulary)
    if (template, bots) not in tables:
        tables[template, bots] = _make_events(template, vocabulary, bots=bots)
    return tables[template, bots]


def _make_events(template: int, vocabulary: Vocabulary, *, bots: bool) -> EventTable:
    """Make the events of one event template.

    This takes 2.9 ms, as long as the rest of a new world, so worlds share a few event tables. All other
    columns, and which sessions have which archetype, differ between worlds.
    """
    own = key("events", template, int(bots))
    pages = vocabulary.pages
    pageview = len(vocabulary.actions)

    def draw_rows(name: str) -> U64:
        return draw(key(own, name), np.arange(ARCHETYPES, dtype=np.uint64))

    page_links = np.array([page.links for page in pages], dtype=np.uint8)
    page_actions = np.array([page.actions for page in pages], dtype=np.uint8)
    length = np.asarray(_LENGTHS[below(len(_LENGTHS), draw_rows("length"))])
    for half in (0, ARCHETYPES // 2):  # The first session of an early return ends where it starts.
        length[half : half + _TWIN_ROWS] = 1
    if bots:
        length = np.minimum(length, 3)
    begin = np.cumsum(length) - length
    row = np.repeat(np.arange(ARCHETYPES), length)
    event = (row * _MAX_EVENTS + np.arange(len(row)) - begin[row]).astype(np.uint64)
    link, act, gap, jitter = (draw(key(own, name), event) for name in ("link", "act", "gap", "jitter"))
    wait = _draw_gaps(gap, jitter)
    wait[begin] = 0
    offset = np.cumsum(wait)
    offset -= offset[begin][row]
    is_action = (below(3, act) == 0) & (not bots)
    is_action[begin] = False
    chosen_link = below(page_links.shape[1], link)
    page = np.zeros(len(row), dtype=np.uint8)
    page[begin] = pick_weighted(np.array([page.entry_weight for page in pages]), draw_rows("entry"))
    for step in range(1, int(length.max())):
        current = begin[length > step] + step
        previous_page = page[current - 1]
        page[current] = np.where(
            is_action[current], previous_page, page_links[previous_page, chosen_link[current]]
        )
    action = np.where(is_action, page_actions[page, below(page_actions.shape[1], link)], np.uint8(pageview))
    in_time = offset <= MAX_DURATION
    length = np.bincount(row[in_time])
    page = page[in_time]
    action = action[in_time]
    offset = offset[in_time]
    pageviews = np.flatnonzero(action == pageview)
    begin = np.cumsum(length) - length
    duration = offset[begin + length - 1].astype(np.int64)
    kinds = np.array([*(entry.kind for entry in vocabulary.actions), "pageview"])
    counts = {
        kind: np.add.reduceat((kinds == kind).astype(np.int64)[action], begin) for kind in set(kinds.tolist())
    }
    return EventTable(page, action, offset.astype(np.int32), begin, length, pageviews, duration, counts)


def _draw_gaps(gap: U64, jitter: U64) -> I64:
    """Draw the milliseconds before each event.

    The exponential function is a power by squaring, which is rounded in the same way on every machine.
    """
    factor = 1 + normal(gap) * (_GAP_SPREAD / 1024)
    for _ in range(10):
        factor = factor * factor
    wait = (factor * _MEDIAN_GAP).astype(np.int64)
    shortest, longest = _IDLE_GAPS
    idle = shortest + below(longest - shortest, jitter)
    return np.where(below(_IDLE_SHARE, draw(1, jitter)) == 0, idle, wait)
