"""Columns of the seeded world as JSON texts, made by numpy for a whole batch instead of value by value.

Each function here is given what stands before its column's value on the wire, and what stands for a value that is not
there, and returns the parts that make the column's text. What is the same for every batch of a vocabulary's worlds is made then,
so that writing a batch is to fill in matrices of bytes and to look ready pieces up. Each says just what encoding the
column's values would say (a test compares them); only how long it takes differs.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct, json
from numpy.typing import NDArray

from mockserver.world.dealt import HOSTS, NETWORKS, DealtSessions
from mockserver.world.hashing import I64, last_digits
from mockserver.world.population import mailboxes
from mockserver.world.vocabulary import Vocabulary

Bytes: TypeAlias = NDArray[Any]
"""Texts of one width, shape (texts,), of any type that has so many bytes."""
Objects: TypeAlias = NDArray[np.object_]
"""Texts as ``bytes``, shape (texts,), to be looked up many at a time."""


class Form(Struct, frozen=True):
    """A part as wide in every text."""

    blank: bytes
    """What is the same in all."""
    places: Sequence[tuple[int, str]]
    """Where the rest stands, and numpy's name for so many bytes; what comes later stands over what came before."""
    values: Callable[[DealtSessions], Sequence[Bytes]]
    """The rest, place by place."""
    uneven: bool = False
    """Whether some are shorter after all: zeros at their end do not count."""


Pieces: TypeAlias = Callable[[DealtSessions], list[bytes]]
"""A part that is looked up."""
Part: TypeAlias = Form | Pieces
Texts: TypeAlias = Callable[[Vocabulary, bytes, bytes], Sequence[Part]]
"""From a vocabulary, what stands before a value, and what stands where there is none, to the parts of a column's texts."""

_SECOND, _DAY_SECONDS = np.array(1000), np.array(86_400)
_BLOCK: Final = 9
"""Days are looked up in blocks of two to the power of so many."""
_DAY: Final = 86_400_000


def objects(texts: Sequence[bytes]) -> Objects:
    """An array of texts, to be looked up many at a time."""
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


@lru_cache(maxsize=64)
def _table(words: tuple[str, ...], before: bytes, after: bytes, nothing: bytes = b"") -> Objects:
    """Words as JSON strings, opened and closed by what is given; last of all what stands for none. Worlds share words."""
    return objects([*(before + json.encode(word)[1:-1] + after for word in words), nothing])


def _picked(table: Objects, positions: Callable[[DealtSessions], Any]) -> Pieces:
    """Texts of a table by their positions, of which -1 is the last."""
    return lambda sessions: table[positions(sessions)].tolist()


def together(forms: Sequence[Form]) -> Pieces:
    """Forms that stand side by side as one part; only the last may be uneven."""
    blank, places, start = b"".join(form.blank for form in forms), list[tuple[int, str]](), 0
    for form in forms:
        places += [(start + place, kind) for place, kind in form.places]
        start += len(form.blank)
    names, values = [f"f{n}" for n in range(len(places))], [form.values for form in forms]
    offsets, formats = zip(*places, strict=True)
    row = np.dtype({"names": names, "formats": list(formats), "offsets": list(offsets), "itemsize": len(blank)})

    def made(sessions: DealtSessions) -> list[bytes]:
        texts = np.frombuffer(bytearray(blank * len(sessions)), dtype=row)
        for name, value in zip(names, chain.from_iterable(each(sessions) for each in values), strict=True):
            texts[name] = value
        return _listed(texts, len(blank))

    return made


def _listed(texts: Bytes, width: int) -> list[bytes]:
    """Texts of so many bytes, without zeros at their end."""
    return texts.view(f"S{width}").tolist()  # type: ignore[no-any-return]  # of this type they are bytes


def hexadecimal(digits: Callable[[DealtSessions], Bytes], length: int) -> Texts:
    """So many hexadecimal digits as strings."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        places = [(len(before) + 1, f"S{length}")]
        return [Form(b'%b"%b"' % (before, bytes(length)), places, lambda sessions: [digits(sessions)])]

    return texts


@lru_cache(maxsize=1)
def _clock() -> NDArray[np.uint64]:
    """Every second of a day as the eight bytes of ``08:30:00``."""
    two = np.frombuffer(b"".join(b"%02d" % n for n in range(60)), dtype=np.uint8).reshape(-1, 2)
    made = np.empty((24, 60, 60, 8), dtype=np.uint8)
    made[:] = np.frombuffer(b"00:00:00", dtype=np.uint8)
    made[..., 0:2], made[..., 3:5], made[..., 6:8] = two[:24, None, None], two[:, None], two
    return made.view(np.uint64).ravel()


@lru_cache(maxsize=64)
def _dates(first: int, last: int) -> tuple[I64, Bytes]:
    """The first day of some blocks, as days since 1970, and each of their days as ``2026-09-01``."""
    days = np.arange(first << _BLOCK, (last + 1) << _BLOCK)
    return days[0], np.datetime_as_string(days.astype("datetime64[D]")).astype("S10")


def _calendar(sessions: DealtSessions) -> tuple[I64, Bytes]:
    """:func:`_dates` for whatever happens in some sessions."""
    last = sessions.starts.item(-1) + sessions.deck.longest
    return _dates(sessions.starts.item(0) // _DAY >> _BLOCK, last // _DAY >> _BLOCK)


def seconds(instants: Callable[[DealtSessions], I64], pattern: bytes) -> Texts:
    """Instants as strings such as ``2026-09-01T08:30:00``, fractions cut off, in UTC; the pattern says what stands between and after."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        start, clock = len(before) + 1, _clock()

        def values(sessions: DealtSessions) -> Sequence[Bytes]:
            first, dates = _calendar(sessions)
            at = instants(sessions) // _SECOND
            day = at // _DAY_SECONDS
            return dates[day - first], clock[at - day * _DAY_SECONDS]

        return [Form(before + pattern, [(start, "S10"), (start + 11, "u8")], values)]

    return texts


def integers(numbers: Callable[[DealtSessions], I64]) -> Texts:
    """Numbers."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Pieces]:
        def pieces(sessions: DealtSessions) -> list[bytes]:
            encoded = json.encode(numbers(sessions).tolist())[1:-1]
            return (before + encoded.replace(b",", b"\n" + before)).split(b"\n")

        return [pieces]

    return texts


@lru_cache(maxsize=1)
def _small() -> NDArray[np.uint32]:
    """The numbers below 10,000 as four bytes, zeros at the end."""
    return np.arange(10_000).astype("S4").view(np.uint32)


def small_integers(numbers: Callable[[DealtSessions], I64]) -> Texts:
    """Numbers from 0 to 9,999."""

    def texts(_: Vocabulary, before: bytes, __: bytes) -> list[Form]:
        small = _small()
        return [Form(before + bytes(4), [(len(before), "u4")], lambda sessions: [small[numbers(sessions)]], uneven=True)]

    return texts


def user_ids(_: Vocabulary, before: bytes, nothing: bytes) -> list[Form]:
    """User ids of who is identified."""
    blank = b'%b"user_%b"' % (before, bytes(12))
    either, width = np.array([nothing, blank], dtype=f"S{len(blank)}"), len(blank)

    def values(sessions: DealtSessions) -> Sequence[Bytes]:
        return either[sessions.known.view(np.uint8)], sessions.known_texts

    return [Form(bytes(width), [(0, f"S{width}"), (width - 13, "S12")], values, uneven=True)]


def names(words: Vocabulary, before: bytes, nothing: bytes) -> list[Pieces]:
    """Names of who is identified."""
    givens, families = _table(words.given_names, before + b'"', b" ", nothing), _table(words.family_names, b"", b'"')
    return [_picked(givens, lambda sessions: sessions.faces[0]), _picked(families, lambda sessions: sessions.faces[1])]


def emails(words: Vocabulary, before: bytes, nothing: bytes) -> list[Pieces]:
    """E-mail addresses of who is identified."""
    given_names, family_names, mail_domains = mailboxes(words)
    givens, families = _table(given_names, before + b'"', b".", nothing), _table(family_names, b"", b".")
    domains = _table(mail_domains, b"@", b'"')

    return [
        _picked(givens, lambda sessions: sessions.faces[0]),
        _picked(families, lambda sessions: sessions.faces[1]),
        lambda sessions: last_digits(sessions.known_words, 4).tolist(),
        _picked(domains, lambda sessions: sessions.faces[2]),
    ]


def plans(words: Vocabulary, before: bytes, nothing: bytes, after: bytes = b"") -> list[Pieces]:
    """Plans of who is identified."""
    return [_picked(_table(words.plans, before + b'"', b'"' + after, nothing), attrgetter("plans"))]


def ips(_: Vocabulary, before: bytes, __: bytes) -> list[Pieces]:
    """Addresses."""
    networks, hosts = _table(NETWORKS, before + b'"', b""), _table(HOSTS, b"", b'"')
    return [_picked(networks, lambda sessions: sessions.addresses[0]), _picked(hosts, lambda sessions: sessions.addresses[1])]
