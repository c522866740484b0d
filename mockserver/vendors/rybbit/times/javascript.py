"""Texts as JavaScript reads them, the language of Rybbit's server."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from math import inf, nan
from typing import Final

_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WITH_RADIX: Final = re.compile(r"0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_INFINITY: Final = {"Infinity": inf, "+Infinity": inf, "-Infinity": -inf}
_MONTH_FIRST: Final = re.compile(r"\s*([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_DATE: Final = re.compile(
    r"\s*([0-9]{4})(?:([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?)?"
    r"(?:Z|[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?)?\s*",
    re.ASCII,
)
_HOUR: Final = 5
"""Number of the group with the hour; the default of the earlier groups, month and day, is 1."""
_END_OF_DAY: Final = (24, 0, 0)

_PATTERN_ERRORS: Final = {
    "missing ), unterminated subpattern": "Unterminated group",
    "unterminated character set": "Unterminated character class",
    "nothing to repeat": "Nothing to repeat",
    "multiple repeat": "Nothing to repeat",
    "unbalanced parenthesis": "Unmatched ')'",
    "bad escape (end of pattern)": "\\ at end of pattern",
    "bad character range": "Range out of order in character class",
    "min repeat greater than max repeat": "numbers out of order in {} quantifier",
    "redefinition of group name": "Duplicate capture group name",
}
"""JavaScript's words by the beginning of Python's."""


def describe_pattern_error(pattern: str, error: str) -> str:
    """Return JavaScript's message for a pattern that Python rejects with *error*."""
    words = (words for beginning, words in _PATTERN_ERRORS.items() if error.startswith(beginning))
    return f"Invalid regular expression: /{pattern}/: {next(words, 'Invalid group')}"


def to_number(text: str) -> float:
    """Return ``Number(text)``; NaN if it is not a number."""
    stripped = text.strip()
    if _WITH_RADIX.fullmatch(stripped):
        return float(int(stripped, 0))
    if _DECIMAL.fullmatch(stripped):
        return float(stripped)
    return _INFINITY.get(stripped, nan) if stripped else 0.0


def parse_date(text: str) -> datetime | None:
    """Return the instant ``Date.parse(text)``, in UTC if it has no offset; None for texts that it refuses.

    A day up to the 31st rolls over into the next month. Of the many other forms that JavaScript reads, only
    those with year, month and day in digits are accepted.
    """
    match = _DATE.fullmatch(_MONTH_FIRST.sub(r"\4\2\1\2\3", text))
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(match[group] or group < _HOUR) for group in (1, 3, 4, _HOUR, 6, 7)
    )
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    ends_day = (hour, minute, second) == _END_OF_DAY
    try:
        zone = timezone(-offset if match[8] == "-" else offset)
        first = datetime(max(year, 1), month, 1, 0 if ends_day else hour, minute, second, tzinfo=zone)
        return (first + (date(1, 1, day) - date(1, 1, 1)) + timedelta(days=ends_day)).astimezone(UTC)
    except (
        ValueError,
        OverflowError,
    ):  # A number is out of its range, or the result out of the years 1 to 9999.
        return None
