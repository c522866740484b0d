"""Populations: the people or the bots of a site, with their archetypes, timeline, schedule and numbers."""

from collections.abc import Callable, Iterable
from typing import Any, Final
from unicodedata import normalize

import numpy as np

from mockserver._util.caching import BoundedCache, IdentityCache, cached_property
from mockserver.world.generator.archetypes.dimensions import DIMENSIONS, match_archetypes
from mockserver.world.generator.archetypes.table import ArchetypeTable, SiteInputs
from mockserver.world.generator.index_sets import AllSessions, ArchetypeSet, IndexSet
from mockserver.world.generator.schedule import SessionSchedule, choose_slot_count, visit_stride
from mockserver.world.generator.timeline import Timeline
from mockserver.world.model.hashing import I64, U64, Permutation, below, i64, key, u64
from mockserver.world.model.query import WHILE_ANONYMOUS, Condition
from mockserver.world.model.vocabulary import Vocabulary

_KINDS = 4
_USER = "user_"
_HEX = set("0123456789abcdef")
_NUMBER_BITS = 56
_ALL = AllSessions()
_CACHED = 64
"""Number of filters, and of functions for texts, whose results are kept."""
_UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})
"""Latin letters that Unicode does not decompose."""


NETWORKS: Final = tuple(
    f"198.{18 + n // 256}.{n % 256}." for n in range(512)
)  # 198.18.0.0/15 is reserved for benchmarks (RFC 2544).
HOSTS: Final = tuple(str(n) for n in range(256))
_NETWORK_SHIFT: Final = u64(16)  # The upper 32 of the 48 bits of a visitor number, as below() takes them.
_HOST_SHIFT: Final = u64(8)
_HOST_MASK: Final = u64(len(HOSTS) - 1)


class Population:
    """The sessions 0, 1, 2 … of one kind (0 people, 1 bots) on a site.

    Everything but the timeline is made when first used.
    """

    def __init__(self, seed_key: int, kind: int, inputs: SiteInputs, timeline: Timeline) -> None:
        self.kind = kind
        self.timeline = timeline
        self._key = key(seed_key, kind)
        self._numbers = Permutation(key(seed_key, "session"), _NUMBER_BITS)
        self._inputs = inputs
        self.selected = BoundedCache[tuple[Condition, ...], IndexSet](_CACHED)
        """Results of the last calls of :meth:`select`."""
        self._texts = BoundedCache[tuple[str, Callable[[Any], str]], frozenset[str]](_CACHED)

    @cached_property
    def archetypes(self) -> ArchetypeTable:
        """The archetypes of its sessions."""
        slots = choose_slot_count(self.timeline.expected_total)
        return ArchetypeTable(
            key(self._key, "deck"),
            self._inputs,
            slots,
            bots=self.kind == 1,
            regulars=visit_stride(self.timeline, slots) == 1,
        )

    @cached_property
    def schedule(self) -> SessionSchedule:
        """The archetype and visitor of each session."""
        return SessionSchedule(key(self._key, "deal"), self.archetypes, self.timeline)

    def count_started(self, now: int) -> int:
        """Return the number of sessions that have started by *now*."""
        return self.timeline.count_before(now + 1)

    def session_numbers(self, index: I64) -> U64:
        """Return the 56-bit number of each session."""
        return self._numbers.forward((index * i64(_KINDS) + i64(self.kind)).view(np.uint64))

    def session_index(self, number: int, now: int) -> int | None:
        """Return the session with a number, or None if it is unknown or has not started by *now*."""
        index = self.index_of(number)
        return index if index is not None and index < self.count_started(now) else None

    def index_of(self, number: int) -> int | None:
        """Return the session with a number, started or not, or None if there is none."""
        if not 0 <= number < 1 << _NUMBER_BITS:
            return None
        index, kind = divmod(int(self._numbers.back(np.array([number], dtype=np.uint64))[0]), _KINDS)
        total = self.timeline.total
        return index if kind == self.kind and (total is None or index < total) else None

    def select(self, where: tuple[Condition, ...]) -> IndexSet:
        """Return the sessions that meet the conditions."""
        if not where:
            return _ALL
        return self.selected.get(
            where, lambda: ArchetypeSet(self.schedule, match_archetypes(self.archetypes, where))
        )

    def texts(self, dimension: str, text_of: Callable[[Any], str]) -> frozenset[str]:
        """Return *text_of* of all entries of a dimension."""
        return self._texts.get(
            (dimension, text_of),
            lambda: frozenset(map(text_of, DIMENSIONS[dimension](self.archetypes)[0])),
        )

    def sessions_of_actors(self, actors: Iterable[str], where: tuple[Condition, ...], now: int) -> I64:
        """Return the sessions of visitors that meet the conditions; user ids match identified ones."""
        parts = [np.empty(0, dtype=np.int64)]
        for actor in actors:
            visitor = parse_visitor_number(actor.removeprefix(WHILE_ANONYMOUS))
            if visitor is None:
                continue
            index = self.schedule.sessions_of(visitor, self.count_started(now))
            if actor.startswith((_USER, WHILE_ANONYMOUS)):
                identified = self.archetypes.identified[self.schedule.archetype_of(index)]
                index = index[identified == actor.startswith(_USER)]
            parts.append(index)
        return self.filter_sessions(np.unique(np.concatenate(parts)), where)

    def filter_sessions(self, index: I64, where: tuple[Condition, ...]) -> I64:
        """Return those of some sessions that meet the conditions."""
        if not where:
            return index
        return index[np.isin(self.schedule.archetype_of(index), match_archetypes(self.archetypes, where))]


def parse_visitor_number(actor: str) -> int | None:
    """Parse a user id of the seeded world, or 12 hexadecimal digits; None for anything else."""
    digits = actor.removeprefix(_USER)
    return int(digits, 16) if len(digits) == 12 and set(digits) <= _HEX else None  # noqa: PLR2004 -- 48 bits


@IdentityCache
def mailbox_parts(words: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the parts of e-mail addresses: given and family names in ASCII letters, and domains."""
    given_names = tuple(map(_letters, words.given_names))
    return given_names, tuple(map(_letters, words.family_names)), words.mail_domains


def _letters(name: str) -> str:
    """Return the letters of a name without accents: zoe for Zoë."""
    plain = normalize("NFKD", name.casefold()).translate(_UNDECOMPOSED)
    return "".join(letter for letter in plain if "a" <= letter <= "z") or "visitor"


def ip_addresses(visitors: U64, place: I64, places: int) -> list[str]:
    """Return the address of each visitor, given the position of its place among all *places*.

    A network belongs to one place, but a place may have several networks.
    """
    networks = below(max(len(NETWORKS) // places, 1), visitors << _NETWORK_SHIFT)
    networks = (networks * places + place) % len(NETWORKS)
    hosts = (visitors >> _HOST_SHIFT) & _HOST_MASK
    return [
        NETWORKS[network] + HOSTS[host]
        for network, host in zip(networks.tolist(), hosts.tolist(), strict=True)
    ]
