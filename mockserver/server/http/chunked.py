"""The chunked transfer coding: a body of unknown length, also with an invalid chunk or without an end."""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Final

from msgspec import Struct

_INVALID_SIZE: Final = b"oops\r\n"
"""Replaces the size of a chunk."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


class Chunks(Struct, frozen=True):
    """How a body is divided into chunks."""

    sizes: tuple[int, ...]
    """Bytes of each chunk; the last size repeats."""
    invalid_after: float | None = None
    """The share of the body after which a chunk has an invalid size; ``None`` for no such chunk."""

    def encode(self, body: bytes, *, ends: bool) -> bytes:
        """Return the chunks of a body; with *ends*, also the empty last one, which ends the body."""
        if self.invalid_after is None:
            return b"".join([*self._encode_valid(body), _LAST_CHUNK if ends else b""])
        start = int(len(body) * self.invalid_after)
        return b"".join([*self._encode_valid(body[:start]), _INVALID_SIZE, body[start:], b"\r\n"])

    def _encode_valid(self, body: bytes) -> Iterator[bytes]:
        start = 0
        for size in chain(self.sizes, repeat(self.sizes[-1])):
            if start >= len(body):
                return
            data = body[start : start + size]
            yield b"%x\r\n%b\r\n" % (len(data), data)
            start += size
