"""Known differences from the server of July 2026, which was run, and from the newest sources. Data only."""

from typing import Final

from mockserver.contract.provenance import NotImitated
from mockserver.vendors.rybbit.dialects.not_imitated import (
    edges_of_range,
    order_within_second,
    syntax_of_re2,
)

_RUN: Final = "run-2026-07"
_NEWEST: Final = "newest"
_SHARED: Final = (
    NotImitated(
        "min_duration and max_duration of less than a second more",
        "whole seconds between whole-second times, as in session_duration",
        "milliseconds are compared",
        _RUN,
    ),
    edges_of_range(_RUN),
    NotImitated(
        "dates in other forms that JavaScript reads, such as 25 Nov 2026",
        "400 with the error about the format only",
        "400 with the errors about format and value",
        _RUN,
    ),
    syntax_of_re2(_RUN),
    NotImitated(
        "a numeric site id with leading zeros, such as 01000",
        "200: it is read as a number",
        "403",
        _RUN,
    ),
    NotImitated(
        "a site id that is not a number and has at most 4 characters or a blank, such as abc or 1.5",
        "500 in the framework's format, with the failed query",
        "403 or 404",
        _RUN,
    ),
    NotImitated("/api/sites//sessions and /api/sites/", "400 Site ID required", "404 of the framework", _RUN),
    NotImitated("/api/sites/{site}/sessions/", "404 Session not found", "404 of the framework", _RUN),
    NotImitated(
        "limit=-1 and offset=-1 of one session",
        "200: ClickHouse 26 counts from the end",
        "500",
        _RUN,
    ),
    NotImitated(
        "a path with %FF, or a session id of more than 1,500 characters",
        "400 FST_ERR_BAD_URL of the framework; 404 of the framework",
        "404 Session not found",
        _RUN,
    ),
    NotImitated("OPTIONS preflight for another endpoint than the list", "204", "404", _RUN),
    NotImitated("header vary of responses to requests without an Origin", "Origin", "none", _RUN),
    NotImitated(
        "order of keys in a row of the list",
        "times between utm_content and entry_page; tag, timezone, has_replay and traits last",
        "times and traits before country; has_replay before the fields of 2026",
        _RUN,
    ),
)
JULY: Final = (
    *_SHARED,
    NotImitated(
        "limit and page that are negative, 0 or fractions",
        "200 for some of them: ClickHouse 26 counts from the end, and (page - 1) * limit is the offset",
        "500, except limit=0",
        _RUN,
    ),
    order_within_second(_RUN),
)
SEPTEMBER: Final = (
    *_SHARED,
    NotImitated(
        "/api/sites/{site}/sessions/summary",
        "counts of sessions by view and by day",
        "404 Session not found",
        _NEWEST,
    ),
    NotImitated(
        "page=21474838 and other pages whose offset exceeds 32 bits",
        "the offset wraps, or the query fails",
        "200 without rows",
        _NEWEST,
    ),
    NotImitated(
        "goals of the site",
        "converted_goals, goals and view=converted report them, if the key may read goals",
        "there are none",
        _NEWEST,
    ),
)
