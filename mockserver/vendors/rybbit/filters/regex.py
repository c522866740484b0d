r"""Regular expressions that take time linear in the length of the text.

Python's engine backtracks, so a pattern such as ``(a+)+b`` can take years. The vendor's engine, RE2, follows
all alternatives at once and therefore supports neither lookaround nor backreferences. This engine works the
same way.

The syntax is Python's, without lookaround, backreferences, atomic groups and possessive quantifiers; Python's
parser also reports syntax errors. Flags i, m and s are allowed at the beginning. ``\d``, ``\s``, ``\w`` and
``\b`` are ASCII-only.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial, reduce
from math import inf
from typing import Final

from msgspec import Struct

_MAX_STATES: Final = 1000
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")
_TOKEN: Final = re.compile(
    r"""(?P<open>\((?!\?)|\(\?(?::|P<\w+>))
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<assertion>[\^$]|\\[AbBZ])
    |(?P<unsupported>\(\?|\\(?:[1-7](?![0-7]{2})|[89]))
    |(?P<repeat>[*+?]\??|\{(?!\})(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}\??)
    |(?P<character>\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|[0-7]{1,3}|.)|.)""",
    re.DOTALL | re.VERBOSE,
)
_REPEAT_COUNTS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_EMPTY: Final = re.compile("")
_FINAL_STATE: Final = 0
"""The state in which a match is complete."""
_ACCEPTED: Final = -1
"""The node that follows a complete match."""
_NO_ASSERTIONS: Final[frozenset[re.Pattern[str]]] = frozenset()
_Part = Callable[[int], int]
"""A part of a pattern: given the state that follows it, adds its states and returns the first."""


class PatternError(ValueError):
    """Raised for an invalid or unsupported pattern."""


class UnsupportedPatternError(PatternError):
    """Raised for a pattern that other engines support."""


class WorkError(ValueError):
    """Raised for a search that takes more steps than allowed."""


class SearchResult(Struct, frozen=True):
    """The texts that contain a match, and the number of steps of the search."""

    matching_texts: frozenset[str]
    steps: int


class _State(Struct, frozen=True):
    """A state of the automaton that a pattern is compiled to."""

    condition: re.Pattern[str]
    """Must match at the position of the text."""
    consumes: bool
    """True if the condition is about a character and consumes it; False for an assertion."""
    next_states: tuple[int, ...]


class Pattern:
    """A pattern, compiled to a nondeterministic automaton."""

    def __init__(self, text: str) -> None:
        leading = _FLAGS.match(text)
        self._flags = re.compile(leading.group() if leading else "", re.ASCII).flags
        self._tokens = list(_TOKEN.finditer(text, leading.end() if leading else 0))[::-1]
        self._states = [_State(_EMPTY, consumes=False, next_states=())]
        self._start = self._parse_alternatives()(_FINAL_STATE)

    def matches(self, text: str) -> bool:
        """Return whether any part of a text matches."""
        return bool(self.search([text]).matching_texts)

    def search(self, texts: Iterable[str], max_steps: float = inf) -> SearchResult:
        """Return the texts that contain a match; raise :class:`WorkError` after *max_steps* steps."""
        automaton = _Automaton(self._states, self._start, max_steps)
        matching_texts = frozenset(text for text in texts if automaton.accepts(text))
        return SearchResult(matching_texts, automaton.steps)

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self._states)

    def _add_state(self, condition: re.Pattern[str], *next_states: int, consumes: bool = False) -> int:
        if len(self._states) == _MAX_STATES:
            raise UnsupportedPatternError("the pattern is too large")
        self._states.append(_State(condition, consumes, next_states))
        return len(self._states) - 1

    def _next_token_is(self, *kinds: str) -> bool:
        return bool(self._tokens) and self._tokens[-1].lastgroup in kinds

    def _parse_alternatives(self) -> _Part:
        branches = [self._parse_sequence()]
        while self._next_token_is("bar"):
            self._tokens.pop()
            branches.append(self._parse_sequence())
        return lambda following: self._add_state(_EMPTY, *[branch(following) for branch in branches])

    def _parse_sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._tokens and not self._next_token_is("bar", "close"):
            parts.append(self._parse_repeat(self._parse_part()))
        return lambda following: reduce(lambda state, part: part(state), reversed(parts), following)

    def _parse_part(self) -> _Part:
        token = self._tokens.pop()
        source = token.group()
        if token.lastgroup == "open":
            inside = self._parse_alternatives()
            self._tokens.pop()
            return inside
        if token.lastgroup not in {"character", "assertion"}:
            raise UnsupportedPatternError(f"{source} at position {token.start()} is not supported")
        if source == "$" and not self._flags & re.MULTILINE:
            source = r"\Z"
        return partial(
            self._add_state, re.compile(source, self._flags), consumes=token.lastgroup == "character"
        )

    def _parse_repeat(self, part: _Part) -> _Part:
        if not self._next_token_is("repeat"):
            return part
        token = self._tokens.pop()
        least, most = _REPEAT_COUNTS.get(token.group()[0]) or _parse_counts(**token.groupdict())
        return partial(self._repeat, part, least, most)

    def _repeat(self, part: _Part, least: int, most: int | None, following: int) -> int:
        first = following
        if most is None:
            first = self._add_state(_EMPTY)
            self._states[first] = _State(_EMPTY, consumes=False, next_states=(part(first), following))
        for _ in range((most or least) - least):
            first = self._add_state(_EMPTY, part(first), following)
        for _ in range(least):
            first = self._add_state(_EMPTY, part(first))
        return first


class _Automaton:
    """A deterministic automaton that is built lazily, as far as the searched texts need it.

    A *node* is the set of states that the pattern can be in after some text. The node that follows depends
    only on the character conditions that match the next character and on the assertions (such as ``^`` or a
    word boundary) that hold there, so it is computed once. :attr:`steps` counts visited states and
    characters; it bounds time and memory.
    """

    def __init__(self, states: Sequence[_State], start: int, max_steps: float) -> None:
        self._states = states
        self._start = start
        self._max_steps = max_steps
        self._characters = list(dict.fromkeys(state.condition for state in states if state.consumes))
        self._assertions = list(
            dict.fromkeys(
                state.condition for state in states if not state.consumes and state.condition is not _EMPTY
            )
        )
        self._characters_by_text: dict[str, frozenset[re.Pattern[str]]] = {"": frozenset()}
        self._assertions_by_text: dict[tuple[str, str], frozenset[re.Pattern[str]]] = {}
        self._nodes: dict[frozenset[int], int] = {frozenset(): 0}
        self._sets: list[frozenset[int]] = [frozenset()]
        self._next: dict[tuple[int, frozenset[re.Pattern[str]], frozenset[re.Pattern[str]]], int] = {}
        self.steps = 0

    def accepts(self, text: str) -> bool:
        """Return whether any part of a text matches."""
        self._count(len(text) + 1)
        node = 0
        before = ""
        for character in (*text, ""):
            key = (node, self._characters_matching(character), self._assertions_between(before, character))
            following = self._next.get(key)
            if following is None:
                following = self._next[key] = self._follow(*key)
            if following == _ACCEPTED:
                return True
            node = following
            before = character
        return False

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self._max_steps:
            raise WorkError

    def _characters_matching(self, character: str) -> frozenset[re.Pattern[str]]:
        matching = self._characters_by_text.get(character)
        if matching is None:
            self._count(len(self._characters))
            matching = frozenset(condition for condition in self._characters if condition.match(character))
            self._characters_by_text[character] = matching
        return matching

    def _assertions_between(self, before: str, after: str) -> frozenset[re.Pattern[str]]:
        """Return the assertions that hold between two characters; an empty one is an end of the text."""
        if not self._assertions:
            return _NO_ASSERTIONS
        holding = self._assertions_by_text.get((before, after))
        if holding is None:
            self._count(len(self._assertions))
            around = before + after
            holding = frozenset(
                condition for condition in self._assertions if condition.match(around, len(before))
            )
            self._assertions_by_text[before, after] = holding
        return holding

    def _follow(
        self, node: int, characters: frozenset[re.Pattern[str]], assertions: frozenset[re.Pattern[str]]
    ) -> int:
        """Return the node after the next character, or :data:`_ACCEPTED`."""
        reached: set[int] = set()
        following: set[int] = set()
        pending = [self._start, *self._sets[node]]
        while pending:
            number = pending.pop()
            if number in reached:
                continue
            reached.add(number)
            state = self._states[number]
            if state.consumes:
                if state.condition in characters:
                    following.add(state.next_states[0])
            elif state.condition is _EMPTY or state.condition in assertions:
                pending += state.next_states
                self._count(len(state.next_states))
        self._count(len(reached))
        if _FINAL_STATE in reached:
            return _ACCEPTED
        states = frozenset(following)
        if states not in self._nodes:
            self._nodes[states] = len(self._sets)
            self._sets.append(states)
        return self._nodes[states]


def _parse_counts(least: str, comma: str, most: str, **_: str) -> tuple[int, int | None]:
    if not comma:
        return int(least), int(least)
    return int(least or 0), int(most) if most else None


@lru_cache(maxsize=64)
def compile_pattern(text: str) -> Pattern:
    """Return the compiled pattern; raise :class:`PatternError` if it is invalid."""
    try:
        with warnings.catch_warnings(action="error"):
            re.compile(text)
        return Pattern(text)
    except (re.error, FutureWarning, OverflowError) as error:
        raise PatternError(str(error)) from None
    except RecursionError:
        raise PatternError("the pattern is nested too deeply; use fewer groups within groups") from None


@lru_cache(maxsize=64)
def search(pattern: str, texts: frozenset[str], max_steps: int) -> SearchResult:
    """Return the texts that contain a match; raise :class:`WorkError` after more than *max_steps* steps.

    The texts are searched in a fixed order, so that the number of steps is reproducible.
    """
    return compile_pattern(pattern).search(sorted(texts), max_steps)
