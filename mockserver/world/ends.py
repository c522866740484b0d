"""When the sessions of one source end, told as cheaply as when they start.

No session lasts longer than the longest of its rows of the deck, so those that end in an interval start in it or not
long before. Where even these are too many to look at, the deck helps: each of its rows has one duration and is dealt
once in every full block, so how many sessions of a row end before an instant is a division.
"""

from functools import cached_property
from typing import Final, NamedTuple, Protocol

import numpy as np
from msgspec import Struct

from mockserver.world.deal import TIMEOUT
from mockserver.world.deck import ROWS
from mockserver.world.found import DealtSource, Source, TrackedSource
from mockserver.world.hashing import I64
from mockserver.world.sessions import Sessions

MANY: Final = 16
"""How many sessions for each row of the deck are looked at one by one, before it is cheaper to look at the rows."""
_EVER: Final = 1 << 48


class Within(Struct, frozen=True):
    """The sessions of a source that end within an interval, in no order."""

    ahead: int
    """How many end after them."""
    index: I64
    """What :meth:`Ends.pick` and :meth:`Ends.numbers` know them by."""
    starts: I64
    ends: I64


class _Pieces(NamedTuple):
    """Sessions cut into pieces: those of a row whose index lies in [first, stop) end, as they stand now, so long after they start."""

    row: I64
    at: I64
    first: I64
    stop: I64


class Ends(Protocol):
    """When the sessions of a source end; each has a mark that it ends no earlier than, and at most ``longest`` after."""

    total: int
    longest: int
    latest: int
    """None ends later."""

    def since(self, instant: int) -> int:
        """How many marks lie at or after an instant."""

    def mark(self, rank: int) -> int:
        """The mark that has so many before it, newest first; that of the oldest where there are no more."""

    def is_wide(self, low: int, high: int) -> bool:
        """Whether an interval is so wide that it should be narrowed before :meth:`within` looks into it."""

    def within(self, low: int, high: int) -> Within:
        """Those that end in [low, high)."""

    def after(self, instant: int) -> int:
        """How many end at or after an instant."""

    def numbers(self, index: I64) -> I64:
        """The session numbers of some of them."""

    def pick(self, index: I64) -> Sessions:
        """Some of them, ascending, as a batch."""


class DealtEnds:
    """When the sessions of a population end: their marks are their starts."""

    def __init__(self, source: DealtSource, many: float) -> None:
        self._source, self._many, self.total = source, many, source.total
        self._rows = source.selection.rows
        duration = source.deck.duration
        self.longest = int((duration if self._rows is None else duration[self._rows]).max(initial=0))
        self.latest = min(self.mark(0) + self.longest, source.now)

    def since(self, instant: int) -> int:  # noqa: D102 -- as in Ends
        return self._source.total - self._source.before(instant)

    def mark(self, rank: int) -> int:  # noqa: D102 -- as in Ends
        ordinal = max(self._source.total - 1 - rank, 0)
        return int(self._source.starts(ordinal, ordinal + 1)[0])

    def is_wide(self, low: int, high: int) -> bool:  # noqa: D102 -- as in Ends
        return self._is_costly(low, high, self._many)

    def _is_costly(self, low: int, high: int, many: float) -> bool:
        """Whether more sessions than so many for each row have to be looked at to see which end in [low, high)."""
        if self._rows is None:
            return False
        return self._source.before(high) - self._source.before(low - self.longest) > many * len(self._rows)

    def within(self, low: int, high: int) -> Within:  # noqa: D102 -- as in Ends
        if self._is_costly(low, high, self._many):
            return self._dealt(low, high)
        stop = self._source.before(high)
        batch = self._source.take(self._source.before(low - self.longest), stop)
        found = (batch.ends >= low) & (batch.ends < high)
        ahead = self._source.total - stop + int((batch.ends >= high).sum())
        return Within(ahead, batch.indices[found], batch.starts[found], batch.ends[found])

    def after(self, instant: int) -> int:  # noqa: D102 -- as in Ends
        if not self._is_costly(instant, instant, min(self._many, 1)):
            return self.within(instant, instant).ahead
        pieces = self._pieces(instant)
        before = int((self._rank(pieces.row, self._cut(pieces, instant)) - self._rank(pieces.row, pieces.first)).sum())
        return self.total - before + int((self._lacking[1] < instant).sum())

    def numbers(self, index: I64) -> I64:  # noqa: D102 -- as in Ends
        return self._source.population.session_numbers(index).view(np.int64)

    def pick(self, index: I64) -> Sessions:  # noqa: D102 -- as in Ends
        return self._source.pick(index)

    def _pieces(self, instant: int) -> _Pieces:
        """Pieces that hold every session which ends before an instant.

        Whoever does nothing for the timeout has ended a session: before that time ago, none that still runs seems to end.
        """
        return self._standing if instant > self._source.now - TIMEOUT else self._settled

    @cached_property
    def _settled(self) -> _Pieces:
        """One piece for each row: its sessions as they are when they are over."""
        rows = np.arange(ROWS) if self._rows is None else self._rows
        first, stop = self._source.bounds
        return _Pieces(rows, self._source.deck.duration[rows], np.full(len(rows), first), np.full(len(rows), stop))

    @cached_property
    def _standing(self) -> _Pieces:
        """One piece for each event of a row: the sessions in which it is the last that has happened."""
        source, rows = self._source, self._settled.row
        length = source.deck.length[rows]
        nth, step = np.nonzero(np.arange(int(length.max(initial=0))) < length[:, None])
        row = rows[nth]
        at = source.deck.offset[source.deck.begin[row] + step].astype(np.int64)
        following = np.append(at[1:], 0)
        following[step == length[nth] - 1] = _EVER
        first, stop = (
            np.clip(source.population.timeline.before_each(source.now + 1 - offset), *source.bounds) for offset in (following, at)
        )
        [some] = np.nonzero(first < stop)
        return _Pieces(row[some], at[some], first[some], stop[some])

    @cached_property
    def _lacking(self) -> tuple[I64, I64]:
        """Which sessions within the bounds are excluded from the selection, and when they end."""
        excluded = self._source.selection.excluded
        first, stop = np.searchsorted(excluded, self._source.bounds)
        batch = self._source.pick(excluded[first:stop])
        return batch.indices, batch.ends

    def _cut(self, pieces: _Pieces, instant: int) -> I64:
        """For each piece, the index below which its sessions end before an instant."""
        return np.clip(self._source.population.timeline.before_each(instant - pieces.at), pieces.first, pieces.stop)

    def _rank(self, row: I64, index: I64) -> I64:
        """How many sessions of each row are below an index."""
        block = index // ROWS
        return block + (self._source.population.deal.places(block, row) < index)

    def _dealt(self, low: int, high: int) -> Within:
        """:meth:`within`, row by row, looking at one session or two of each."""
        pieces = self._pieces(high)
        first, stop = self._cut(pieces, low), self._cut(pieces, high)
        [some] = np.nonzero(first < stop)
        blocks = (stop[some] - 1) // ROWS - first[some] // ROWS + 1
        piece = np.repeat(some, blocks)
        block = first[piece] // ROWS + np.arange(len(piece)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
        index = self._source.population.deal.places(block, pieces.row[piece])
        found = (index >= first[piece]) & (index < stop[piece]) & ~np.isin(index, self._lacking[0])
        index = index[found]
        starts = self._source.population.timeline.starts(index)
        return Within(self.after(high), index, starts, starts + pieces.at[piece[found]])


class TrackedEnds:
    """When the sessions of an overlay end, which may last for ever: their marks are their ends."""

    longest = 0

    def __init__(self, source: TrackedSource) -> None:
        self._source, self.total = source, source.total
        self._ends = np.array([session.events[-1].at for session in source.sessions], dtype=np.int64)
        self._sorted = np.sort(self._ends)
        self.latest = self.mark(0)

    def since(self, instant: int) -> int:  # noqa: D102 -- as in Ends
        return len(self._sorted) - int(np.searchsorted(self._sorted, instant))

    def mark(self, rank: int) -> int:  # noqa: D102 -- as in Ends
        return int(self._sorted[max(len(self._sorted) - 1 - rank, 0)])

    def is_wide(self, low: int, high: int) -> bool:  # noqa: ARG002, D102 -- as in Ends; they are in a list
        return False

    def within(self, low: int, high: int) -> Within:  # noqa: D102 -- as in Ends
        [index] = np.nonzero((self._ends >= low) & (self._ends < high))
        starts = np.array([self._source.sessions[ordinal].start for ordinal in index], dtype=np.int64)
        return Within(self.since(high), index, starts, self._ends[index])

    def after(self, instant: int) -> int:  # noqa: D102 -- as in Ends
        return self.since(instant)

    def numbers(self, index: I64) -> I64:  # noqa: D102 -- as in Ends
        return np.array([self._source.sessions[ordinal].number(self._source.site_key) for ordinal in index], dtype=np.int64)

    def pick(self, index: I64) -> Sessions:  # noqa: D102 -- as in Ends
        return self._source.pick(index.tolist())


def ends(source: Source, many: float) -> Ends:
    """When the sessions of a source end, looking at no more than so many one by one where that can be helped."""
    if isinstance(source, DealtSource):
        return DealtEnds(source, many)
    if isinstance(source, TrackedSource):
        return TrackedEnds(source)
    raise TypeError(f"no ends of {type(source).__name__}")
