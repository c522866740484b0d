"""Columns of the seeded world as JSON texts, made by numpy for a whole batch instead of value by value.

Each function here is given what stands before its column's value on the wire, and what stands for a value that is not
there, and returns the parts that make the column's text. What is the same for every batch of a population is made then,
so that writing a batch is to fill in matrices of bytes and to look ready pieces up. Each says just what encoding the
column's values would say (a test compares them); only how long it takes differs.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, json
from numpy.typing import NDArray

from mockserver.world.dealt import HOSTS, NETWORKS, DealtSessions
from mockserver.world.hashing import I64
from mockserver.world.population import Population

Matrix: TypeAlias = NDArray[np.uint8]
"""The bytes of texts of one width, shape (texts, width)."""
Objects: TypeAlias = NDArray[np.object_]
"""Texts as ``bytes``, shape (texts,)."""


class Form(Struct, frozen=True):
    """A part as wide in every text."""

    blank: bytes
    """What is the same in all."""
    fill: Callable[[DealtSessions, Matrix], None]
    """Writes the rest over copies of it."""
    uneven: bool = False
    """Whether some are shorter after all: zeros at their end do not count."""


Pieces: TypeAlias = Callable[[DealtSessions], Objects]
"""A part that is looked up."""
Part: TypeAlias = Form | Pieces
Texts: TypeAlias = Callable[[Population, bytes, bytes], Sequence[Part]]
"""From a population, what stands before a value, and what stands where there is none, to the parts of a column's texts."""

_DAY_SECONDS: Final = 86_400


def objects(texts: Sequence[bytes]) -> Objects:
    """An array of texts, to be looked up many at a time."""
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


@lru_cache(maxsize=64)
def _table(words: tuple[str, ...], before: bytes, after: bytes, nothing: bytes = b"") -> Objects:
    """Words as JSON strings, opened and closed by what is given; last of all what stands for none. Worlds share words."""
    return objects([*(before + json.encode(word)[1:-1] + after for word in words), nothing])


def _row(text: bytes) -> Matrix:
    return np.frombuffer(text, dtype=np.uint8)


def together(forms: Sequence[Form]) -> Pieces:
    """Forms that stand side by side as one part; only the last may be uneven."""
    blank, places, start = _row(b"".join(form.blank for form in forms)), [], 0
    for form in forms:
        places.append((slice(start, start + len(form.blank)), form.fill))
        start += len(form.blank)

    def made(sessions: DealtSessions) -> Objects:
        matrix = np.empty((len(sessions), len(blank)), dtype=np.uint8)
        matrix[:] = blank
        for place, fill in places:
            fill(sessions, matrix[:, place])
        return _pieces(matrix)

    return made


def _pieces(matrix: Matrix) -> Objects:
    """The rows of a matrix as texts, without zeros at their end."""
    return matrix.view(f"S{matrix.shape[1]}").ravel().astype(object)


def hexadecimal(digits: Callable[[DealtSessions], Matrix], length: int) -> Texts:
    """So many hexadecimal digits as strings."""

    def texts(_: Population, before: bytes, __: bytes) -> list[Form]:
        def fill(sessions: DealtSessions, matrix: Matrix) -> None:
            matrix[:, -1 - length : -1] = digits(sessions)

        return [Form(b'%b"%b"' % (before, bytes(length)), fill)]

    return texts


@lru_cache(maxsize=1)
def _clock() -> NDArray[np.uint64]:
    """Every second of a day as the eight bytes of ``08:30:00``."""
    two = _row(b"".join(b"%02d" % n for n in range(60))).reshape(-1, 2)
    made = np.empty((24, 60, 60, 8), dtype=np.uint8)
    made[:] = _row(b"00:00:00")
    made[..., 0:2], made[..., 3:5], made[..., 6:8] = two[:24, None, None], two[:, None], two
    return made.view(np.uint64).ravel()


@lru_cache(maxsize=64)
def _dates(first: int, last: int) -> Matrix:
    """Days since 1970 as ``2026-09-01``."""
    days = np.arange(first, last + 1).astype("datetime64[D]")
    return np.datetime_as_string(days).astype("S10").view(np.uint8).reshape(-1, 10)


def seconds(instants: Callable[[DealtSessions], I64], pattern: bytes) -> Texts:
    """Instants as strings such as ``2026-09-01T08:30:00``, fractions cut off, in UTC; the pattern says what stands between and after."""

    def texts(_: Population, before: bytes, __: bytes) -> list[Form]:
        start = len(before) + 1

        def fill(sessions: DealtSessions, matrix: Matrix) -> None:
            day, second = np.divmod(instants(sessions) // 1000, _DAY_SECONDS)
            first = int(day.min())
            matrix[:, start : start + 10] = _dates(first, int(day.max()))[day - first]
            matrix[:, start + 11 : start + 19] = _clock()[second].view(np.uint8).reshape(-1, 8)

        return [Form(before + pattern, fill)]

    return texts


def integers(numbers: Callable[[DealtSessions], I64]) -> Texts:
    """Numbers."""

    def texts(_: Population, before: bytes, __: bytes) -> list[Pieces]:
        def pieces(sessions: DealtSessions) -> Objects:
            encoded = json.encode(numbers(sessions).tolist())[1:-1]
            return objects((before + encoded.replace(b",", b"\n" + before)).split(b"\n"))

        return [pieces]

    return texts


@lru_cache(maxsize=1)
def _small() -> NDArray[np.uint32]:
    """The numbers below 10,000 as four bytes, zeros at the end."""
    return np.arange(10_000).astype("S4").view(np.uint32)


def small_integers(numbers: Callable[[DealtSessions], I64]) -> Texts:
    """Numbers from 0 to 9,999."""

    def texts(_: Population, before: bytes, __: bytes) -> list[Form]:
        def fill(sessions: DealtSessions, matrix: Matrix) -> None:
            matrix[:, -4:] = _small()[numbers(sessions)].view(np.uint8).reshape(-1, 4)

        return [Form(before + bytes(4), fill, uneven=True)]

    return texts


def user_ids(_: Population, before: bytes, nothing: bytes) -> list[Form]:
    """User ids of who is identified."""
    blank = b'%b"user_%b"' % (before, bytes(12))
    otherwise = _row(nothing.ljust(len(blank), b"\0"))

    def fill(sessions: DealtSessions, matrix: Matrix) -> None:
        matrix[:, -13:-1] = sessions.visitor_texts
        matrix[~sessions.known] = otherwise

    return [Form(blank, fill, uneven=True)]


def names(population: Population, before: bytes, nothing: bytes) -> list[Pieces]:
    """Names of who is identified."""
    words = population.deck.vocabulary
    givens, families = _table(words.given_names, before + b'"', b" ", nothing), _table(words.family_names, b"", b'"')
    return [lambda sessions: givens[sessions.faces[0]], lambda sessions: families[sessions.faces[1]]]


def emails(population: Population, before: bytes, nothing: bytes) -> list[Pieces]:
    """E-mail addresses of who is identified."""
    given_names, family_names, mail_domains = population.mailboxes
    givens, families = _table(given_names, before + b'"', b".", nothing), _table(family_names, b"", b".")
    domains = _table(mail_domains, b"@", b'"')

    def last(sessions: DealtSessions) -> Objects:
        made = _pieces(np.ascontiguousarray(sessions.visitor_texts[:, -4:]))
        made[~sessions.known] = b""
        return made

    return [
        lambda sessions: givens[sessions.faces[0]],
        lambda sessions: families[sessions.faces[1]],
        last,
        lambda sessions: domains[sessions.faces[2]],
    ]


def plans(population: Population, before: bytes, nothing: bytes, after: bytes = b"") -> list[Pieces]:
    """Plans of who is identified."""
    deck = population.deck
    told = _table(deck.vocabulary.plans, before + b'"', b'"' + after, nothing)[np.where(deck.identified, deck.plan, -1)]
    return [lambda sessions: told[sessions.row]]


def ips(_: Population, before: bytes, __: bytes) -> list[Pieces]:
    """Addresses."""
    networks, hosts = _table(NETWORKS, before + b'"', b""), _table(HOSTS, b"", b'"')
    return [lambda sessions: networks[sessions.addresses[0]], lambda sessions: hosts[sessions.addresses[1]]]
