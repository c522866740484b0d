"""Reading of rows of the server's list of sessions."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from mockserver.vendors.row_formats import Row, RowEntries, RowError, RowFormat, check_events
from mockserver.vendors.sparklytics.row_format import make_place, parse_time
from mockserver.vendors.sparklytics.rows import parse_visitor_id
from mockserver.vendors.sparklytics.server import user_agents
from mockserver.vendors.sparklytics.server.ids import parse_session_id
from mockserver.vendors.sparklytics.server.rows import ENCODER
from mockserver.world.generator.imported.session import ImportedSession, walk_pages
from mockserver.world.model.vocabulary import Agent, Page

_URL: Final = re.compile(r"(?:https://([^/?]+)(?=/))?(/[^?]*)(\?.*)?", re.DOTALL)


class _Address(NamedTuple):
    """The host and the page in the URL of an event."""

    hostname: str
    page: Page | None


def _read(row: Row, entries: RowEntries) -> ImportedSession:
    start, end = parse_time(row, "first_seen"), parse_time(row, "last_seen")
    count = row["event_count"]
    check_events("event_count", count, start, end)
    entry, last = (_parse_url(row, name, entries) for name in ("entry_page", "exit_page"))
    # A row does not say which events are pageviews; those of a session without a page are not.
    pageviews = count if entry.page else 0
    place = entries.place(row, make_place)
    return ImportedSession(
        start=start,
        end=end,
        number=entries.number(
            row, "session_id", parse_session_id(row["session_id"]), "an id that session-mock has given", 56
        ),
        visitor=entries.number(
            row, "visitor_id", parse_visitor_id(row["visitor_id"]), "an id that session-mock has given", 48
        ),
        place=place,
        agent=entries.agent(row, _make_agent),
        acquisition=entries.vocabulary.acquisitions[0],
        language=place.language,
        hostname=entry.hostname,
        pages=walk_pages(entries.vocabulary, pageviews, entry.page, last.page),
        custom_events=count - pageviews,
    )


def _parse_url(row: Row, field: str, entries: RowEntries) -> _Address:
    if row[field] is None:
        return _Address("", None)
    match = _URL.fullmatch(row[field])
    if match is None:
        raise RowError(
            field, f"{row[field][:80]!r} is not a URL; expected one such as https://www.shop.example/pricing"
        )
    hostname, path, query = match.groups("")
    return _Address(hostname, entries.page(path, query))


def _make_agent(row: Row) -> Agent:
    return user_agents.make_agent(row["browser"], row["os"], row["device_type"])


ROW_FORMATS: Final[Mapping[str, RowFormat]] = {
    "list_sessions": RowFormat(lambda _: ENCODER, ("session_id", "visitor_id"), _read)
}
