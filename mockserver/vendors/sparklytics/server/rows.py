"""Columns of the server's rows, and the fields that its filters are compared with."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from mockserver.rows.columns import Column, entry_column
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.sparklytics.list_query import DEFAULT_FIELDS, FilterFields
from mockserver.vendors.sparklytics.rows import compute_durations, format_visitor_ids
from mockserver.vendors.sparklytics.server import user_agents
from mockserver.vendors.sparklytics.server.ids import format_session_ids
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Page


def format_times(instants: Sequence[int]) -> list[str]:
    """Return instants in the format of the database, without trailing zeros in the fraction."""
    texts = np.array(instants, dtype="datetime64[ms]").astype(str).tolist()
    return [text.replace("T", " ").rstrip("0").rstrip(".") for text in texts]


def format_url(hostname_and_page: tuple[str, Page]) -> str:
    """Return the full URL of a page, empty if the page is unknown."""
    hostname, page = hostname_and_page
    if hostname and page.path:
        return f"https://{hostname}{page.path}{page.querystring}"
    return page.path + page.querystring


def _format_urls(hostnames: Sequence[str], pages: Sequence[Page]) -> list[str | None]:
    return [format_url(pair) or None for pair in zip(hostnames, pages, strict=True)]


def _count_events(sessions: SessionBatch) -> list[int]:
    counts = zip(sessions.pageviews, sessions.events, strict=True)
    return [pageviews + events for pageviews, events in counts]


def _entry(name: str, entries: str, text_of: Callable[[Any], str]) -> Column:
    """Return an own column with a text of each session's entry, None if it is empty."""
    return replace(entry_column(name, entries, lambda entry: text_of(entry) or None), own=True)


# All columns are own columns, because the encoder writes those first and the keys are in alphabetical order.
ENCODER: Final = RowEncoder(
    (
        _entry("browser", "agents", user_agents.browser_name),
        _entry("country", "places", lambda place: place.country),
        _entry("device_type", "agents", user_agents.device_type),
        Column("duration_seconds", compute_durations, own=True),
        Column("entry_page", lambda s: _format_urls(s.hostnames, s.entries), own=True),
        Column("event_count", _count_events, own=True),
        Column("exit_page", lambda s: _format_urls(s.hostnames, s.exits), own=True),
        Column("first_seen", lambda s: format_times(s.start), own=True),
        Column("last_seen", lambda s: format_times(s.end), own=True),
        _entry("os", "agents", user_agents.system_name),
        Column("pageview_count", _count_events, own=True),
        Column("session_id", format_session_ids, own=True),
        Column("visitor_id", format_visitor_ids, own=True),
    )
)
FILTER_FIELDS: Final = FilterFields(
    {
        **DEFAULT_FIELDS,
        "browser": ("agent", user_agents.browser_name),
        "os": ("agent", user_agents.system_name),
        "device": ("agent", user_agents.device_type),
    },
    ("url", format_url),
)
"""Filters are compared with the values in rows."""
