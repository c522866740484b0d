"""Encode batches of sessions as JSON rows.

A vendor declares its row as columns. *Own* columns (ids, times, people) differ from session to session and
are encoded for every page. All others follow from the archetype row: their JSON is encoded once for each
archetype row of a population and kept. Columns that follow from an entry of the vocabulary, such as a place,
are encoded once for each entry and shared by all worlds (:class:`_EntryEncoder`), because every test pays for
the first page of a new world. While a client crawls, the rows of its next pages are encoded together
(:class:`_ReadAhead`).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from operator import call
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import UNSET, Raw, Struct, UnsetType, defstruct, json

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
Row = Struct
"""A row, as a struct with the columns in their order; :func:`msgspec.json.encode` encodes it."""


_Tail = Raw | tuple[Callable[..., Row], Raw | UnsetType]
"""The rest of a row after its own columns, which msgspec copies as it is: the value of the next member, and
the members after it. Where the next member is not the same in all rows, the tail also has the function that
makes the row, given the own values and the rest."""


class RowEncoder:
    """Makes a row of each session of a batch: own columns first, then the others.

    Rows are encoded by :func:`msgspec.json.encode`, alone or within a page.
    """

    def __init__(self, columns: Iterable[Column], *, omit_none: bool = False) -> None:
        own: list[Column] = []
        others: list[Column] = []
        for column in columns:
            (own if column.own else others).append(column)
        self.columns = (*own, *others)
        """All columns in the order of the row."""
        self.omit_none = omit_none
        """True if a row lacks the columns whose value is ``None``."""
        self._own = own
        self._others = [
            _MemberEncoder(list(run), omit_none=omit_none)
            if entries is None
            else _EntryEncoder(entries, list(run), omit_none=omit_none)
            for entries, run in groupby(others, lambda column: column.entry and column.entry.entries)
        ]
        self._row_with = lru_cache(self._define_row_with)
        first = others[0].name if others else ""
        self._make_row = self._row_with(b',"%b' % first.encode()) if others and not omit_none else None
        """Makes any row; None if rows lack some members."""
        self._cached_tails = lru_cache(maxsize=CACHED_POPULATIONS)(_empty_cache)
        self._read_ahead = lru_cache(maxsize=CACHED_POPULATIONS)(_new_read_ahead)

    def rows(self, sessions: SessionBatch) -> list[Row]:
        if isinstance(sessions, GeneratedSessions) and not sessions.identities:
            return self._read_ahead(sessions.population).rows(sessions, self._make_rows)
        if isinstance(sessions, ImportedSessions):
            return sessions.cached_values(self, self._make_rows)
        return self._make_rows(sessions)

    def _make_rows(self, sessions: SessionBatch) -> list[Row]:
        tails = self._tails(sessions)
        if not tails:
            return []
        own = (column.values(sessions) for column in self._own)
        if self._make_row is not None:
            return list(map(self._make_row, *own, tails))
        make_row, members = zip(*tails, strict=True)
        return list(map(call, make_row, *own, members))

    def _tails(self, sessions: SessionBatch) -> list[_Tail]:
        if not isinstance(sessions, GeneratedSessions) or sessions.identities:
            return self._encode_tails(sessions)
        cached = self._cached_tails(sessions.population)
        rows: list[int] = sessions.row.tolist()
        if not sessions.any_running:
            with suppress(KeyError):
                return list(map(cached.__getitem__, rows))
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

    def _encode_tails(self, sessions: SessionBatch) -> list[_Tail]:
        if not self._others:
            return [(self._row_with(b""), UNSET)] * len(sessions)
        members = (encoder.encode(sessions) for encoder in self._others)
        joined = map(b"".join, zip(*members, strict=True))
        if self._make_row is None:
            return [
                (self._row_with(name), Raw(rest) if name else UNSET)
                for name, _, rest in (each.partition(b'":') for each in joined)
            ]
        return [Raw(each.partition(b'":')[2]) for each in joined]

    def _define_row_with(self, start: bytes) -> Callable[..., Row]:
        """Return the type of rows that have the own columns, and next the member that begins with *start*.

        *start* ends before the quotation mark after the name; it is empty if no other member follows.
        """
        names = [column.name for column in self._own] + [start.removeprefix(b',"').decode()]
        return _define_row(names, omit_none=self.omit_none)


def _define_row(names: Iterable[str], *, omit_none: bool) -> type[Struct]:
    """Return a type that is encoded as an object with *names*."""
    default: dict[str, Any] = {"default": None} if omit_none else {}
    by_field = {f"f{n}": name for n, name in enumerate(names)}
    fields = [(field, Any, *default.values()) for field in by_field]
    return defstruct("Row", fields, rename=by_field, omit_defaults=omit_none, gc=False)


def _empty_cache(_: Any) -> dict[int, Any]:
    """Return the tails of a population by archetype row, or members by entry, before any is known."""
    return {}


def _new_read_ahead(_: Population) -> "_ReadAhead":
    return _ReadAhead()


class _Window(NamedTuple):
    """Rows of consecutive sessions."""

    first: int
    """Index of the first session."""
    rows: list[Row]
    valid_from: int
    """Instant at which the last of the sessions had ended; their rows are the same at any later instant."""


_NO_WINDOW: Final = _Window(0, [], 0)


class _ReadAhead:
    """Makes the rows of the pages that follow the requested one with it, while a client crawls.

    Arrays of 800 sessions cost little more than arrays of 100, so a page of a crawl costs half as much (`make
    bench`). The number of pages doubles from page to page, so that reading two or three costs nothing extra.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        """Index of the first session of the page that was requested last."""
        self._pages = 1
        self._window = _NO_WINDOW

    def rows(self, sessions: GeneratedSessions, make_rows: Callable[[SessionBatch], list[Row]]) -> list[Row]:
        """Return the rows of a page; *make_rows* makes those of a batch."""
        count = len(sessions)
        if not 0 < count <= LONGEST_PAGE_AHEAD:
            return make_rows(sessions)
        low = int(sessions.indices[0])
        if (
            int(sessions.indices[-1]) - low != count - 1
        ):  # Filtered: the sessions of the next page are unknown.
            return make_rows(sessions)
        step = 0 if self._last is None else low - self._last
        self._last = low
        window = self._window
        offset = low - window.first
        if 0 <= offset <= len(window.rows) - count and sessions.now >= window.valid_from:
            return window.rows[offset : offset + count]
        del window
        is_crawl = 0 < abs(step) <= count * PAGES_AHEAD
        self._pages = min(self._pages * 2, PAGES_AHEAD) if is_crawl else 1
        if self._pages == 1:
            return make_rows(sessions)
        first = low if step > 0 else max(low + count - count * self._pages, 0)
        end = min(first + count * self._pages, sessions.population.count_started(sessions.now))
        ahead = GeneratedSessions(
            sessions.population, np.arange(first, end), sessions.now, sessions.identities
        )
        if ahead.any_running:
            return make_rows(sessions)
        self._window = _NO_WINDOW  # Free the old rows before others take as much memory.
        self._window = window = _Window(first, make_rows(ahead), int(ahead.ends.max()))
        return window.rows[low - first : low - first + count]


class _MemberEncoder:
    """Encodes consecutive columns as members of JSON objects, each after a comma."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool) -> None:
        self._columns = columns
        self._row = _define_row((column.name for column in columns), omit_none=omit_none)

    def encode(self, sessions: SessionBatch) -> list[bytes]:
        return self._encode_values(*(column.values(sessions) for column in self._columns))

    def _encode_values(self, *values: Sequence[Any]) -> list[bytes]:
        objects = _encode_lines(map(self._row, *values)).split(b"}\n")[:-1]  # JSON contains no raw line feed.
        return [b",%b" % members[1:] if len(members) > 1 else b"" for members in objects]


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
        entries, positions = sessions.dictionary_encoded(self._entries)
        cached = self._cached_members(entries)
        codes = positions.tolist()
        members = list(map(cached.get, codes))
        if None in members:
            missing = list(set(codes) - cached.keys())
            values = [[value_of(entries[code]) for code in missing] for value_of in self._functions]
            cached.update(zip(missing, self._encode_values(*values), strict=True))
            members = [cached[code] for code in codes]
        return members  # type: ignore[return-value]  # none is missing any more
