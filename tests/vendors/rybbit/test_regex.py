"""The regular expression engine finds what Python's finds, in linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.vendors.rybbit.filters.regex import PatternError, compile_pattern

CHARACTERS = st.sampled_from(
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
ASSERTIONS = st.sampled_from(["^", r"\b", r"\B", r"\A", r"\Z"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "*?", "+?", "{0}"])


def composed(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return patterns that are composed of smaller ones."""
    return st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, parts).map("|".join),
        st.tuples(st.sampled_from(["(", "(?:"]), parts, st.just(")"), REPEATS).map("".join),
    )


PATTERNS = st.recursive(
    st.one_of(ASSERTIONS, st.tuples(CHARACTERS, REPEATS).map("".join)), composed, max_leaves=8
)
FLAGS = st.sampled_from(["", "(?i)", "(?m)", "(?s)", "(?ims)"])


@given(flags=FLAGS, pattern=PATTERNS, text=st.text("abAB01.é]- \n{}", max_size=12))
def test_pattern_matches_like_python(flags: str, pattern: str, text: str) -> None:
    assert compile_pattern(flags + pattern).matches(text) == (
        re.search(flags + pattern, text, re.ASCII) is not None
    )


@pytest.mark.parametrize(("text", "expected"), [("a", True), ("a\n", False), ("a\nb", False)])
def test_dollar_matches_only_at_end_of_text(text: str, *, expected: bool) -> None:
    """Unlike Python, and like the vendor's engine, it does not match before a final line feed."""
    assert compile_pattern("a$").matches(text) is expected
    assert compile_pattern("(?m)a$").matches(text)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "(a*)*b", "a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)x", "a?" * 200 + "b"]
)
def test_pattern_that_backtracks_forever_in_python_is_fast(pattern: str) -> None:
    assert not compile_pattern(pattern).matches("a" * 2048 + "!")


def test_group_name_is_ignored() -> None:
    assert compile_pattern("(?P<page>/docs)+$").matches("/docs/docs")
    assert not compile_pattern("(?P<page>/docs)+$").matches("/docs/")


@pytest.mark.parametrize(
    ("pattern", "message"),
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
        ("a{1001}", "the pattern is too large"),
        ("((((){900}){900}){900}){900}", "the pattern is too large"),
        ("a{99999999999}", "the repetition number is too large"),
        ("(" * 250 + ")" * 250, "the pattern is nested too deeply; use fewer groups within groups"),
    ],
)
def test_invalid_or_unsupported_pattern_raises_error(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=f"^{message}$"):
        compile_pattern(pattern)
