"""Known differences from the running server, which the mock does not imitate. Data only."""

from typing import Final

from mockserver.contract.provenance import NotImitated

NOT_IMITATED: Final = (
    NotImitated(
        "filters of a session with several countries, browsers or pages",
        "one event within the days must match all filters",
        "the filters apply to the whole session",
        "server",
    ),
    NotImitated(
        "country, browser, os and device_type of a row",
        "those of the session's last event",
        "those of the whole session",
        "server",
    ),
    NotImitated(
        "visitor_id of a visitor who returns on another day",
        "changes at midnight in UTC, which also splits a session",
        "never changes",
        "server",
    ),
    NotImitated(
        "entry_page and exit_page of a session with two events in one microsecond",
        "may differ between the list and the session",
        "are the same in both",
        "run",
    ),
    NotImitated(
        "start_date or end_date with the year 0, a negative year or a year after 9999",
        "a date; the last day of its calendar, +262142-12-31, closes the connection without a response",
        "an invalid date, which is replaced by its default",
        "run",
    ),
    NotImitated(
        "limit=-0", "400 as text: invalid digit found in string", "400 as JSON: out of bounds", "run"
    ),
    NotImitated(
        "cursor with another format of ls than the server's own",
        "what the cast of DuckDB reads, such as infinity, 2026/11/25 or a negative year",
        "ISO 8601, with a space or T before the time; all else is an internal error",
        "run",
    ),
    NotImitated("cursor that is a JSON array of ls and sid", "200", "400 invalid cursor", "run"),
    NotImitated("cursor with a key twice", "400 invalid cursor", "the last one counts", "run"),
    NotImitated(
        "path parameter that is not UTF-8, such as %FF",
        "400 as text: Invalid URL: Invalid UTF-8, before the parameters are checked",
        "404 as JSON: an unknown id",
        "run",
    ),
    NotImitated(
        "empty website id, or a slash in it as %2F",
        "404 as JSON: Website not found; 401 without a key",
        "404 without a body",
        "run",
    ),
    NotImitated(
        "query of more than 8,190 characters",
        "200; 414 from 65,535 characters",
        "400 of the web server",
        "run",
    ),
    NotImitated(
        "bytes in the target that URLs do not have, lower-case methods, bodies of several MB",
        "a fragment is dropped, other bytes are part of an id, get is a wrong method, the body is not read",
        "404, 400 of the web server, 413",
        "run",
    ),
    NotImitated(
        "GET /health, /api/websites and /api/websites/{id}",
        "200; the last two are 401 without a key",
        "404: only the endpoints of sessions are imitated",
        "run",
    ),
)
