r"""Regular expressions that cannot hang: the time they take is linear in the text.

Python's engine backtracks, and ``(a+)+b`` keeps it busy for years. The vendor's engine, RE2, follows all ways through
the text at once, and therefore has neither lookaround nor backreferences. So does this one. A pattern is written as for
Python, whose parser says what is wrong with it, but without those two, atomic groups and possessive quantifiers; the
flags i, m and s may stand at its beginning; ``\d``, ``\s``, ``\w`` and ``\b`` know ASCII only.
"""

import re
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache, partial, reduce
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
_Part = Callable[[int], int]
"""A part of a pattern: from the state that follows it to the state that begins it."""


class PatternError(ValueError):
    """A text that is no pattern; the message says why."""


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
        """Whether any part of a text matches."""
        waiting: set[int] = set()
        for at in range(len(text) + 1):
            reached = self._reached({*waiting, self._start}, text, at)
            if _FOUND in reached:
                return True
            states = [self._states[number] for number in reached]
            waiting = {state.to[0] for state in states if state.takes and state.piece.match(text, at)}
        return False

    def _reached(self, numbers: Iterable[int], text: str, at: int) -> set[int]:
        """The states that are reached from some without going past a character, themselves included."""
        reached: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            state = self._states[number]
            if number not in reached and not state.takes and state.piece.match(text, at):
                waiting += state.to
            reached.add(number)
        return reached

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


def _counts(least: str, comma: str, most: str, **_: str) -> tuple[int, int | None]:
    if not comma:
        return int(least), int(least)
    return int(least or 0), int(most) if most else None


@lru_cache(maxsize=256)
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
