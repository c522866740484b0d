"""Making together what is asked for together, and reading ahead for whoever asks for one page after the other.

What a page of the seeded world costs is nearly the same for a hundred sessions as for many. So nothing is made before
somebody needs it, and then with all else that was asked for by then; and a page that follows the last one is made with
those that come next. What is made ahead is never wrong: a session of that world that is over stays as it is.
"""

from collections.abc import Callable, Sequence
from typing import Final
from weakref import ref

import numpy as np
from msgspec import Struct

from mockserver.vendor.lines import Columns, Lines
from mockserver.world.generator.columns import GeneratedSessions

PAGES: Final = 8
"""How many pages are made ahead at once, the first of them included."""
MOST: Final = 800
"""The most sessions that are made at once, unless one page asks for more."""

Make = Callable[[GeneratedSessions], Columns]


class _Wish:
    """Sessions whose lines were asked for."""

    __slots__ = ("__weakref__", "first", "made", "sessions", "stop")

    def __init__(self, sessions: GeneratedSessions) -> None:
        self.sessions, self.first, self.stop = sessions, sessions.indices.item(0), sessions.indices.item(-1) + 1
        self.made: Columns = ()
        """Their lines, once they are made."""

    @property
    def consecutive(self) -> bool:
        """Whether they are all from the first to the last."""
        return self.stop - self.first == len(self.sessions)


class _Made(Struct, frozen=True):
    """Consecutive sessions whose lines were made together."""

    first: int
    stop: int
    columns: Columns
    """The lines; none where nothing was made but what was asked for."""
    since: int
    """An instant by which all of them are over."""

    def part(self, wish: _Wish) -> Columns:
        """The lines of some of them; none where they are not all here."""
        if not self.columns or wish.first < self.first or self.stop < wish.stop or wish.sessions.now < self.since or not wish.consecutive:
            return ()
        return _cut(self.columns, wish.first - self.first, len(wish.sessions))

    def next(self, asked: range, count: int) -> range | None:
        """The sessions that come next, upwards or downwards, where the range is among them in which so many are asked for."""
        most = min(PAGES * count, MOST)
        if self.stop <= asked.start and asked.stop <= self.stop + most:
            return range(self.stop, self.stop + most)
        if self.first - most <= asked.start and asked.stop <= self.first:
            return range(max(self.first - most, 0), self.first)
        return None


class Ahead:
    """The lines of one population's sessions, in one way to tell them: those that were made last are kept."""

    def __init__(self, make: Make) -> None:
        self._make = make
        # Both are replaced as a whole: servers in several threads may share a world.
        self._wishes: list[ref[_Wish]] = []
        self._made: tuple[_Made, ...] = ()
        """The last ones first: two, so that a request that was overtaken finds its page still there."""

    def lines(self, sessions: GeneratedSessions) -> Lines:
        """A line for each session of a batch, at least one."""
        wish = _Wish(sessions)
        made = self._part(wish)
        if made:
            return Lines.of(made)
        self._wishes.append(ref(wish))
        return Lines(len(sessions), lambda: wish.made or self._part(wish) or self._together(wish))

    def _part(self, wish: _Wish) -> Columns:
        return next((found for made in self._made if (found := made.part(wish))), ())

    def _together(self, wish: _Wish) -> Columns:
        """Make what is needed with all that was wished for since anything was made, and with what comes next."""
        wishes, self._wishes = self._wishes, []
        others = [other for other in (each() for each in wishes) if other is not None and other is not wish]
        now = min(each.sessions.now for each in (wish, *others))
        over = wish.sessions.population.count_started(now - wish.sessions.archetypes.longest)  # Whatever has started by then.
        batch, left = _batch(wish, others, over)
        self._wishes += map(ref, left)
        count = sum(len(each.sessions) for each in batch)
        window = self._window(batch, count, over)
        columns, place = self._make(_all(batch, window, now)), 0
        if window is not None:
            self._made = (_Made(window.start, window.stop, columns if len(window) > count else (), now), *self._made[:1])
        for each in batch:
            each.made = _cut(columns, each.first - window.start if window else place, len(each.sessions))
            place += len(each.sessions)
        return wish.made

    def _window(self, batch: Sequence[_Wish], count: int, over: int) -> range | None:
        """Consecutive sessions among which are all of a batch of so many: what comes next and is over, or no more than the batch itself."""
        if not all(each.consecutive for each in batch):
            return None
        whole = range(batch[0].first, batch[-1].stop)
        following = (made.next(whole, count) for made in self._made if whole.stop <= over)
        found = next((each for each in following if each is not None), None)
        if found is not None:
            return range(found.start, min(found.stop, over))
        return whole if len(whole) == count else None


def _batch(wish: _Wish, others: Sequence[_Wish], over: int) -> tuple[list[_Wish], list[_Wish]]:
    """A wish and others as far as they fit, ascending and apart from each other; and those that are left for another time.

    A page with sessions that may still run is made alone: they stand as they do at its own instant.
    """
    batch, left, room = [wish], list[_Wish](), MOST - len(wish.sessions)
    for other in others:
        apart = all(other.stop <= each.first or each.stop <= other.first for each in batch)
        if apart and len(other.sessions) <= room and max(wish.stop, other.stop) <= over:
            batch.append(other)
            room -= len(other.sessions)
        else:
            left.append(other)
    return sorted(batch, key=lambda each: each.first), left


def _all(batch: Sequence[_Wish], window: range | None, now: int) -> GeneratedSessions:
    """All sessions of a window, or else of a batch, as they stand at an instant."""
    one = batch[0].sessions
    if len(batch) == 1 and (window is None or len(window) == len(one)):
        return one
    index = np.concatenate([each.sessions.indices for each in batch]) if window is None else np.arange(window.start, window.stop)
    return GeneratedSessions(one.population, index, now, one.identities)


def _cut(columns: Columns, start: int, length: int) -> Columns:
    return [column[start : start + length] for column in columns]
