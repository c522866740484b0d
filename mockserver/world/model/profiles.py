"""Profiles: named specs for tests, each a shape that clients trip over."""

from typing import Any, Final

PROFILES: Final[dict[str, dict[str, Any]]] = {
    "default": {"sessions": 1000},
    "empty": {"sessions": 0},
    "single": {"sessions": 1},
    "page-exact": {"sessions": 400},  # A multiple of 50, 100 and 200: the last page is full.
    "page-plus-one": {"sessions": 401},  # One session stands alone on the last page.
    "busy": {"sessions": 1_000_000},
    "flowing": {"sessions_per_day": 500, "start": "2026-01-01"},
    # Across the start of summer time in Europe, a month's end and a leap day's absence, with days of silence.
    "awkward": {
        "sessions": 500,
        "start": "2026-02-27T12:34:56.789Z",
        "end": "2026-04-02",
        "vocabulary": "awkward",
        "quiet_days": [2, 3],  # No Sunday: clocks change on one.
        "grain": 3_600_000,  # Below an hour, a world of this size shares no start.
    },
}
