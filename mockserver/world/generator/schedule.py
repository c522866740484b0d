"""The schedule of a population: the archetype and visitor of each session, and the inverse of both.

Sessions come in *rounds* of one per visitor slot; the order of slots is shuffled within each half of a round.
In round r, slot s has visit index (r + phase[s]) mod VISITS, so a block of VISITS x variants rounds contains
every archetype exactly once. Therefore the total of a filter is a multiplication. A visitor's next visit
comes ``stride`` rounds later. The stride is 1 modulo VISITS, so visit indices ascend, and so long that no
visit begins within 30 minutes after the previous one ends.

Where rounds take longer than that, regular visitors have several slots, hence several visits in a round. A
visit in another slot than their first one (the *leader*) that would begin too early belongs to a visitor who
comes once.

The two sessions of an early return of the timeline exchange their slots with *twins*, which have the same
attributes, and belong to one visitor. An exchange stays within half a round, so all of the above holds.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mockserver.world.generator.archetypes.events import MAX_DURATION
from mockserver.world.generator.archetypes.sizes import ARCHETYPES, VISITS
from mockserver.world.generator.archetypes.table import RUN, ArchetypeTable
from mockserver.world.generator.timeline import Timeline
from mockserver.world.model.hashing import I64, U64, Permutation, below, draw, i64, key, permute, unpermute

SESSION_TIMEOUT: Final = 30 * 60_000
"""Milliseconds without an event after which a session is over."""
_MAX_SLOTS: Final = ARCHETYPES // VISITS
_I_VISITS = i64(VISITS)
_VISIT_MASK = i64(VISITS - 1)


def choose_slot_count(sessions: int) -> int:
    """Return a number of visitor slots with which few hundred sessions have returning visitors."""
    return 1 << max(0, min(_MAX_SLOTS.bit_length() - 1, (sessions // 4).bit_length() - 1))


def visit_stride(timeline: Timeline, slots: int) -> int:
    """Return the number of rounds between the visits of a visitor in one slot."""
    return _stride(_positions_apart(timeline), slots)


def _stride(apart: int, slots: int) -> int:
    rounds = -(-(apart + slots // 2) // slots)
    return rounds + (1 - rounds) % VISITS


def _positions_apart(timeline: Timeline) -> int:
    """Return a number of sessions after which the next visit is always late enough."""
    return timeline.most_within(MAX_DURATION + SESSION_TIMEOUT) + 1


class _Replacements:
    """Numbers that replace others at a few keys; of equal keys, the first one counts."""

    def __init__(self, keys: I64, numbers: I64) -> None:
        order = keys.argsort(kind="stable")
        self._keys = keys[order]
        self._values = numbers[order]

    def apply(self, keys: I64, values: I64) -> None:
        """Replace the values at keys that have another one."""
        if not len(self._keys) or not keys.size:
            return
        first, stop = self._keys.searchsorted((keys.min(), keys.max() + 1)).tolist()
        if first < stop:
            near = self._keys[first:stop]
            place = np.minimum(near.searchsorted(keys), len(near) - 1)
            has_other = near[place] == keys
            values[has_other] = self._values[first:stop][place[has_other]]


_NOTHING: Final = np.empty(0, dtype=np.int64)
_NO_REPLACEMENTS: Final = _Replacements(_NOTHING, _NOTHING)


class SessionSchedule:
    """Assigns the archetypes of a table to the sessions of a timeline."""

    def __init__(self, seed_key: int, archetypes: ArchetypeTable, timeline: Timeline) -> None:
        slots = archetypes.slots
        self.archetypes = archetypes
        self.timeline = timeline
        self._slot_bits = slots.bit_length() - 1
        self._half_bits = max(self._slot_bits - 1, 0)
        self._round_shift = i64(self._slot_bits)
        self._position_mask = i64(slots - 1)
        self._half_mask = i64(slots - (1 << self._half_bits))
        self._variant_bits = archetypes.variants.bit_length() - 1
        self._variant_shift = i64(self._variant_bits)
        self._row_bits = self._variant_bits + VISITS.bit_length() - 1
        self._slot_key = key(seed_key, "lanes")
        self._variant_key = key(seed_key, "variants")
        leaders = archetypes.leaders
        self._phase = below(VISITS, draw(key(seed_key, "phase"), leaders.view(np.uint64)))
        self._visitors = Permutation(key(seed_key, "visitor"), 48)
        self._apart = _positions_apart(timeline)
        self.stride = _stride(self._apart, slots)
        # The number of a visitor, before it is permuted, encodes (round after the last visit, leader, first
        # visit). It is linear in the round of a session: `_first_visitor` is its value in round 0, and it
        # grows by `_visitors_per_round` a round. Visitors who come once have their own slot and visit in it.
        self._visitors_per_round = i64(slots * VISITS)
        base = _number_slots(self.stride, slots)
        first_visitor = base[leaders] + archetypes.first_visits
        single_visitor = base + np.arange(VISITS)
        first_visitor[archetypes.late_slots] = single_visitor[archetypes.late_slots]
        self._first_visitor = first_visitor.ravel()
        self._is_follower = leaders != np.arange(slots)
        self._single_visitor = single_visitor.ravel()
        # If all slots of a visitor are in one half of a round, visits in other rounds are too far away.
        self._near_rounds = np.array([[0]] if slots >= 2 * RUN else [[-1], [0], [1]])
        self._early_returns = _NOTHING, _NOTHING
        self._other_slots = self._other_positions = self._other_visitors = _NO_REPLACEMENTS
        if len(archetypes.early_slots):
            self._assign_early_returns()

    def _assign_early_returns(self) -> None:
        """Assign twin slots and one visitor to the sessions of early returns.

        Each slot occurs once in a round, so only one early return can have its first or second session in
        the same half of it. Those that are left out have two visitors.
        """
        first, second = self.timeline.early_returns
        is_served = _is_other_than_before(first >> self._half_bits)
        first = first[is_served]
        second = second[is_served]
        is_served = _is_other_than_before(second >> self._half_bits)
        self._early_returns = first, second = first[is_served], second[is_served]
        early = self.archetypes.early_slots[first >> self._half_bits & 1]
        late = self.archetypes.late_slots[second >> self._half_bits & 1]
        self._exchange_slots(np.concatenate((second, first)), np.concatenate((late, early)))
        rounds = first >> self._round_shift
        visit = early * VISITS + ((rounds + self._phase[early]) & _VISIT_MASK)
        visitors = rounds * self._visitors_per_round + self._first_visitor[visit]
        self._other_visitors = _Replacements(second, visitors)

    def _exchange_slots(self, index: I64, slot: I64) -> None:
        """Give each session a slot of its half of a round, and its own slot to the session that had it.

        The second half of the sessions comes first. Each exchange is the only one in its half of a round,
        except for at most one of the other half of the sessions.
        """
        rounds = index >> self._round_shift
        start = rounds << self._round_shift
        own_slot = self._slot_at(rounds, index & self._position_mask)
        other = start | self._position_of(rounds, slot)
        # Where an exchange is the second one in its half of a round, it begins with what the first one made.
        count = len(index) // 2
        halves = index >> self._half_bits
        earlier = np.minimum(halves[count:].searchsorted(halves[:count]), max(count - 1, 0)) + count
        [later] = np.nonzero(halves[earlier] == halves[:count])
        earlier = earlier[later]
        was_moved = other[earlier] == index[later]
        own_slot[later[was_moved]] = own_slot[earlier[was_moved]]
        was_moved = own_slot[earlier] == slot[later]
        other[later[was_moved]] = other[earlier[was_moved]]
        sessions = np.concatenate((index, other))
        slots = np.concatenate((slot, own_slot))
        self._other_slots = _Replacements(sessions, slots)
        slots |= np.concatenate((start, start))
        self._other_positions = _Replacements(slots, sessions & self._position_mask)

    def _slot_at(self, rounds: I64, position: I64) -> I64:
        """Return the visitor slot at each position of a round."""
        half = position & self._half_mask
        keys = draw(self._slot_key, rounds.view(np.uint64))
        slot = half | permute(self._half_bits, keys, (position - half).view(np.uint64)).view(np.int64)
        self._other_slots.apply(rounds << self._round_shift | position, slot)
        return slot

    def _position_of(self, rounds: I64, slot: I64) -> I64:
        """Return the position of each visitor slot in a round."""
        half = slot & self._half_mask
        keys = draw(self._slot_key, rounds.astype(np.uint64))
        position = half | unpermute(self._half_bits, keys, (slot - half).astype(np.uint64)).view(np.int64)
        self._other_positions.apply(rounds << self._round_shift | slot, position)
        return position

    def _variant_keys(self, block: I64, slot: I64, visit: I64) -> U64:
        return draw(
            self._variant_key, ((block * self.archetypes.slots + slot) * VISITS + visit).astype(np.uint64)
        )

    def archetype_of(self, index: I64) -> I64:
        """Return the archetype of each session."""
        rounds = index >> self._round_shift
        return self._archetype_in(rounds, self._slot_at(rounds, index & self._position_mask))

    def _archetype_in(self, rounds: I64, slot: I64) -> I64:
        """Return the archetype of each visitor slot in a round."""
        row: I64 = slot * _I_VISITS + ((rounds + self._phase[slot]) & _VISIT_MASK)
        if self._variant_bits:
            repetition = (rounds // VISITS & (self.archetypes.variants - 1)).astype(np.uint64)
            block = rounds // (self.archetypes.variants * VISITS)
            keys = self._variant_keys(block, slot, row & _VISIT_MASK)
            row = row * self.archetypes.variants + permute(self._variant_bits, keys, repetition).view(
                np.int64
            )
        return row

    def _round_of(self, block: I64, row: I64) -> I64:
        """Return the round, within its block of sessions, in which each archetype occurs (broadcasts).

        With one variant per visit, the round is the same in all blocks.
        """
        slot = row >> self._row_bits
        visit = row >> self._variant_bits & (VISITS - 1)
        rounds: I64 = (visit - self._phase[slot]) & (VISITS - 1)
        if self._variant_bits:
            variant = row & (self.archetypes.variants - 1)
            keys = self._variant_keys(block, slot, visit)
            rounds = rounds + VISITS * unpermute(self._variant_bits, keys, variant.astype(np.uint64)).astype(
                np.int64
            )
        return rounds

    def session_at(self, block: I64, row: I64) -> I64:
        """Return the session of each archetype in a block; inverts :meth:`archetype_of` (broadcasts)."""
        rounds = block * (self.archetypes.variants * VISITS) + self._round_of(block, row)
        return (rounds << self._slot_bits) | self._position_of(rounds, row >> self._row_bits)

    def count_before(self, index: I64, row: I64) -> I64:
        """Return for each session how many of the archetypes in *row* occur before it in its block.

        Rounds before the session's own are counted as a whole; positions are only computed in its own round.
        """
        block = index // ARCHETYPES
        rounds = index >> self._slot_bits
        position = index & (self.archetypes.slots - 1)
        own_round = (rounds & (self.archetypes.variants * VISITS - 1))[:, None]
        row_round = self._round_of(block[:, None], row)
        session, same = np.nonzero(row_round == own_round)
        earlier = session[self._position_of(rounds[session], row[same] >> self._row_bits) < position[session]]
        return np.asarray((row_round < own_round).sum(axis=1) + np.bincount(earlier, minlength=len(index)))

    def visitor_of(self, index: I64, row: I64) -> U64:
        """Return the 48-bit visitor number of each session; *row* holds the archetypes of the sessions."""
        visit = row >> self._variant_shift
        in_round_0 = self._first_visitor[visit]
        followers = np.flatnonzero(self._is_follower[visit // VISITS]) if self.archetypes.has_regulars else ()
        if len(followers):
            single = followers[self._is_single(index[followers], row[followers])]
            in_round_0[single] = self._single_visitor[visit[single]]
        visitor = (index >> self._round_shift) * self._visitors_per_round + in_round_0
        self._other_visitors.apply(index, visitor)
        return self._visitors.forward(visitor.view(np.uint64))

    def _is_single(self, index: I64, row: I64) -> NDArray[np.bool_]:
        """Return True for sessions of followers that do not belong to the visitor of their leader.

        A follower's session is too early in the round of the first visit, which may not have begun, and if
        it would begin within 30 minutes after another one of the leader or of a lower follower, or the
        other way round. All of these are looked up in the same round, and in tiny worlds also in the
        neighbouring ones.
        """
        slot = row >> self._row_bits
        first = self.archetypes.first_visits[slot, row >> self._variant_shift & _VISIT_MASK]
        single = first == (row >> self._variant_shift & _VISIT_MASK)
        others = self.archetypes.lower_members[slot]
        session, member = np.nonzero(others >= 0)
        own = index[session]
        rounds = (own >> self._round_shift) + self._near_rounds
        other_slot = others[session, member]
        other = (rounds << self._round_shift) | self._position_of(rounds, other_slot)
        is_near = (rounds >= 0) & (np.abs(other - own) < self._apart)
        if self.timeline.total is not None:
            is_near &= np.maximum(other, own) < self.timeline.total
        place, pair = np.nonzero(is_near)
        if len(pair):
            session = session[pair]
            starts = self.timeline.starts(np.concatenate((own[pair], other[place, pair])))
            other_row = self._archetype_in(rounds[place, pair], other_slot[pair])
            ends = starts + self.archetypes.duration[np.concatenate((row[session], other_row))]
            start, other_start = starts.reshape(2, -1)
            end, other_end = ends.reshape(2, -1)
            clash = (start <= other_end + SESSION_TIMEOUT) & (other_start <= end + SESSION_TIMEOUT)
            single[session[clash]] = True
        return np.asarray(single)

    def sessions_of(self, visitor: int, total: int) -> I64:
        """Return all sessions of a visitor below *total*, ascending; empty for an unknown visitor."""
        decoded = int(self._visitors.back(np.array([visitor], dtype=np.uint64))[0])
        end_round, slot = divmod(decoded // VISITS, self.archetypes.slots)
        rounds = end_round - VISITS * self.stride + np.arange(VISITS) * self.stride
        rounds = rounds[(rounds >= 0) & (rounds <= total >> self._slot_bits)]
        slots = (
            np.flatnonzero(self.archetypes.leaders == slot)
            if self.archetypes.leaders[slot] == slot
            else np.array([slot])
        )
        rounds = rounds[:, None]
        index = ((rounds << self._slot_bits) | self._position_of(rounds, slots)).ravel()
        first, second = self._early_returns
        index = np.sort(np.concatenate((index, second[np.isin(first, index)])))
        index = index[index < total]
        return np.asarray(index[self.visitor_of(index, self.archetype_of(index)) == np.uint64(visitor)])


def _is_other_than_before(values: I64) -> NDArray[np.bool_]:
    """Return True for the first of equal values next to each other."""
    is_other = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=is_other[1:])
    return is_other


@lru_cache(maxsize=64)
def _number_slots(stride: int, slots: int) -> I64:
    """Return the number in round 0 of the visitors of each slot and visit, for 0 as the first visit."""
    rounds = (VISITS - np.arange(VISITS)) * stride
    return (rounds * slots + np.arange(slots)[:, None]) * VISITS
