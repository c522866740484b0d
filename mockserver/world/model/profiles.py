"""Profiles: named specs for tests, each with a shape on which clients often fail."""

from typing import Any, Final

PROFILES: Final[dict[str, dict[str, Any]]] = {
    "default": {"sessions": 1000},
    "empty": {"sessions": 0},
    "single": {"sessions": 1},
    "page-exact": {"sessions": 400},  # A multiple of 50, 100 and 200: the last page is full.
    "page-plus-one": {"sessions": 401},  # The last page has one session.
    "busy": {"sessions": 1_000_000},
    "flowing": {"sessions_per_day": 500, "start": "2026-01-01"},
    # Contains the start of summer time in Europe, an end of month, no leap day, and days without sessions.
    "awkward": {
        "sessions": 1500,
        "start": "2026-02-27T12:34:56.789Z",
        "end": "2026-04-02",
        "vocabulary": "awkward",
        "quiet_days": [2, 3],  # Not Sunday, on which clocks change.
        # A fifth of the sessions share a start. With a larger grain, none starts just before midnight.
        "grain": 900_000,
    },
}
