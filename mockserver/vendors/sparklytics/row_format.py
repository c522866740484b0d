"""Reading of rows of the list of sessions, in the documented dialect."""

import re
from collections.abc import Mapping
from typing import Final

from mockserver.rows.datetimes import parse_instant
from mockserver.vendors.row_formats import Row, RowEntries, RowError, RowFormat, check_events, make_agent
from mockserver.vendors.sparklytics.rows import parse_visitor_id
from mockserver.vendors.sparklytics.views import ENCODER
from mockserver.world.generator.imported.session import ImportedSession, walk_pages
from mockserver.world.model.countries import place_of_country
from mockserver.world.model.vocabulary import Agent, Place


def _read(row: Row, entries: RowEntries) -> ImportedSession:
    match = re.fullmatch(r"sess_([0-9a-f]{14})", row["session_id"])
    number = int(match[1], 16) if match else None
    visitor = parse_visitor_id(row["visitor_id"])
    start, end = parse_time(row, "started_at"), parse_time(row, "ended_at")
    check_events("pageviews, events", row["pageviews"] + row["events"], start, end)
    place = entries.place(row, make_place)
    return ImportedSession(
        start=start,
        end=end,
        number=entries.number(row, "session_id", number, "sess_ and 14 hexadecimal digits", 56),
        visitor=entries.number(row, "visitor_id", visitor, "an id that session-mock has given", 48),
        place=place,
        agent=entries.agent(row, _make_agent),
        acquisition=entries.vocabulary.acquisitions[0],
        language=place.language,
        hostname="",
        pages=walk_pages(entries.vocabulary, row["pageviews"], None, None),
        custom_events=row["events"],
    )


def parse_time(row: Row, field: str) -> int:
    """Return the instant of a field."""
    instant = parse_instant(row[field])
    if instant is None:
        raise RowError(field, f"{row[field]!r} is not a time; expected one such as 2026-09-10T08:00:00Z")
    return instant


def make_place(row: Row) -> Place:
    """Return a place of which only the country is known."""
    place = place_of_country(row["country"])
    if place is None:
        raise RowError("country", f"unknown code {row['country']!r}; expected one of ISO 3166-1 alpha-2")
    return place


def _make_agent(row: Row) -> Agent:
    return make_agent(row["device"] or "", row["os"] or "", row["browser"] or "")


ROW_FORMATS: Final[Mapping[str, RowFormat]] = {
    "list_sessions": RowFormat(lambda _: ENCODER, ("session_id", "visitor_id"), _read)
}
