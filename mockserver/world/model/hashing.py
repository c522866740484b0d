"""Keyed hashes and keyed permutations over arrays of indices: the only source of randomness in a world.

Every value is a hash of (key, index), never the next number of a stream, so nothing depends on the order of
access. All arithmetic is modulo 2⁶⁴ on unsigned integers, so it is the same on every machine and numpy
version.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_ODD = (0xD1342543DE82EF95, 0xAF251AF3B0F025B5)
_ODD_INVERSE = tuple(pow(odd, -1, 1 << 64) for odd in _ODD)
_HEXADECIMAL = "0123456789abcdef"


@lru_cache(maxsize=1024)
def u64(number: int) -> U64:
    """Return a number as a zero-dimensional array.

    numpy calculates a third faster with these than with its scalars.
    """
    return np.array(number, dtype=np.uint64)


@lru_cache(maxsize=1024)
def i64(number: int) -> I64:
    """Return a signed number as a zero-dimensional array."""
    return np.array(number, dtype=np.int64)


# Constants, because a page of sessions hashes a dozen times, and only a hundred indices each time.
_U_STEP, _U_FIRST, _U_SECOND = map(u64, (_STEP, _FIRST, _SECOND))
_U_ODD = tuple(map(u64, _ODD))
_U_ODD_INVERSE = tuple(map(u64, _ODD_INVERSE))
_U27, _U30, _U31, _U32 = map(u64, (27, 30, 31, 32))


def key(*parts: int | str) -> int:
    """Return a 64-bit key for a path of names and numbers, such as ``key(seed, site, "start")``."""
    text = "\x1f".join([f"{type(part).__name__}:{part}" for part in parts])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def digits(length: int, *parts: int | str, alphabet: str = _HEXADECIMAL) -> str:
    """Return ``length`` characters of ``alphabet`` that depend only on *parts*, for tokens and names."""
    seed = blake2b(repr(parts).encode(), digest_size=64).digest()
    if alphabet == _HEXADECIMAL:  # Equal to the loop below, but faster: tests create many tenants.
        return seed.hex()[: -length - 1 : -1]
    number = int.from_bytes(seed, "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)


def draw(key: int, index: U64) -> U64:
    """Hash each index under a key to 64 even bits.

    This is the splitmix64 generator, entered at its index-th state.
    """
    z = index * _U_STEP + u64(key)
    z = (z ^ (z >> _U30)) * _U_FIRST
    z = (z ^ (z >> _U27)) * _U_SECOND
    return z ^ (z >> _U31)


def draw_one(key: int, index: int) -> int:
    """Hash one index exactly as :func:`draw` does, without the cost of an array."""
    z = (index * _STEP + key) & _MASK
    z = ((z ^ (z >> 30)) * _FIRST) & _MASK
    z = ((z ^ (z >> 27)) * _SECOND) & _MASK
    return z ^ (z >> 31)


def hexadecimal(numbers: Sequence[int] | U64, length: int) -> list[str]:
    """Return numbers as text of *length* hexadecimal digits: an even number, at most 16."""
    octets = np.asarray(numbers, dtype=">u8").view(np.uint8).reshape(-1, 8)[:, -length // 2 :]
    return octets.tobytes().hex(" ", length // 2).split()


def below(bound: int, hashed: U64) -> I64:
    """Scale hashes to integers in [0, bound), for a bound up to 2³²."""
    return (((hashed >> _U32) * u64(bound)) >> _U32).view(np.int64)


def normal(hashed: U64) -> NDArray[np.float64]:
    """Scale hashes to numbers with about a standard normal distribution, between -3.5 and 3.5.

    They are standardized sums of four even 16-bit numbers. Unlike logarithms, sums and quotients are rounded
    in the same way on every machine.
    """
    parts = hashed.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int64)
    return np.asarray((parts - 131_070) / 37_837.2)


def pick_weighted(weights: I64, hashed: U64) -> I64:
    """Pick a position for each hash, with probabilities in proportion to integer weights."""
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds, below(int(bounds[-1]), hashed), side="right")


@cache
def _mask_and_shift(bits: int) -> tuple[U64, U64]:
    return u64((1 << bits) - 1), u64((bits + 1) // 2 or 1)


def permute(bits: int, keys: U64, values: U64) -> U64:
    """Map values in [0, 2**bits) one to one onto the same range, differently under every key (broadcasts)."""
    mask, shift = _mask_and_shift(bits)
    y = ((values + keys) * _U_ODD[0]) & mask
    y = y ^ (y >> shift)
    y = ((y ^ (keys >> _U32)) * _U_ODD[1]) & mask
    return y ^ (y >> shift)


def unpermute(bits: int, keys: U64, values: U64) -> U64:
    """Undo :func:`permute` under the same keys."""
    mask, shift = _mask_and_shift(bits)
    y = values ^ (values >> shift)
    y = ((y * _U_ODD_INVERSE[1]) ^ (keys >> _U32)) & mask
    y = y ^ (y >> shift)
    return (y * _U_ODD_INVERSE[0] - keys) & mask


class Permutation:
    """A keyed permutation of [0, 2**bits) for identifiers, invertible without a table."""

    def __init__(self, key: int, bits: int) -> None:
        self._bits = bits
        self._key = u64(draw_one(key, 1))

    def forward(self, numbers: U64) -> U64:
        """Return the identifiers of numbers."""
        return permute(self._bits, self._key, numbers)

    def back(self, identifiers: U64) -> U64:
        """Return the numbers of identifiers."""
        return unpermute(self._bits, self._key, identifiers)
