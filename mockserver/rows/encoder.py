"""Encode batches of sessions as JSON rows.

A vendor declares its row as columns. *Own* columns (ids, times, people) differ from session to session and
are encoded for every page. All others follow from the archetype row: their JSON is encoded once for each
archetype row of a population and kept. Columns that follow from an entry of the vocabulary, such as a place,
are encoded once for each entry and shared by all worlds (:class:`_EntryEncoder`), because every test pays for
the first page of a new world. While a client crawls, the rows of its next pages are encoded together
(:class:`_ReadAhead`).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby, repeat
from operator import add
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import defstruct, json

from mockserver._util.caching import IdentityCache
from mockserver.rows.columns import Column
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.imported.batch import ImportedSessions
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
        self._others = [
            _MemberEncoder(list(run), omit_none=omit_none)
            if entries is None
            else _EntryEncoder(entries, list(run), omit_none=omit_none)
            for entries, run in groupby(others, lambda column: column.entry and column.entry.entries)
        ]
        self._own_may_be_empty = omit_none or not own
        self._cached_tails = lru_cache(maxsize=CACHED_POPULATIONS)(_empty_cache)
        self._read_ahead = lru_cache(maxsize=CACHED_POPULATIONS)(_new_read_ahead)

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        """Return the JSON object of each session."""
        if isinstance(sessions, GeneratedSessions) and not sessions.identities:
            return self._read_ahead(sessions.population).encode(sessions, self._encode)
        if isinstance(sessions, ImportedSessions):
            return sessions.cached_values(self, self._encode)
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
        tails = list(map(cached.get, rows))
        if sessions.any_running:  # A running session lacks the end of its archetype row.
            running: list[bool] = sessions.running.tolist()
            tails = [None if runs else tail for tail, runs in zip(tails, running, strict=True)]
        if None in tails:
            missing = [position for position, tail in enumerate(tails) if tail is None]
            taken = sessions.take(np.array(missing))
            finished = (~taken.running).tolist()
            for position, tail, keeps in zip(missing, self._encode_tails(taken), finished, strict=True):
                tails[position] = tail
                if keeps:
                    cached[rows[position]] = tail
        return tails  # type: ignore[return-value]  # none is missing any more

    def _encode_tails(self, sessions: SessionBatch) -> list[bytes]:
        members = (encoder.encode(sessions) for encoder in self._others)
        return list(map(b"".join, zip(*members, repeat(b"}", len(sessions)), strict=True)))


def _empty_cache(_: Any) -> dict[int, bytes]:
    """Return the tails of a population by archetype row, or members by entry, before any is known."""
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
        self._last: int | None = None
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
        step = 0 if self._last is None else low - self._last
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
        return self._encode_values(*(column.values(sessions) for column in self._columns))

    def _encode_values(self, *values: Sequence[Any]) -> list[bytes]:
        rows = list(map(self._row, *values))
        return _encode_lines(rows).split(b"}\n")[:-1]  # JSON contains no raw line feed.


class _MemberEncoder(_ObjectEncoder):
    """Encodes the members of JSON objects, each after a comma."""

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        return _replace_braces(super().encode(sessions))


class _EntryEncoder(_MemberEncoder):
    """Encodes consecutive columns that follow from the same entry of the vocabulary, once for each entry."""

    def __init__(self, entries: str, columns: Sequence[Column], *, omit_none: bool) -> None:
        super().__init__(columns, omit_none=omit_none)
        self._entries = entries
        self._functions = [column.entry.value_of for column in columns if column.entry]
        self._cached_members = IdentityCache[dict[int, bytes]](_empty_cache)

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        if not isinstance(sessions, GeneratedSessions | ImportedSessions):
            return super().encode(sessions)
        entries, codes = sessions.dictionary_encoded(self._entries)
        cached = self._cached_members(entries)
        members = list(map(cached.get, codes.tolist()))
        if None in members:
            missing = list(set(codes.tolist()) - cached.keys())
            values = [[value_of(entries[code]) for code in missing] for value_of in self._functions]
            cached.update(zip(missing, _replace_braces(self._encode_values(*values)), strict=True))
            members = [cached[code] for code in codes.tolist()]
        return members  # type: ignore[return-value]  # none is missing any more


def _replace_braces(objects: list[bytes]) -> list[bytes]:
    """Return the members of objects, after a comma instead of the opening brace."""
    return [b",%b" % members[1:] if len(members) > 1 else b"" for members in objects]
