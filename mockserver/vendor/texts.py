"""Columns of the seeded world as JSON texts, made by numpy for a whole batch instead of value by value.

Each says just what encoding the column's values would say (a test compares them); only how long it takes differs.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, json
from numpy.typing import NDArray

from mockserver.world.dealt import HOSTS, NETWORKS, DealtSessions
from mockserver.world.hashing import I64, U64

Matrix: TypeAlias = NDArray[np.uint8]
"""The bytes of texts of one width, shape (texts, width)."""
Objects: TypeAlias = NDArray[np.object_]
"""Texts as ``bytes``, shape (texts,)."""


class Even(Struct, frozen=True):
    """Texts of one width."""

    matrix: Matrix


class Some(Struct, frozen=True):
    """Texts of the sessions that have a value."""

    where: NDArray[np.bool_]
    texts: Objects
    """One for each that has."""
    otherwise: bytes = b"null"
    """What the others have."""


Texts: TypeAlias = Even | Some | Objects

_DAY_SECONDS: Final = 86_400
_PAIRS: Final = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), dtype=np.uint16)
_TWO: Final = np.frombuffer(b"".join(b"%02d" % n for n in range(60)), dtype=np.uint16)


def objects(texts: Sequence[bytes]) -> Objects:
    """An array of texts, to be looked up many at a time."""
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def pieces(matrix: Matrix) -> Objects:
    """The rows of a matrix as texts."""
    return np.ascontiguousarray(matrix).view(f"S{matrix.shape[1]}").ravel().astype(object)


def full(some: Some, count: int) -> Objects:
    """A text for every session."""
    made = np.empty(count, dtype=object)
    made[:] = some.otherwise
    made[some.where] = some.texts
    return made


def fused(parts: Sequence[bytes | Even], count: int) -> bytes | Objects:
    """Texts that are the same for all, and texts of one width, put together side by side."""
    if len(parts) == 1 and isinstance(parts[0], bytes):
        return parts[0]
    blocks = [np.frombuffer(part, dtype=np.uint8) if isinstance(part, bytes) else part.matrix for part in parts]
    made, start = np.empty((count, sum(block.shape[-1] for block in blocks)), dtype=np.uint8), 0
    for block in blocks:
        made[:, start : start + block.shape[-1]] = block
        start += block.shape[-1]
    return pieces(made)


def hexadecimal(numbers: U64, length: int, prefix: bytes = b"") -> Even:
    """Numbers as strings of an even number of hexadecimal digits, after a prefix."""
    start = len(prefix) + 1
    made = np.empty((len(numbers), start + length + 1), dtype=np.uint8)
    made[:] = np.frombuffer(b'"' + prefix + b"0" * length + b'"', dtype=np.uint8)
    made[:, start:-1] = _PAIRS[numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - length // 2 :]].view(np.uint8)
    return Even(made)


def seconds(instants: I64, pattern: bytes) -> Even:
    """Instants as strings such as ``2026-09-01T08:30:00``, fractions cut off, in UTC; the pattern says what stands between and after."""
    made = np.empty((len(instants), len(pattern)), dtype=np.uint8)
    made[:] = np.frombuffer(pattern, dtype=np.uint8)
    if not len(instants):
        return Even(made)
    day, second = np.divmod(instants // 1000, _DAY_SECONDS)
    minute, second = np.divmod(second, 60)
    hour, minute = np.divmod(minute, 60)
    first, last = int(day.min()), int(day.max())
    known = np.unique(day) if last - first > len(day) else np.arange(first, last + 1)
    made[:, 1:11] = _dates(known)[np.searchsorted(known, day)]
    for start, numbers in ((12, hour), (15, minute), (18, second)):
        made[:, start : start + 2] = _TWO[numbers].view(np.uint8).reshape(-1, 2)
    return Even(made)


def _dates(days: I64) -> Matrix:
    return np.datetime_as_string(days.astype("datetime64[D]")).astype("S10").view(np.uint8).reshape(-1, 10)


def integers(numbers: I64) -> Objects:
    """Numbers."""
    return objects(json.encode(numbers.tolist())[1:-1].split(b",") if len(numbers) else [])


@lru_cache(maxsize=64)
def _strings(words: tuple[str, ...], before: str, after: str) -> Objects:
    return objects([b"%b%b%b" % (before.encode(), json.encode(word)[1:-1], after.encode()) for word in words])


def user_ids(sessions: DealtSessions, otherwise: bytes = b"null") -> Some:
    """User ids of who is identified."""
    return Some(sessions.known, pieces(hexadecimal(sessions.visitor_numbers[sessions.known], 12, b"user_").matrix), otherwise)


def names(sessions: DealtSessions) -> Some:
    """Names of who is identified."""
    words, (given, family, _) = sessions.deck.vocabulary, sessions.faces[:, sessions.known]
    return Some(sessions.known, _strings(words.given_names, '"', " ")[given] + _strings(words.family_names, "", '"')[family])


def emails(sessions: DealtSessions) -> Some:
    """E-mail addresses of who is identified."""
    (givens, families, domains), (given, family, domain) = sessions.population.mailboxes, sessions.faces[:, sessions.known]
    last = pieces(hexadecimal(sessions.visitor_numbers[sessions.known], 4).matrix[:, 1:-1])
    local = _strings(givens, '"', ".")[given] + _strings(families, "", ".")[family]
    return Some(sessions.known, local + (last + _strings(domains, "@", '"')[domain]))


def plans(sessions: DealtSessions) -> Some:
    """Plans of who is identified."""
    return Some(sessions.known, _strings(sessions.deck.vocabulary.plans, '"', '"')[sessions.deck.plan[sessions.row[sessions.known]]])


def ips(sessions: DealtSessions) -> Objects:
    """Addresses."""
    networks, hosts = sessions.addresses
    return np.asarray(_strings(NETWORKS, '"', "")[networks] + _strings(HOSTS, "", '"')[hosts])
