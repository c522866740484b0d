"""The world in the server's words: the columns of its rows, and what filters are compared with."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from mockserver.rows.columns import Column
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.sparklytics.list_query import WORLDS, Words
from mockserver.vendors.sparklytics.rows import durations, visitor_ids
from mockserver.vendors.sparklytics.server import user_agents as agents
from mockserver.vendors.sparklytics.server.ids import session_ids
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Agent, Page


def times(instants: Sequence[int]) -> list[str]:
    """Instants as the database writes them: no zeros at the end of a fraction."""
    texts = np.array(instants, dtype="datetime64[ms]").astype(str).tolist()
    return [text.replace("T", " ").rstrip("0").rstrip(".") for text in texts]


def url(located: tuple[str, Page]) -> str:
    """The url that a browser shows; nothing where the page is unknown."""
    hostname, page = located
    return (
        f"https://{hostname}{page.path}{page.querystring}"
        if hostname and page.path
        else page.path + page.querystring
    )


def _urls(hostnames: Sequence[str], pages: Sequence[Page]) -> list[str | None]:
    return [url(located) or None for located in zip(hostnames, pages, strict=True)]


def _counts(sessions: SessionBatch) -> list[int]:
    return [seen + done for seen, done in zip(sessions.pageviews, sessions.events, strict=True)]


def _agent(of: Callable[[Agent], str]) -> Callable[[SessionBatch], list[str | None]]:
    return lambda sessions: [of(agent) or None for agent in sessions.agents]


# Keys are in alphabetical order, so the own columns stand between the others: all are encoded as own columns.
ENCODER: Final = RowEncoder(
    (
        Column("browser", _agent(agents.browser), own=True),
        Column("country", lambda s: [place.country or None for place in s.places], own=True),
        Column("device_type", _agent(agents.device), own=True),
        Column("duration_seconds", durations, own=True),
        Column("entry_page", lambda s: _urls(s.hostnames, s.entries), own=True),
        Column("event_count", _counts, own=True),
        Column("exit_page", lambda s: _urls(s.hostnames, s.exits), own=True),
        Column("first_seen", lambda s: times(s.start), own=True),
        Column("last_seen", lambda s: times(s.end), own=True),
        Column("os", _agent(agents.system), own=True),
        Column("pageview_count", _counts, own=True),
        Column("session_id", session_ids, own=True),
        Column("visitor_id", visitor_ids, own=True),
    )
)
WORDS: Final = Words(
    {
        **WORLDS,
        "browser": ("agent", agents.browser),
        "os": ("agent", agents.system),
        "device": ("agent", agents.device),
    },
    ("url", url),
)
"""Filters go by what rows tell."""
