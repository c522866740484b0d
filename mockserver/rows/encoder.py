"""Encode batches of sessions as JSON rows.

A vendor declares its row as columns. *Own* columns (ids, times, people) differ from session to session and
are encoded for every page. All others follow from the archetype row: their JSON is encoded once for each
archetype row of a population and kept. While a client crawls, the rows of its next pages are encoded together
(:class:`_ReadAhead`).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import add
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import defstruct, json

from mockserver.rows.columns import Column
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.population import Population
from mockserver.world.model.session_batch import SessionBatch

CACHED_POPULATIONS: Final = 16
"""Number of populations for which an encoder keeps JSON: up to 3 MB for each."""
PAGES_AHEAD: Final = 8
"""Largest number of pages that are encoded together while a client crawls."""
LONGEST_PAGE_AHEAD: Final = 128
"""Rows of the longest page for which the next ones are read ahead: at most 1,024 rows are kept per
population."""
_encode_lines = json.Encoder().encode_lines


def encode_array(rows: Iterable[bytes]) -> bytes:
    """Return a JSON array of encoded rows."""
    return b"[%b]" % b",".join(rows)


class RowEncoder:
    """Encodes each session of a batch as a JSON object: own columns first, then the others."""

    def __init__(self, columns: Iterable[Column], *, omit_none: bool = False) -> None:
        own: list[Column] = []
        others: list[Column] = []
        for column in columns:
            (own if column.own else others).append(column)
        self.columns = (*own, *others)
        """All columns in the order of the row."""
        self.omit_none = omit_none
        """True if a row lacks the columns whose value is ``None``."""
        self._own = _ObjectEncoder(own, omit_none=omit_none)
        self._others = _ObjectEncoder(others, omit_none=omit_none)
        self._own_may_be_empty = omit_none or not own
        self._cached_tails = lru_cache(maxsize=CACHED_POPULATIONS)(_empty_cache)
        self._read_ahead = lru_cache(maxsize=CACHED_POPULATIONS)(_new_read_ahead)

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        """Return the JSON object of each session."""
        if isinstance(sessions, GeneratedSessions) and not sessions.identities:
            return self._read_ahead(sessions.population).encode(sessions, self._encode)
        return self._encode(sessions)

    def _encode(self, sessions: SessionBatch) -> list[bytes]:
        heads = self._own.encode(sessions)
        tails = self._tails(sessions)
        if self._own_may_be_empty:
            tails = [
                tail.removeprefix(b",") if head == b"{" else tail
                for head, tail in zip(heads, tails, strict=True)
            ]
        return list(map(add, heads, tails))

    def _tails(self, sessions: SessionBatch) -> list[bytes]:
        """Return what follows the own columns of each session, up to the closing brace."""
        if not isinstance(sessions, GeneratedSessions) or sessions.identities:
            return self._encode_tails(sessions)
        cached = self._cached_tails(sessions.population)
        rows: list[int] = sessions.row.tolist()
        running: list[bool] = (
            sessions.running.tolist()
        )  # A running session lacks the end of its archetype row.
        tails = [None if runs else cached.get(row) for row, runs in zip(rows, running, strict=True)]
        missing = [position for position, tail in enumerate(tails) if tail is None]
        if missing:
            encoded = self._encode_tails(sessions.take(np.array(missing)))
            for position, tail in zip(missing, encoded, strict=True):
                tails[position] = tail
                if not running[position]:
                    cached[rows[position]] = tail
        return tails  # type: ignore[return-value]  # none is missing any more

    def _encode_tails(self, sessions: SessionBatch) -> list[bytes]:
        return [
            b",%b}" % members[1:] if len(members) > 1 else b"}" for members in self._others.encode(sessions)
        ]


def _empty_cache(_: Population) -> dict[int, bytes]:
    """Return the tails of a population by archetype row, before any is known."""
    return {}


def _new_read_ahead(_: Population) -> "_ReadAhead":
    return _ReadAhead()


class _Window(NamedTuple):
    """Encoded rows of consecutive sessions."""

    first: int
    """Index of the first session."""
    rows: list[bytes]
    valid_from: int
    """Instant at which the last of the sessions had ended; their rows are the same at any later instant."""


class _ReadAhead:
    """Encodes the pages that follow the requested one with it, while a client crawls.

    Arrays of 800 sessions cost little more than arrays of 100, so a page of a crawl costs half as much (`make
    bench`). The number of pages doubles from page to page, so that reading two or three costs nothing extra.
    """

    def __init__(self) -> None:
        self._last = -1
        """Index of the first session of the page that was requested last."""
        self._pages = 1
        self._window = _Window(0, [], 0)

    def encode(
        self, sessions: GeneratedSessions, encode: Callable[[SessionBatch], list[bytes]]
    ) -> list[bytes]:
        """Return the rows of a page; *encode* encodes a batch."""
        count = len(sessions)
        if not 0 < count <= LONGEST_PAGE_AHEAD:
            return encode(sessions)
        low = int(sessions.indices[0])
        if (
            int(sessions.indices[-1]) - low != count - 1
        ):  # Filtered: the sessions of the next page are unknown.
            return encode(sessions)
        step = low - self._last
        self._last = low
        window = self._window
        offset = low - window.first
        if 0 <= offset <= len(window.rows) - count and sessions.now >= window.valid_from:
            return window.rows[offset : offset + count]
        is_crawl = 0 < abs(step) <= count * PAGES_AHEAD
        self._pages = min(self._pages * 2, PAGES_AHEAD) if is_crawl else 1
        if self._pages == 1:
            return encode(sessions)
        first = low if step > 0 else max(low + count - count * self._pages, 0)
        end = min(first + count * self._pages, sessions.population.count_started(sessions.now))
        ahead = GeneratedSessions(
            sessions.population, np.arange(first, end), sessions.now, sessions.identities
        )
        if ahead.any_running:
            return encode(sessions)
        self._window = window = _Window(first, encode(ahead), int(ahead.ends.max()))
        return window.rows[low - first : low - first + count]


class _ObjectEncoder:
    """Encodes JSON objects without the closing brace."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool) -> None:
        self._columns = columns
        default: dict[str, Any] = {"default": None} if omit_none else {}
        names = {f"f{n}": column.name for n, column in enumerate(columns)}
        fields = [(name, Any, *default.values()) for name in names]
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        """Return the opening brace and the members of each session."""
        if not self._columns:
            return [b"{"] * len(sessions)
        rows = list(map(self._row, *(column.values(sessions) for column in self._columns)))
        return _encode_lines(rows).split(b"}\n")[:-1]  # JSON contains no raw line feed.
