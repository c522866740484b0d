"""Regular expressions find what Python's find, and cannot hang."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.vendors.rybbit.filters.regex import PatternError, compiled

ONES = st.sampled_from(
    [
        "a",
        "b",
        ".",
        r"\w",
        r"\d",
        r"\.",
        "[ab]",
        "[^a]",
        "[]a]",
        r"[\]-]",
        r"\x61",
        r"\u0062",
        r"\101",
        "é",
        "{",
        "}",
        "]",
        " ",
    ]
)
PLACES = st.sampled_from(["^", r"\b", r"\B", r"\A", r"\Z"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "*?", "+?", "{0}"])


def composed(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Patterns made of smaller ones."""
    return st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, parts).map("|".join),
        st.tuples(st.sampled_from(["(", "(?:"]), parts, st.just(")"), REPEATS).map("".join),
    )


PATTERNS = st.recursive(st.one_of(PLACES, st.tuples(ONES, REPEATS).map("".join)), composed, max_leaves=8)
FLAGS = st.sampled_from(["", "(?i)", "(?m)", "(?s)", "(?ims)"])


@given(flags=FLAGS, pattern=PATTERNS, text=st.text("abAB01.é]- \n{}", max_size=12))
def test_a_pattern_finds_what_pythons_own_engine_finds(flags: str, pattern: str, text: str) -> None:
    """Any composition of what both engines know is found in the same texts."""
    assert compiled(flags + pattern).found_in(text) == (
        re.search(flags + pattern, text, re.ASCII) is not None
    )


@pytest.mark.parametrize(("text", "found"), [("a", True), ("a\n", False), ("a\nb", False)])
def test_a_dollar_is_the_very_end(text: str, *, found: bool) -> None:
    """Unlike Python's, and like the vendor's, it does not stand before a last line feed."""
    assert compiled("a$").found_in(text) is found
    assert compiled("(?m)a$").found_in(text)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "(a*)*b", "a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)x", "a?" * 200 + "b"]
)
def test_a_catastrophe_for_others_is_over_at_once(pattern: str) -> None:
    """Whatever would take a backtracking engine years takes a moment."""
    assert not compiled(pattern).found_in("a" * 2048 + "!")


def test_a_group_may_have_a_name() -> None:
    """Names are read and mean nothing."""
    assert compiled("(?P<page>/docs)+$").found_in("/docs/docs")
    assert not compiled("(?P<page>/docs)+$").found_in("/docs/")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", r"missing \), unterminated subpattern at position 0"),
        ("*", "nothing to repeat at position 0"),
        ("a{2}{3}", "multiple repeat at position 4"),
        ("[[a]", "Possible nested set at position 1"),
        ("a(?=b)", r"\(\? at position 1 is not supported"),
        ("(?<!a)b", r"\(\? at position 0 is not supported"),
        ("(?>a)", r"\(\? at position 0 is not supported"),
        (r"(a)\1", r"\\1 at position 3 is not supported"),
        ("a++", r"\+ at position 2 is not supported"),
        ("a{1001}", "it is too large"),
        ("((((){900}){900}){900}){900}", "it is too large"),
        ("a{99999999999}", "the repetition number is too large"),
        ("(" * 250 + ")" * 250, "it is nested too deeply"),
    ],
)
def test_what_is_no_pattern_says_why(pattern: str, why: str) -> None:
    """A text that is no pattern, or one of a kind that cannot be bounded, is refused with its place."""
    with pytest.raises(PatternError, match=f"^{why}$"):
        compiled(pattern)
