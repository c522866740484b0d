"""Known differences from the server of December 2025, which was run. Data only."""

from typing import Final

from mockserver.contract.provenance import NotImitated
from mockserver.vendors.rybbit.dialects.not_imitated import (
    edges_of_range,
    order_within_second,
    syntax_of_re2,
)

_RUN: Final = "run-2025-12"
NOT_IMITATED: Final = (
    NotImitated("limit=05 and limit=+5", "500", "200: they are the number 5", _RUN),
    NotImitated(
        "page as a fraction or in another form, such as 1.5, 0x2 or 1e1",
        "200: the offset is (page - 1) * limit",
        "500",
        _RUN,
    ),
    NotImitated("empty page", "500", "200: it is absent", _RUN),
    NotImitated("page=0 or less with limit=0", "200 without rows", "500", _RUN),
    NotImitated(
        "a numeric site id with leading zeros, such as 01000", "200: it is read as a number", "401", _RUN
    ),
    NotImitated(
        "messages of errors in the database",
        "those of ClickHouse",
        "except for number 184, those of session-mock",
        _RUN,
    ),
    syntax_of_re2(_RUN),
    NotImitated(
        "filters of locations on channel",
        "each event is compared; all but the first of a session are Direct",
        "the session's channel is compared",
        _RUN,
    ),
    NotImitated(
        "unknown paths and wrong methods without a key",
        "401, or 404 Site not found for paths such as /api/sites/",
        "404 of the framework",
        _RUN,
    ),
    NotImitated(
        "paths of 2026, such as /api/sites/{site}/sessions",
        "404 Site not found: the last segment is read as the site",
        "404 of the framework",
        _RUN,
    ),
    NotImitated(
        "OPTIONS without Access-Control-Request-Method, or of an unknown path",
        "400 Invalid Preflight Request, or 204 with CORS headers",
        "404 of the framework",
        _RUN,
    ),
    NotImitated("headers of responses to unknown paths", "vary: Origin", "none without an Origin", _RUN),
    NotImitated(
        "referrer and channel of one session",
        "those of any event, so also empty and Direct",
        "those of the first event",
        _RUN,
    ),
    order_within_second(_RUN),
    edges_of_range(_RUN),
    NotImitated(
        "texts that look like numbers, such as the title 404 or the city 12",
        "numbers",
        "texts, except versions",
        _RUN,
    ),
    NotImitated("API keys", "rb_ and 64 letters", "rb_ and 32 letters or digits", _RUN),
)
