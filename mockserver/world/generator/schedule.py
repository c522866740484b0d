"""Which row of the deck each session is, whose visit it is, and the way back.

Sessions come in *rounds* of one per lane, in an order of lanes that is shuffled within each half of the round. In round
r, lane λ is at turn (r + phase λ) mod TURNS, so a block of TURNS x variants rounds deals every row of the deck exactly
once: that is what makes totals of filters a multiplication. A person's next turn comes ``stride`` rounds later; stride
is 1 modulo TURNS (so turns ascend) and long enough that no visit begins within 30 minutes after the last one.
"""

from typing import Final

import numpy as np

from mockserver.world.generator.archetypes import ARCHETYPES, MAX_DURATION, VISITS, ArchetypeTable
from mockserver.world.generator.timeline import Timeline
from mockserver.world.model.hashing import I64, U64, Permutation, below, draw, i64, key, permute, unpermute

SESSION_TIMEOUT: Final = 30 * 60_000
"""Milliseconds without an event after which a session is over."""
_MAX_SLOTS: Final = ARCHETYPES // VISITS
_TURNS, _TURN = i64(VISITS), i64(VISITS - 1)


def choose_slot_count(sessions: int) -> int:
    """Choose how many visitor archetypes take turns, so that a world of a few hundred sessions has visitors who return."""
    return 1 << max(0, min(_MAX_SLOTS.bit_length() - 1, (sessions // 4).bit_length() - 1))


class SessionSchedule:
    """The arrangement of one deck along one timeline."""

    def __init__(self, seed_key: int, deck: ArchetypeTable, timeline: Timeline) -> None:
        self.archetypes, self.timeline = deck, timeline
        self._lane_bits = deck.slots.bit_length() - 1
        self._half_bits = max(self._lane_bits - 1, 0)
        self._lane_shift, self._slot_mask = i64(self._lane_bits), i64(deck.slots - 1)
        self._half_mask = i64(deck.slots - (1 << self._half_bits))
        self._variant_bits = deck.variants.bit_length() - 1
        self._row_bits = self._variant_bits + VISITS.bit_length() - 1
        self._lane_key, self._variant_key = key(seed_key, "lanes"), key(seed_key, "variants")
        self._phase = below(VISITS, draw(key(seed_key, "phase"), np.arange(deck.slots, dtype=np.uint64)))
        self._visitors = Permutation(key(seed_key, "visitor"), 48)
        apart = timeline.most_within(MAX_DURATION + SESSION_TIMEOUT) + 1
        rounds = -(-(apart + deck.slots // 2) // deck.slots)
        self.stride = rounds + (1 - rounds) % VISITS
        self._born_apart, self._variant_shift = i64(deck.slots * VISITS), i64(self._variant_bits)
        lane, turn = np.arange(deck.slots)[:, None], np.arange(VISITS)
        self._first_born = (((VISITS - turn) * self.stride * deck.slots + lane) * VISITS + deck.first_visits).ravel()
        """What to add to a round's number, times lanes and turns, for the person whose visit each lane and turn is in that round."""

    def _lane_at(self, rounds: I64, slot: I64) -> I64:
        high, keys = slot & self._half_mask, draw(self._lane_key, rounds.view(np.uint64))
        return high | permute(self._half_bits, keys, (slot - high).view(np.uint64)).view(np.int64)

    def _slot_of(self, rounds: I64, lane: I64) -> I64:
        high, keys = lane & self._half_mask, draw(self._lane_key, rounds.astype(np.uint64))
        return high | unpermute(self._half_bits, keys, (lane - high).astype(np.uint64)).view(np.int64)

    def _variant_keys(self, block: I64, lane: I64, turn: I64) -> U64:
        return draw(self._variant_key, ((block * self.archetypes.slots + lane) * VISITS + turn).astype(np.uint64))

    def archetype_of(self, index: I64) -> I64:
        """The row of the deck that each session is."""
        rounds = index >> self._lane_shift
        lane = self._lane_at(rounds, index & self._slot_mask)
        row: I64 = lane * _TURNS + ((rounds + self._phase[lane]) & _TURN)
        if self._variant_bits:
            nth = (rounds // VISITS & (self.archetypes.variants - 1)).astype(np.uint64)
            keys = self._variant_keys(index // ARCHETYPES, lane, row & _TURN)
            row = row * self.archetypes.variants + permute(self._variant_bits, keys, nth).view(np.int64)
        return row

    def _round_of(self, block: I64, row: I64) -> I64:
        """The round of a block of ROWS sessions in which each row is dealt, 0 for its first (broadcasts).

        Where a turn has one variant only, that is the same in every block.
        """
        lane, turn, variant = row >> self._row_bits, row >> self._variant_bits & (VISITS - 1), row & (self.archetypes.variants - 1)
        rounds: I64 = (turn - self._phase[lane]) & (VISITS - 1)
        if self._variant_bits:
            keys = self._variant_keys(block, lane, turn)
            rounds = rounds + VISITS * unpermute(self._variant_bits, keys, variant.astype(np.uint64)).astype(np.int64)
        return rounds

    def session_at(self, block: I64, row: I64) -> I64:
        """The session that is a row in a block of ROWS sessions (broadcasts): the way back from :meth:`rows`."""
        rounds = block * (self.archetypes.variants * VISITS) + self._round_of(block, row)
        return (rounds << self._lane_bits) | self._slot_of(rounds, row >> self._row_bits)

    def count_before(self, index: I64, row: I64) -> I64:
        """How many of some rows are dealt before each session, in its own block.

        Rounds that are over count as a whole; where a row's slot is must be known in the session's own round only.
        """
        block, rounds, slot = index // ARCHETYPES, index >> self._lane_bits, index & (self.archetypes.slots - 1)
        now, dealt = (rounds & (self.archetypes.variants * VISITS - 1))[:, None], self._round_of(block[:, None], row)
        session, same = np.nonzero(dealt == now)
        earlier = session[self._slot_of(rounds[session], row[same] >> self._row_bits) < slot[session]]
        return np.asarray((dealt < now).sum(axis=1) + np.bincount(earlier, minlength=len(index)))

    def visitor_of(self, index: I64, row: I64) -> U64:
        """The 48-bit visitor number of each session, whose row is known."""
        person = (index >> self._lane_shift) * self._born_apart + self._first_born[row >> self._variant_shift]
        return self._visitors.forward(person.view(np.uint64))

    def sessions_of(self, visitor: int, total: int) -> I64:
        """All sessions of a visitor below ``total``, ascending; empty where there is no such visitor."""
        person = int(self._visitors.back(np.array([visitor], dtype=np.uint64))[0])
        born, lane = divmod(person // VISITS, self.archetypes.slots)
        rounds = born - VISITS * self.stride + np.arange(VISITS) * self.stride
        rounds = rounds[(rounds >= 0) & (rounds <= total >> self._lane_bits)]
        index = (rounds << self._lane_bits) | self._slot_of(rounds, np.full(len(rounds), lane))
        index = index[index < total]
        return np.asarray(index[self.visitor_of(index, self.archetype_of(index)) == np.uint64(visitor)])
