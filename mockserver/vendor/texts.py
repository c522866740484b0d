"""Columns of the seeded world as JSON texts, made by numpy for a whole batch instead of value by value.

Each function here is given what stands before its column's value on the wire, and what stands for a value that is not
there, and returns the parts that make the column's text. What is the same for every batch of a vocabulary's worlds is made then,
so that writing a batch is to fill in matrices of bytes and to look ready pieces up. Each says just what encoding the
column's values would say (a test compares them); only how long it takes differs.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import json
from numpy.typing import NDArray

from mockserver.vendor.parts import Bytes, Form, Known, Part, Pieces
from mockserver.world.generator.columns import HOSTS, NETWORKS, GeneratedSessions
from mockserver.world.generator.population import mailbox_parts
from mockserver.world.model.hashing import I64, last_digits
from mockserver.world.model.vocabulary import Vocabulary

Objects: TypeAlias = NDArray[np.object_]
"""Texts as ``bytes``, shape (texts,), to be looked up many at a time."""


Texts: TypeAlias = Callable[[Vocabulary, bytes, bytes], Sequence[Part]]
"""From a vocabulary, what stands before a value, and what stands where there is none, to the parts of a column's texts."""

_SECOND, _MINUTE_SECONDS, _DAY_MINUTES = np.array(1000), np.array(60), np.array(1440)
_BLOCK: Final = 9
"""Days are looked up in blocks of two to the power of so many."""
_DAY: Final = 86_400_000


def objects(texts: Sequence[bytes]) -> Objects:
    """An array of texts, to be looked up many at a time."""
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


@lru_cache(maxsize=64)
def _table(words: tuple[str, ...], before: bytes, after: bytes) -> Objects:
    """Words as JSON strings, opened and closed by what is given. Worlds share words."""
    return objects([before + json.encode(word)[1:-1] + after for word in words])


def _picked(words: tuple[str, ...], before: bytes, after: bytes, positions: Callable[[GeneratedSessions], Any]) -> Pieces:
    """Words by their positions."""
    table = _table(words, before, after)
    return lambda sessions: table[positions(sessions)].tolist()


def hexadecimal(digits: Callable[[GeneratedSessions], Bytes], length: int) -> Texts:
    """So many hexadecimal digits as strings."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        places = [(len(before) + 1, f"S{length}")]
        return [Form(b'%b"%b"' % (before, bytes(length)), places, lambda sessions: [digits(sessions)])]

    return texts


@lru_cache(maxsize=1)
def _clock() -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    """Every minute of a day as the eight bytes of ``08:30:00``, and every second of a minute as two."""
    minutes = b"".join(b"%02d:%02d:00" % divmod(minute, 60) for minute in range(24 * 60))
    return np.frombuffer(minutes, dtype=np.uint64), np.frombuffer(b"".join(b"%02d" % n for n in range(60)), dtype=np.uint16)


@lru_cache(maxsize=64)
def _dates(first: int, last: int) -> tuple[I64, Bytes]:
    """The first day of some blocks, as days since 1970, and each of their days as ``2026-09-01``."""
    days = np.arange(first << _BLOCK, (last + 1) << _BLOCK)
    return days[0], np.datetime_as_string(days.astype("datetime64[D]")).astype("S10")


def _calendar(sessions: GeneratedSessions) -> tuple[I64, Bytes]:
    """:func:`_dates` for whatever happens in some sessions."""
    last = sessions.starts.item(-1) + sessions.archetypes.longest
    return _dates(sessions.starts.item(0) // _DAY >> _BLOCK, last // _DAY >> _BLOCK)


def seconds(instants: Callable[[GeneratedSessions], I64], pattern: bytes) -> Texts:
    """Instants as strings such as ``2026-09-01T08:30:00``, fractions cut off, in UTC; the pattern says what stands between and after."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        start, (minutes, digits) = len(before) + 1, _clock()

        def values(sessions: GeneratedSessions) -> Sequence[Bytes]:
            first, dates = _calendar(sessions)
            second = instants(sessions) // _SECOND
            minute = second // _MINUTE_SECONDS
            day = minute // _DAY_MINUTES
            return dates[day - first], minutes[minute - day * _DAY_MINUTES], digits[second - minute * _MINUTE_SECONDS]

        return [Form(before + pattern, [(start, "S10"), (start + 11, "u8"), (start + 17, "u2")], values)]

    return texts


def integers(numbers: Callable[[GeneratedSessions], I64]) -> Texts:
    """Numbers."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Pieces]:
        def pieces(sessions: GeneratedSessions) -> list[bytes]:
            encoded = json.encode(numbers(sessions).tolist())[1:-1]
            return (before + encoded.replace(b",", b"\n" + before)).split(b"\n")

        return [pieces]

    return texts


@lru_cache(maxsize=1)
def _small() -> NDArray[np.uint32]:
    """The numbers below 10,000 as four bytes, zeros at the end."""
    return np.arange(10_000).astype("S4").view(np.uint32)


def small_integers(numbers: Callable[[GeneratedSessions], I64]) -> Texts:
    """Numbers from 0 to 9,999."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        small = _small()
        return [Form(before + bytes(4), [(len(before), "u4")], lambda sessions: [small[numbers(sessions)]], uneven=True)]

    return texts


def user_ids(_: Vocabulary, before: bytes, nothing: bytes) -> list[Form]:
    """User ids of who is identified."""
    blank = b'%b"user_%b"' % (before, bytes(12))
    either, width = np.array([nothing, blank], dtype=f"S{len(blank)}"), len(blank)

    def values(sessions: GeneratedSessions) -> Sequence[Bytes]:
        return either[sessions.is_identified.view(np.uint8)], sessions.identified_texts

    return [Form(bytes(width), [(0, f"S{width}"), (width - 13, "S12")], values, uneven=True)]


def names(words: Vocabulary, before: bytes, nothing: bytes) -> list[Known]:
    """Names of who is identified."""
    return [
        Known(nothing, _picked(words.given_names, before + b'"', b" ", lambda sessions: sessions.name_indices[0])),
        Known(b"", _picked(words.family_names, b"", b'"', lambda sessions: sessions.name_indices[1])),
    ]


def emails(words: Vocabulary, before: bytes, nothing: bytes) -> list[Known]:
    """E-mail addresses of who is identified."""
    givens, families, domains = mailbox_parts(words)
    return [
        Known(nothing, _picked(givens, before + b'"', b".", lambda sessions: sessions.name_indices[0])),
        Known(b"", _picked(families, b"", b".", lambda sessions: sessions.name_indices[1])),
        Known(b"", lambda sessions: last_digits(sessions.visitor_words, 4).tolist()),
        Known(b"", _picked(domains, b"@", b'"', lambda sessions: sessions.name_indices[2])),
    ]


def plans(words: Vocabulary, before: bytes, nothing: bytes, after: bytes = b"") -> list[Known]:
    """Plans of who is identified."""
    return [Known(nothing, _picked(words.plans, before + b'"', b'"' + after, lambda sessions: sessions.archetypes.plan[sessions.row]))]


def ips(_: Vocabulary, before: bytes, __: bytes) -> list[Pieces]:
    """Addresses."""
    return [
        _picked(NETWORKS, before + b'"', b"", lambda sessions: sessions.addresses[0]),
        _picked(HOSTS, b"", b'"', lambda sessions: sessions.addresses[1]),
    ]
