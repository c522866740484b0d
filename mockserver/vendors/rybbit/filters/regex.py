r"""Regular expressions that cannot hang: the time they take is linear in the text.

Python's engine backtracks, and ``(a+)+b`` keeps it busy for years. The vendor's engine, RE2, follows all ways through
the text at once, and therefore has neither lookaround nor backreferences. So does this one. A pattern is written as for
Python, whose parser says what is wrong with it, but without those two, atomic groups and possessive quantifiers; the
flags i, m and s may stand at its beginning; ``\d``, ``\s``, ``\w`` and ``\b`` know ASCII only.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial, reduce
from math import inf
from typing import Final

from msgspec import Struct

_MOST_STATES: Final = 1000
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")
_TOKEN: Final = re.compile(
    r"""(?P<open>\((?!\?)|\(\?(?::|P<\w+>))
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<place>[\^$]|\\[AbBZ])
    |(?P<refused>\(\?|\\(?:[1-7](?![0-7]{2})|[89]))
    |(?P<repeat>[*+?]\??|\{(?!\})(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}\??)
    |(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|[0-7]{1,3}|.)|.)""",
    re.DOTALL | re.VERBOSE,
)
_REPEATS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_NOTHING: Final = re.compile("")
_FOUND: Final = 0
"""The state in which a match is complete."""
_ACCEPTED: Final = -1
"""What follows where a match is complete."""
_NO_PLACES: Final[frozenset[re.Pattern[str]]] = frozenset()
_Part = Callable[[int], int]
"""A part of a pattern: from the state that follows it to the state that begins it."""


class PatternError(ValueError):
    """A text that is no pattern; the message says why."""


class WorkError(ValueError):
    """A search that takes more steps than it may."""


class Found(Struct, frozen=True):
    """The texts in which a pattern was found, and how many steps that took."""

    found: frozenset[str]
    work: int


class _State(Struct, frozen=True):
    """What must stand at a position of the text, whether that is a character to go past, and the states that follow."""

    piece: re.Pattern[str]
    takes: bool
    to: tuple[int, ...]


class Pattern:
    """A pattern as a machine of states."""

    def __init__(self, text: str) -> None:
        leading = _FLAGS.match(text)
        self._flags = re.compile(leading.group() if leading else "", re.ASCII).flags
        self._tokens = list(_TOKEN.finditer(text, leading.end() if leading else 0))[::-1]
        self._states = [_State(_NOTHING, takes=False, to=())]
        self._start = self._either()(_FOUND)

    def found_in(self, text: str) -> bool:
        """Return whether any part of a text matches."""
        return bool(self.search([text]).found)

    def search(self, texts: Iterable[str], most: float = inf) -> "Found":
        """Return the texts of which some part matches; raise :class:`WorkError` where that takes more than *most* steps."""
        automaton = _Automaton(self._states, self._start, most)
        return Found(frozenset(text for text in texts if automaton.accepts(text)), automaton.work)

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self._states)

    def _add(self, piece: re.Pattern[str], *to: int, takes: bool = False) -> int:
        if len(self._states) == _MOST_STATES:
            raise PatternError("it is too large")
        self._states.append(_State(piece, takes, to))
        return len(self._states) - 1

    def _next(self, *kinds: str) -> bool:
        return bool(self._tokens) and self._tokens[-1].lastgroup in kinds

    def _either(self) -> _Part:
        branches = [self._sequence()]
        while self._next("bar"):
            self._tokens.pop()
            branches.append(self._sequence())
        return lambda then: self._add(_NOTHING, *[branch(then) for branch in branches])

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._tokens and not self._next("bar", "close"):
            parts.append(self._repeated(self._part()))
        return lambda then: reduce(lambda after, part: part(after), reversed(parts), then)

    def _part(self) -> _Part:
        token = self._tokens.pop()
        source = token.group()
        if token.lastgroup == "open":
            inside = self._either()
            self._tokens.pop()
            return inside
        if token.lastgroup not in {"one", "place"}:
            raise PatternError(f"{source} at position {token.start()} is not supported")
        if source == "$" and not self._flags & re.MULTILINE:
            source = r"\Z"
        return partial(self._add, re.compile(source, self._flags), takes=token.lastgroup == "one")

    def _repeated(self, part: _Part) -> _Part:
        if not self._next("repeat"):
            return part
        token = self._tokens.pop()
        least, most = _REPEATS.get(token.group()[0]) or _counts(**token.groupdict())
        return partial(self._repeat, part, least, most)

    def _repeat(self, part: _Part, least: int, most: int | None, then: int) -> int:
        first = then
        if most is None:
            first = self._add(_NOTHING)
            self._states[first] = _State(_NOTHING, takes=False, to=(part(first), then))
        for _ in range((most or least) - least):
            first = self._add(_NOTHING, part(first), then)
        for _ in range(least):
            first = self._add(_NOTHING, part(first))
        return first


class _Automaton:
    """A machine made deterministic as far as some texts need it.

    The states in which the machine can be at once are one *node*. What follows a node depends only on which pieces of
    the pattern match the next character and which places (such as ``^`` or a word boundary) are there, so it is worked
    out once. :attr:`work` counts states looked at and characters read; it bounds time and memory.
    """

    def __init__(self, states: Sequence[_State], start: int, most: float) -> None:
        self._states, self._start, self._most = states, start, most
        self._ones = list(dict.fromkeys(state.piece for state in states if state.takes))
        self._places = list(
            dict.fromkeys(state.piece for state in states if not state.takes and state.piece is not _NOTHING)
        )
        self._ones_at: dict[str, frozenset[re.Pattern[str]]] = {"": frozenset()}
        self._places_at: dict[tuple[str, str], frozenset[re.Pattern[str]]] = {}
        self._nodes: dict[frozenset[int], int] = {frozenset(): 0}
        self._sets: list[frozenset[int]] = [frozenset()]
        self._next: dict[tuple[int, frozenset[re.Pattern[str]], frozenset[re.Pattern[str]]], int] = {}
        self.work = 0

    def accepts(self, text: str) -> bool:
        """Return whether any part of a text matches."""
        self._count(len(text) + 1)
        node, before = 0, ""
        for character in (*text, ""):
            key = (node, self._ones_matching(character), self._places_between(before, character))
            following = self._next.get(key)
            if following is None:
                following = self._next[key] = self._follow(*key)
            if following == _ACCEPTED:
                return True
            node, before = following, character
        return False

    def _count(self, steps: int) -> None:
        self.work += steps
        if self.work > self._most:
            raise WorkError

    def _ones_matching(self, character: str) -> frozenset[re.Pattern[str]]:
        """Return the pieces that match a character."""
        found = self._ones_at.get(character)
        if found is None:
            self._count(len(self._ones))
            found = self._ones_at[character] = frozenset(
                piece for piece in self._ones if piece.match(character)
            )
        return found

    def _places_between(self, before: str, after: str) -> frozenset[re.Pattern[str]]:
        """Return the places that are between two characters; an empty one is an end of the text."""
        if not self._places:
            return _NO_PLACES
        found = self._places_at.get((before, after))
        if found is None:
            self._count(len(self._places))
            around = before + after
            found = self._places_at[before, after] = frozenset(
                piece for piece in self._places if piece.match(around, len(before))
            )
        return found

    def _follow(self, node: int, ones: frozenset[re.Pattern[str]], places: frozenset[re.Pattern[str]]) -> int:
        """Return the node behind a character, or :data:`_ACCEPTED`."""
        reached: set[int] = set()
        following: set[int] = set()
        waiting = [self._start, *self._sets[node]]
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            state = self._states[number]
            if state.takes:
                if state.piece in ones:
                    following.add(state.to[0])
            elif state.piece is _NOTHING or state.piece in places:
                waiting += state.to
                self._count(len(state.to))
        self._count(len(reached))
        if _FOUND in reached:
            return _ACCEPTED
        known = frozenset(following)
        if known not in self._nodes:
            self._nodes[known] = len(self._sets)
            self._sets.append(known)
        return self._nodes[known]


def _counts(least: str, comma: str, most: str, **_: str) -> tuple[int, int | None]:
    if not comma:
        return int(least), int(least)
    return int(least or 0), int(most) if most else None


@lru_cache(maxsize=64)
def compiled(text: str) -> Pattern:
    """The pattern that a text is, or :class:`PatternError`."""
    try:
        with warnings.catch_warnings(action="error"):
            re.compile(text)
        return Pattern(text)
    except (re.error, FutureWarning, OverflowError) as error:
        raise PatternError(str(error)) from None
    except RecursionError:
        raise PatternError("it is nested too deeply") from None


@lru_cache(maxsize=64)
def search(pattern: str, texts: frozenset[str], most: int) -> Found:
    """Return the texts in which a pattern is found; raise :class:`WorkError` where that takes more than *most* steps.

    The texts are searched in a fixed order, so that the same search always takes as many steps.
    """
    return compiled(pattern).search(sorted(texts), most)
