"""The archetypes of a site: a fixed deck of session rows from which every session, however many, is dealt.

A row belongs to a *lane* (a visitor archetype: place, agent, language, identity) and to a *turn* of that lane (which of
eight consecutive visits it is), and holds one session's story: how it came, what it did, and when. Rows are columns, each
made for the rows that are looked at (:class:`Drawn`). Row number = (lane · TURNS + turn) · variants + variant.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache
from mockserver.world.model.hashing import I64, U64, below, choose, draw, key
from mockserver.world.model.vocabulary import Agent, Vocabulary

Values: TypeAlias = NDArray[Any]
"""A value for each of some rows."""
ARCHETYPES: Final = 4096
VISITS: Final = 8
MAX_DURATION: Final = 90 * 60_000
"""No session lasts longer (milliseconds)."""
EVENT_TEMPLATES: Final = 4
"""How many tellings of what happens in the rows there are for one vocabulary."""
IDLE_AFTER: Final = 60_000
"""Milliseconds after which a visitor who does nothing counts as inactive."""
_MOST_EVENTS: Final = 120
_LENGTHS: Final = np.repeat(  # How many events a session has, and how many in 256 have that many.
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, _MOST_EVENTS],
    [88, 30, 26, 22, 18, 15, 12, 11, 10, 9, 7, 4, 3, 1],
)
_GAPS: Final = 1000 * np.array(  # Milliseconds from one event to the next, before up to a second of jitter.
    [
        *(1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 22, 26, 30, 35, 40, 45, 50, 60, 75, 90, 110, 130, 160, 200, 250, 300),
        *(400, 500, 650, 850, 1100, 1500),
    ],
    dtype=np.int64,
)
_STARTS: Final = np.array(  # The turns at which a lane's next person begins: patterns of eight visits cut into persons.
    [
        (0, 0, 0, 0, 0, 0, 0, 0),
        (0, 1, 2, 3, 3, 3, 3, 3),
        (0, 0, 2, 2, 2, 2, 2, 2),
        (0, 1, 1, 1, 4, 5, 6, 6),
        (0, 1, 2, 3, 4, 5, 6, 7),
        (0, 0, 0, 0, 4, 4, 4, 4),
    ]
)


class ArchetypeTable:
    """The rows of one site's people, or of its bots, under one key."""

    def __init__(self, seed_key: int, vocabulary: Vocabulary, lanes: int, hostnames: Sequence[str], *, bots: bool) -> None:
        self.vocabulary, self.slots, self.bots = vocabulary, lanes, bots
        self.hostnames = tuple(hostnames)
        self.variants = ARCHETYPES // VISITS // lanes
        self._key = seed_key

    def _drawn(self, name: str, size: int) -> U64:
        return draw(key(self._key, name), np.arange(size, dtype=np.uint64))

    def slot_of(self, row: I64) -> I64:
        """The lane that each row belongs to."""
        return row // (VISITS * self.variants)

    def _of_lane(self, fixed: Values) -> "LazyColumn":
        return LazyColumn(lambda row: fixed[self.slot_of(row)])

    def _of_row(self, name: str, told: Callable[[U64], Values]) -> "LazyColumn":
        own = key(self._key, name)
        return LazyColumn(lambda row: told(draw(own, row.astype(np.uint64))))

    # What a lane fixes: the same for all visits of a visitor.

    @cached_property
    def place(self) -> "LazyColumn":
        """Position in ``vocabulary.places`` of each row."""
        return self._of_lane(choose(_weights(self.vocabulary.places), self._drawn("place", self.slots)))

    @cached_property
    def agent(self) -> "LazyColumn":
        """Position in :attr:`agents` of each row."""
        return self._of_lane(choose(_weights(self.agents), self._drawn("agent", self.slots)))

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents this deck draws from."""
        return self.vocabulary.bots if self.bots else self.vocabulary.agents

    @cached_property
    def english(self) -> "LazyColumn":
        """Whether each row's visitor browses in English whatever the place."""
        return self._of_lane(below(8, self._drawn("language", self.slots)) == 0)

    @cached_property
    def _known_lanes(self) -> NDArray[np.bool_]:
        return below(5, self._drawn("identified", self.slots)) < (0 if self.bots else 2)

    @cached_property
    def identified(self) -> "LazyColumn":
        """Whether each row's visitor is known by name."""
        return self._of_lane(self._known_lanes)

    @cached_property
    def plan(self) -> "LazyColumn":
        """Position in ``vocabulary.plans`` of each row."""
        return self._of_lane(below(len(self.vocabulary.plans), self._drawn("plan", self.slots)))

    @cached_property
    def tags(self) -> "LazyColumn":
        """Which of ``vocabulary.tags`` each row's visitor carries: bit n for tag n, none for who is not identified."""
        drawn = self._drawn("tags", self.slots)
        some = np.uint64((1 << len(self.vocabulary.tags)) - 1)
        return self._of_lane((drawn & (drawn >> np.uint64(20)) & some).astype(np.int64) * self._known_lanes)

    @cached_property
    def first_visits(self) -> I64:
        """The turn at which the person of each lane and turn came first, shape (lanes, TURNS)."""
        return np.asarray(_STARTS[below(len(_STARTS), self._drawn("pattern", self.slots))])

    @cached_property
    def returning(self) -> "LazyColumn":
        """Whether each row's visitor has been here before."""
        fixed = (self.first_visits < np.arange(VISITS)).ravel()
        return LazyColumn(lambda row: fixed[row // self.variants])

    # What a row tells: one session's story.

    @cached_property
    def acquisition(self) -> "LazyColumn":
        """Position in ``vocabulary.acquisitions`` of each row; bots come directly."""
        weights = _weights(self.vocabulary.acquisitions)
        if self.bots:
            weights = np.array([each.weight * (each.channel == "Direct") for each in self.vocabulary.acquisitions])
        return self._of_row("acquisition", lambda hashed: choose(weights, hashed))

    @cached_property
    def hostname(self) -> "LazyColumn":
        """Position in :attr:`hostnames` of each row; the first is the usual one."""
        return self._of_row("hostname", lambda hashed: np.maximum(below(8, hashed) - 8 + len(self.hostnames), 0))

    @cached_property
    def events(self) -> "EventTable":
        """What happens in each row."""
        stories, which = _event_tables(self.vocabulary), (self._key % EVENT_TEMPLATES, self.bots)
        if which not in stories:
            stories[which] = _make_events(which[0], self.vocabulary, bots=self.bots)
        return stories[which]

    @property
    def page(self) -> NDArray[np.uint8]:
        """Position in ``vocabulary.pages`` at each event, one row after the other: :attr:`begin` says where."""
        return self.events.page

    @property
    def action(self) -> NDArray[np.uint8]:
        """Position in ``vocabulary.actions`` of each event; one past the last for a pageview."""
        return self.events.action

    @property
    def offset(self) -> NDArray[np.int32]:
        """Milliseconds from the start of the session to each event."""
        return self.events.offset

    @property
    def begin(self) -> I64:
        """Where the events of each row begin among those of all."""
        return self.events.begin

    @property
    def length(self) -> I64:
        """Number of events of each row."""
        return self.events.length

    @property
    def pageviews(self) -> I64:
        """Which events are pageviews; every row begins with one."""
        return self.events.pageviews

    def count_events(self, kind: str) -> I64:
        """How many events of a kind each row has."""
        return self.events.counts.get(kind, np.zeros(ARCHETYPES, dtype=np.int64))

    @property
    def longest(self) -> int:
        """No row lasts longer (milliseconds)."""
        return self.events.longest

    @property
    def duration(self) -> I64:
        """Milliseconds from the first event of each row to the last."""
        return self.events.duration


class LazyColumn:
    """A value for each row of a deck, made for the rows that somebody asks for; :attr:`all` makes it for every row."""

    def __init__(self, make: Callable[[I64], Values]) -> None:
        self._make = make

    def __getitem__(self, row: I64) -> Values:
        return self._make(row)

    @cached_property
    def all(self) -> Values:
        """The values of all rows."""
        return self._make(np.arange(ARCHETYPES))


@IdentityCache
def _weights(entries: Sequence[Any]) -> I64:
    return np.array([entry.weight for entry in entries])


class EventTable(Struct, frozen=True, eq=False):
    """What happens in each row."""

    page: NDArray[np.uint8]
    action: NDArray[np.uint8]
    offset: NDArray[np.int32]
    begin: I64
    length: I64
    pageviews: I64
    longest: int
    duration: I64
    counts: Mapping[str, I64]
    """How many events of each kind each row has."""


@IdentityCache
def _event_tables(words: Vocabulary) -> dict[tuple[int, bool], EventTable]:  # noqa: ARG001 -- it is found again by its vocabulary
    """What was told in a vocabulary, by the number of the telling and whether it is of bots."""
    return {}


def _make_events(number: int, words: Vocabulary, *, bots: bool) -> EventTable:
    """What happens in each row: pages, actions and offsets by event, and how many events there are.

    It takes as long as all the rest of a new world together, so worlds share a few of these; all else in a row, and
    which session it is dealt to, is a world's own.
    """
    own, pages, nothing = key("events", number, int(bots)), words.pages, len(words.actions)

    def drawn(name: str) -> U64:
        return draw(key(own, name), np.arange(ARCHETYPES, dtype=np.uint64))

    links = np.array([page.links for page in pages], dtype=np.uint8)
    doings = np.array([page.actions for page in pages], dtype=np.uint8)
    length = np.asarray(_LENGTHS[below(len(_LENGTHS), drawn("length"))])
    if bots:
        length = np.minimum(length, 3)
    begin = np.cumsum(length) - length
    row = np.repeat(np.arange(ARCHETYPES), length)
    event = (row * _MOST_EVENTS + np.arange(len(row)) - begin[row]).astype(np.uint64)
    link, act, gap, jitter = (draw(key(own, name), event) for name in ("link", "act", "gap", "jitter"))
    usual = np.where(length[row] > 20, 12, len(_GAPS))  # noqa: PLR2004 -- long sessions are busy ones
    waited = _GAPS[(below(1 << 20, gap) * usual) >> 20] + below(1000, jitter)
    waited[begin] = 0
    offset = np.cumsum(waited)
    offset -= offset[begin][row]
    acts = (below(3, act) == 0) & (not bots)
    acts[begin] = False
    followed = below(links.shape[1], link)
    page = np.zeros(len(row), dtype=np.uint8)
    page[begin] = choose(np.array([page.entry_weight for page in pages]), drawn("entry"))
    for step in range(1, int(length.max())):
        now = begin[length > step] + step
        here = page[now - 1]
        page[now] = np.where(acts[now], here, links[here, followed[now]])
    action = np.where(acts, doings[page, below(doings.shape[1], link)], np.uint8(nothing))
    told = offset <= MAX_DURATION
    length = np.bincount(row[told])
    page, action, offset = page[told], action[told], offset[told]
    pageviews = np.flatnonzero(action == nothing)
    begin = np.cumsum(length) - length
    duration = offset[begin + length - 1].astype(np.int64)
    kinds = [*(each.kind for each in words.actions), "pageview"]
    counts = {kind: np.add.reduceat(np.array([each == kind for each in kinds], dtype=np.int64)[action], begin) for kind in set(kinds)}
    return EventTable(page, action, offset.astype(np.int32), begin, length, pageviews, int(offset.max()), duration, counts)
