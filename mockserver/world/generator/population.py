"""The people of one site, or its bots: a deck, a timeline, the deal between them, and their names."""

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np

from mockserver._util.caching import IdentityCache
from mockserver.world.generator.archetypes import ArchetypeTable
from mockserver.world.generator.dimensions import match_archetypes
from mockserver.world.generator.index_sets import AllSessions, ArchetypeSet, IndexSet
from mockserver.world.generator.schedule import SessionSchedule, choose_slot_count
from mockserver.world.generator.timeline import Timeline
from mockserver.world.model.hashing import I64, U64, Permutation, i64, key
from mockserver.world.model.query import Condition
from mockserver.world.model.vocabulary import Vocabulary

_KINDS = 4
_USER = "user_"
_HEX = set("0123456789abcdef")
_NUMBER_BITS = 56


class Population:
    """Sessions 0, 1, 2 … of one kind (0 people, 1 bots) on one site; only the timeline is made at once."""

    def __init__(self, seed_key: int, kind: int, vocabulary: Vocabulary, hostnames: Sequence[str], timeline: Timeline) -> None:
        self.kind, self.timeline = kind, timeline
        self._key = key(seed_key, kind)
        self._numbers = Permutation(key(seed_key, "session"), _NUMBER_BITS)
        self._vocabulary, self._hostnames = vocabulary, hostnames
        self.select = lru_cache(maxsize=64)(self._selected)

    @cached_property
    def archetypes(self) -> ArchetypeTable:
        """The archetypes its sessions are dealt from."""
        return ArchetypeTable(
            key(self._key, "deck"), self._vocabulary, choose_slot_count(self.timeline.expected_total), self._hostnames, bots=self.kind == 1
        )

    @cached_property
    def schedule(self) -> SessionSchedule:
        """Which archetype each session is."""
        return SessionSchedule(key(self._key, "deal"), self.archetypes, self.timeline)

    def count_started(self, now: int) -> int:
        """How many sessions have started by an instant."""
        return self.timeline.count_before(now + 1)

    def session_numbers(self, index: I64) -> U64:
        """The 56-bit number under which each session is known."""
        return self._numbers.forward((index * i64(_KINDS) + i64(self.kind)).view(np.uint64))

    def session_index(self, number: int, now: int) -> int | None:
        """The session known under a number, or ``None`` where there is none by an instant."""
        index = self.index_of(number)
        return index if index is not None and index < self.count_started(now) else None

    def index_of(self, number: int) -> int | None:
        """The session known under a number, whether or not it has started; ``None`` where there never is one."""
        if not 0 <= number < 1 << _NUMBER_BITS:
            return None
        index, kind = divmod(int(self._numbers.back(np.array([number], dtype=np.uint64))[0]), _KINDS)
        total = self.timeline.total
        return index if kind == self.kind and (total is None or index < total) else None

    def _selected(self, where: tuple[Condition, ...]) -> IndexSet:
        return ArchetypeSet(self.schedule, match_archetypes(self.archetypes, where)) if where else AllSessions()

    def sessions_of_actors(self, actors: Iterable[str], where: tuple[Condition, ...], now: int) -> I64:
        """The sessions of some visitors that meet the conditions, ascending; a user id finds only who is identified."""
        found = [np.empty(0, dtype=np.int64)]
        for actor in actors:
            visitor = parse_visitor_number(actor)
            if visitor is None:
                continue
            index = self.schedule.sessions_of(visitor, self.count_started(now))
            found.append(index[self.archetypes.identified[self.schedule.archetype_of(index)]] if actor.startswith(_USER) else index)
        index = np.unique(np.concatenate(found))
        return index[np.isin(self.schedule.archetype_of(index), match_archetypes(self.archetypes, where))] if where else index


def parse_visitor_number(actor: str) -> int | None:
    """Read the visitor number out of a user id of the seeded world or a visitor's 12 hexadecimal digits."""
    digits = actor.removeprefix(_USER)
    return int(digits, 16) if len(digits) == 12 and set(digits) <= _HEX else None  # noqa: PLR2004 -- 48 bits


@IdentityCache
def mailbox_parts(words: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What e-mail addresses are made of in a vocabulary: names in ASCII letters, and reserved domains."""
    return tuple(map(_letters, words.given_names)), tuple(map(_letters, words.family_names)), words.mail_domains


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if "a" <= letter <= "z") or "visitor"
