"""Reading ahead: whoever asks for one page after the other is given pages that were made together.

What a page of the seeded world costs is nearly the same for a hundred sessions as for many, so that several pages made at
once cost little more than one. What is made ahead is never wrong: a session of that world that is over stays as it is.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from mockserver.vendor.lines import Line
from mockserver.world.dealt import DealtSessions

PAGES: Final = 8
"""How many pages are made at once."""
MOST: Final = 1000
"""The most sessions that are made at once, unless one page asks for more."""

Make = Callable[[DealtSessions], Sequence[Line]]


class _Made(Struct, frozen=True):
    """Lines of consecutive sessions."""

    first: int
    """Which session the first line is."""
    lines: Sequence[Line]
    over: int
    """The instant by which all of them are over."""

    def part(self, asked: range, now: int) -> Sequence[Line] | None:
        """The lines of some sessions, ``None`` where they are not all among them."""
        there = self.first <= asked.start and asked.stop <= self.first + len(self.lines) and now >= self.over
        return self.lines[asked.start - self.first : asked.stop - self.first] if there else None


class Ahead:
    """The lines of one population's sessions, in one way to tell them: those asked for last, and some beside them."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._asked = range(-1, -1)
        """Which sessions were asked for last; none that any page follows, at first."""
        self._made = _Made(0, (), 0)  # One value: servers in several threads may share a world.

    def lines(self, sessions: DealtSessions) -> Sequence[Line]:
        """A line for each session of a batch."""
        first, last = sessions.indices.item(0), sessions.indices.item(-1)
        if last - first != len(sessions) - 1:
            return self._make(sessions)
        asked, before = range(first, last + 1), self._asked
        self._asked = asked
        made = self._made.part(asked, sessions.now)
        if made is not None:
            return made
        beside = _beside(asked, before, sessions.population.timeline.total)
        if len(beside) == len(asked):
            return self._make(sessions)
        several = DealtSessions(sessions.population, np.arange(beside.start, beside.stop), sessions.now, sessions.identities)
        if several.some_run:
            return self._make(sessions)
        self._made = together = _Made(beside.start, self._make(several), int(several.over.max()))
        return together.part(asked, sessions.now) or ()


def _beside(asked: range, before: range, total: int | None) -> range:
    """The sessions to make together with those that are asked for: more of them in the direction in which they follow the last ones."""
    more = max(min((PAGES - 1) * len(asked), MOST - len(asked)), 0)
    if asked.start == before.stop:
        stop = asked.stop + more
        return range(asked.start, stop if total is None else max(min(stop, total), asked.stop))
    if asked.stop == before.start:
        return range(max(asked.start - more, 0), asked.stop)
    return asked
