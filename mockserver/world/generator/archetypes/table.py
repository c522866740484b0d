"""The table of archetypes.

4,096 sessions of which every session of a site is a copy with its own start, ids and people.

A row of the table is one archetype. It belongs to a *visitor slot* (a kind of visitor: place, agent,
language, identity) and to a *visit index* in that slot (which of eight consecutive visits it is), and has an
acquisition and events. Columns are computed for the rows that are used (:class:`LazyColumn`). Row = (slot ·
VISITS + visit) · variants + variant.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes.events import EVENT_TEMPLATES, EventTable, event_table
from mockserver.world.generator.archetypes.sizes import ARCHETYPES, LEAST_SLOTS_WITH_TWINS, VISITS
from mockserver.world.model.hashing import I64, U64, below, draw, key, permute, pick_weighted, u64
from mockserver.world.model.vocabulary import Agent, Vocabulary

Values: TypeAlias = NDArray[Any]
"""One value per requested row."""
# Patterns that divide the eight visits of a slot between visitors: per visit, its visitor's first.
_FIRST_VISITS: Final = np.array(
    [
        (0, 0, 0, 0, 0, 0, 0, 0),
        (0, 1, 2, 3, 3, 3, 3, 3),
        (0, 0, 2, 2, 2, 2, 2, 2),
        (0, 1, 1, 1, 4, 5, 6, 6),
        (0, 1, 2, 3, 4, 5, 6, 7),
        (0, 0, 0, 0, 4, 4, 4, 4),
        (0, 1, 0, 1, 0, 1, 0, 1),
        (0, 1, 2, 3, 0, 1, 2, 3),
    ]
)
_ALL_SINGLE: Final = np.arange(VISITS)
"""First visits of a slot whose visitors come once."""
_ALL_LATER: Final = _ALL_SINGLE - 1
"""First visits of a slot whose visitors have all been here before."""
# Patterns that give eight neighbouring slots to visitors: per slot, the lowest slot of the same visitor.
# Regular visitors have several slots, so they come several times in a round.
RUN: Final = 8
"""Number of neighbouring slots that are given to visitors together."""
_LEADERS: Final = np.array(
    [
        (0, 1, 2, 3, 4, 5, 6, 6),
        (0, 1, 2, 3, 4, 4, 6, 6),
        (0, 1, 2, 2, 4, 4, 6, 6),
        (0, 1, 2, 3, 4, 5, 5, 5),
        (0, 1, 2, 3, 3, 3, 3, 3),
    ]
)
_STEPS: Final = np.arange(RUN)[:, None] - 1 - np.arange(RUN // 2)
_LOWER: Final = np.where(_LEADERS[:, :, None] <= _STEPS, _STEPS, -ARCHETYPES)
"""Per pattern and slot, the lower slots of the same visitor, padded with a large negative number."""


class Shares(Struct, frozen=True, kw_only=True):
    """Shares of visitors in percent."""

    unknown_places: int = 0
    """Visitors whose place is unknown."""
    unknown_agents: int = 0
    """Visitors whose browser, system and device are unknown."""
    late_logins: int = 0
    """Identified visitors who are anonymous in their first session."""


class SiteInputs(NamedTuple):
    """The values from which the archetypes of a site are drawn."""

    vocabulary: Vocabulary
    hostnames: tuple[str, ...]
    shares: Shares = Shares()


class ArchetypeTable:
    """The archetypes of one site's people or bots, determined by a key."""

    def __init__(
        self, seed_key: int, inputs: SiteInputs, slots: int, *, bots: bool, regulars: bool = False
    ) -> None:
        self.vocabulary, self.hostnames, self._shares = inputs
        self.slots = slots
        self.bots = bots
        self.has_regulars = regulars and slots >= RUN
        """True if some visitors have several slots."""
        self.variants = ARCHETYPES // VISITS // slots
        self.early_slots, self.late_slots = _list_twins(slots)
        self._key = seed_key
        self._template = seed_key % EVENT_TEMPLATES

    def _draw(self, name: str, size: int) -> U64:
        return draw(key(self._key, name), np.arange(size, dtype=np.uint64))

    def _pick_entries(self, name: str, entries: Sequence[Any]) -> I64:
        """Pick an entry for each slot; the weights of entries differ by up to a factor of 3 between sites."""
        weights = _weights(entries) * (32 + below(64, self._draw(f"{name} weights", len(entries))))
        return pick_weighted(weights, self._draw(name, self.slots))

    def _choose_slots(self, name: str, percent: int, *, regulars_last: bool = False) -> NDArray[np.bool_]:
        """Return a mask of as many slots as *percent* says, so that small worlds have the share too.

        The share of sessions is exact with *regulars_last*: regular visitors have many, and their other
        slots count as the first one.
        """
        slots = np.arange(self.slots, dtype=np.uint64)
        order = permute(self.slots.bit_length() - 1, u64(key(self._key, name)), slots)
        if regulars_last:
            order += self._is_regular * u64(self.slots)
        chosen = np.zeros(self.slots, dtype=bool)
        chosen[np.argsort(order)[: (self.slots * percent + 50) // 100]] = True
        return chosen

    @cached_property
    def leaders(self) -> I64:
        """The lowest slot of each slot's visitor: the slot itself, except for regular visitors."""
        if not self.has_regulars:
            return np.arange(self.slots)
        return np.asarray((self._runs[:, None] + _LEADERS[self._leader_patterns]).ravel())

    @cached_property
    def lower_members(self) -> I64:
        """The lower slots of each slot's visitor, padded with negative numbers; only for regular visitors."""
        lower = self._runs[:, None, None] + _LOWER[self._leader_patterns]
        return np.asarray(lower.reshape(self.slots, -1))

    @property
    def _runs(self) -> I64:
        return np.arange(0, self.slots, RUN)

    @cached_property
    def _leader_patterns(self) -> I64:
        return below(len(_LEADERS), self._draw("regulars", self.slots // RUN))

    @cached_property
    def _models(self) -> I64:
        """The slot from which each slot has its attributes: that of its leader, or of the first twin."""
        models = self.leaders.copy()
        models[self.early_slots] = 0
        models[self.late_slots] = 0
        return models

    @property
    def _is_regular(self) -> NDArray[np.bool_]:
        """A mask of the slots that share their attributes with others."""
        return np.asarray(np.bincount(self._models, minlength=self.slots)[self._models] > 1)

    def _per_slot(self, values: Values) -> "LazyColumn":
        """Return a column with the value of the slot's visitor."""
        values = values[self._models]
        return LazyColumn(_repeat(values, VISITS * self.variants))

    def _per_row(self, name: str, pick: Callable[[U64], Values]) -> "LazyColumn":
        own = key(self._key, name)
        return LazyColumn(lambda row: pick(draw(own, row.astype(np.uint64))))

    # Columns that depend on the slot: equal in all visits of a visitor.

    @cached_property
    def place(self) -> "LazyColumn":
        """Position in ``vocabulary.places``."""
        picked = self._pick_entries("place", self.vocabulary.places)
        picked[self._choose_slots("unknown place", self._shares.unknown_places, regulars_last=True)] = 0
        return self._per_slot(picked)

    @cached_property
    def agent(self) -> "LazyColumn":
        """Position in :attr:`agents`."""
        picked = self._pick_entries("agent", self.agents)
        if not self.bots:
            picked[self._choose_slots("unknown agent", self._shares.unknown_agents, regulars_last=True)] = 0
        return self._per_slot(picked)

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents of people or of bots."""
        return self.vocabulary.bots if self.bots else self.vocabulary.agents

    @cached_property
    def english(self) -> "LazyColumn":
        """True for visitors who browse in English, independent of the place."""
        return self._per_slot(below(8, self._draw("language", self.slots)) == 0)

    @cached_property
    def _identified_slots(self) -> NDArray[np.bool_]:
        return below(5, self._draw("identified", self.slots)) < (0 if self.bots else 2)

    @cached_property
    def identified(self) -> "LazyColumn":
        """True for identified visitors.

        Those who log in late are anonymous in their first session.
        """
        late = self._choose_slots("late login", self._shares.late_logins)[:, None]
        is_first = self.first_visits == np.arange(VISITS)
        values = (self._identified_slots[self._models, None] & ~(late[self._models] & is_first)).ravel()
        return LazyColumn(_repeat(values, self.variants))

    @cached_property
    def plan(self) -> "LazyColumn":
        """Position in ``vocabulary.plans``."""
        return self._per_slot(below(len(self.vocabulary.plans), self._draw("plan", self.slots)))

    @cached_property
    def tags(self) -> "LazyColumn":
        """Tags of the visitor, bit n for ``vocabulary.tags[n]``; none while the visitor is anonymous."""
        drawn = self._draw("tags", self.slots)
        mask = np.uint64((1 << len(self.vocabulary.tags)) - 1)
        tags = self._per_slot((drawn & (drawn >> np.uint64(20)) & mask).astype(np.int64))
        identified = self.identified
        return LazyColumn(lambda row: tags[row] * identified[row])

    @cached_property
    def first_visits(self) -> I64:
        """Index of the first visit of the visitor of each slot and visit, shape (slots, VISITS).

        It is an earlier one in late slots, whose visitors were there before.
        """
        pattern = below(len(_FIRST_VISITS), self._draw("pattern", self.slots))
        if self.has_regulars:  # Their visits all belong to one visitor.
            pattern[self._is_regular] = 0
        first_visits = np.asarray(_FIRST_VISITS[pattern[self.leaders]])
        first_visits[self.early_slots] = _ALL_SINGLE
        first_visits[self.late_slots] = _ALL_LATER
        return first_visits

    @cached_property
    def returning(self) -> "LazyColumn":
        """True for visitors who have been on the site before."""
        values = (self.first_visits < np.arange(VISITS)).ravel()
        return LazyColumn(_repeat(values, self.variants))

    # Columns that depend on the row.

    @cached_property
    def acquisition(self) -> "LazyColumn":
        """Position in ``vocabulary.acquisitions``; bots come directly."""
        weights = _weights(self.vocabulary.acquisitions)
        if self.bots:
            weights = np.array(
                [entry.weight * (entry.channel == "Direct") for entry in self.vocabulary.acquisitions]
            )
        return self._per_row("acquisition", lambda hashed: pick_weighted(weights, hashed))

    @cached_property
    def hostname(self) -> "LazyColumn":
        """Position in :attr:`hostnames`; usually the first."""
        count = len(self.hostnames)
        return self._per_row("hostname", lambda hashed: np.maximum(below(8, hashed) - 8 + count, 0))

    # Events, which only some requests need.

    @cached_property
    def events(self) -> "EventTable":
        """The events of all rows; making them takes longer than all else of a new world."""
        return event_table(self.vocabulary, self._template, bots=self.bots)

    @property
    def page(self) -> NDArray[np.uint8]:
        return self.events.page

    @property
    def action(self) -> NDArray[np.uint8]:
        return self.events.action

    @property
    def offset(self) -> NDArray[np.int32]:
        return self.events.offset

    @property
    def begin(self) -> I64:
        return self.events.begin

    @property
    def length(self) -> I64:
        return self.events.length

    @property
    def duration(self) -> I64:
        return self.events.duration

    def count_events(self, kind: str) -> I64:
        """Return the number of events of a kind in each row."""
        return self.events.counts.get(kind, np.zeros(ARCHETYPES, dtype=np.int64))


def _list_twins(slots: int) -> tuple[I64, I64]:
    """Return the *twins* among the slots: two in each half of a round, with the same attributes.

    The sessions of early returns get them: the first session an early slot, whose visitors come once and see
    one page, and the second one a late slot, whose visitors have been here before. Twins have no other slots:
    in all patterns of leaders, the first two slots are on their own.
    """
    early = np.array((0, slots // 2) if slots >= LEAST_SLOTS_WITH_TWINS else (), dtype=np.int64)
    return early, early + 1


class LazyColumn:
    """A column of an archetype table, computed for the requested rows only."""

    def __init__(self, make: Callable[[I64], Values]) -> None:
        self._make = make

    def __getitem__(self, row: I64) -> Values:
        return self._make(row)

    @cached_property
    def all(self) -> Values:
        """The values of all rows."""
        return self._make(np.arange(ARCHETYPES))


def _repeat(values: Values, times: int) -> Callable[[I64], Values]:
    """Return a function from rows to values, each of which *times* consecutive rows have.

    A method would let the columns refer to their table, which then lives until the garbage collector runs.
    """
    return lambda row: values[row // times]


@IdentityCache
def _weights(entries: Sequence[Any]) -> I64:
    return np.array([entry.weight for entry in entries])
