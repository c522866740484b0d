"""A response as a value, with how it is delivered: completely, or with a simulated network failure."""

from math import ceil
from typing import Final, Literal

from aiohttp.hdrs import METH_HEAD
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict

BODY_SNIPPET_BYTES: Final = 4096
"""Bytes of each body that the journal keeps."""

BODILESS_STATUSES: Final = (204, 304)

Where = Literal["before", "headers", "body"]
"""Where a response is cut: before the first byte, after the headers, or in the middle of the body."""
End = Literal["complete", "close", "reset", "stall"]
"""The event after the last byte that is sent: the next response, FIN, RST, or silence."""


class Response(Struct, frozen=True, kw_only=True):
    """Status, headers and body, and how they are delivered."""

    status: int = 200
    headers: CIMultiDict[str]
    """A ``Content-Length`` among them is sent in addition to the declared length."""
    body: bytes = b""
    delay: float = 0
    """Seconds of real time before the first byte."""
    head: bool = True
    """False if not even status and headers are sent."""
    sent: int | None = None
    """Number of bytes of the body that are sent; ``None`` for all."""
    declared: int | None = None
    """Declared ``Content-Length``; ``None`` for the number of bytes that are sent."""
    pieces: int = 1
    """Number of pieces in which the body is sent."""
    pause: float = 0
    """Seconds of real time between two pieces."""
    end: End = "complete"
    patience: float | None = None
    """Seconds of real time after which a stall ends in a reset; ``None`` for never."""

    @property
    def sent_body(self) -> bytes:
        """The part of the body that is sent."""
        return self.body[: self.sent]

    @property
    def declared_length(self) -> int:
        """The ``Content-Length`` that is sent."""
        return len(self.sent_body) if self.declared is None else self.declared

    @property
    def unmodified(self) -> bool:
        """True if the response is sent completely, in one piece and with one correct length."""
        return (
            self.head
            and self.sent is None
            and self.declared is None
            and self.pieces == 1
            and self.end == "complete"
            and "Content-Length" not in self.headers
        )

    @property
    def truncated(self) -> "Response":
        """A copy with only the beginning of the body, for the journal."""
        return replace(self, body=self.body[:BODY_SNIPPET_BYTES])

    def interrupted(self, end: End, where: Where, share: float) -> "Response":
        """Return a copy that ends early, while its headers declare the whole length.

        With *where* ``body``, it ends after *share* of the body. A response without headers stays without.
        """
        if not self.head and where != "before":
            return self
        sent = int(len(self.sent_body) * share) if where == "body" else 0
        return replace(self, head=where != "before", sent=sent, declared=self.declared_length, end=end)

    def shortened(self, share: float) -> "Response":
        """Return a copy with only *share* of the body, whose declared length is the shorter one.

        A body that is interrupted stays incomplete.
        """
        declared = None if self.declared is None else ceil(self.declared * share)
        return replace(self, sent=int(len(self.sent_body) * share), declared=declared)

    def is_complete(self, method: str) -> bool:
        """Return whether the client receives every byte that it expects in response to a method."""
        is_bodiless = method == METH_HEAD or self.status in BODILESS_STATUSES
        return self.head and (is_bodiless or len(self.sent_body) >= self.declared_length)
