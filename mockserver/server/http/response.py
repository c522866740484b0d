"""A response as a value, with its delivery: complete, or with a simulated network failure."""

from math import ceil
from typing import Any, Final, Literal

from aiohttp.hdrs import METH_HEAD
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict

from mockserver._util.content_coding import compress
from mockserver.server.http.chunked import Chunks

BODY_SNIPPET_BYTES: Final = 4096
"""Bytes of each body that the journal keeps."""

BODILESS_STATUSES: Final = (204, 304)
_TICK: Final = 0.05
"""Seconds of real time between two pieces of a body that is sent at a rate."""

End = Literal["complete", "close", "reset", "stall"]
"""The event after the last byte that is sent: the next response, FIN, RST, or silence."""


class Delivery(Struct, frozen=True, kw_only=True):
    """How a response is sent: when, which part of it, and what follows."""

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
    rate: int | None = None
    """Bytes of the body for each second of real time, instead of ``pieces`` and ``pause``."""
    chunks: Chunks | None = None
    """The chunks of the body, instead of a ``Content-Length``."""
    omitted: tuple[str, ...] = ()
    """Headers that are left out, although the server otherwise adds them to every response."""
    end: End = "complete"
    patience: float | None = None
    """Seconds of real time after which a stall ends in a reset; ``None`` for never."""

    def pace(self, length: int) -> tuple[int, float]:
        """Return the number of pieces of *length* bytes, and the seconds of real time between two."""
        if self.rate is None:
            return min(self.pieces, length), self.pause
        pieces = min(max(ceil(length / (self.rate * _TICK)), 2), length)
        return pieces, length / self.rate / max(pieces, 1)


NORMAL: Final = Delivery()
"""The delivery without any fault."""


class Response(Struct, frozen=True, kw_only=True):
    """Status, headers and body of a response, and its delivery."""

    status: int = 200
    headers: CIMultiDict[str]
    """A ``Content-Length`` among them is sent in addition to the declared length."""
    body: bytes = b""
    delivery: Delivery = NORMAL
    coding: str | None = None
    """The content coding of what is sent; ``None`` if it is :attr:`body` itself."""
    encoded: bytes = b""
    """The body in this coding."""

    @property
    def sent_body(self) -> bytes:
        """The part of the body that is sent, in its content coding."""
        return (self.body if self.coding is None else self.encoded)[: self.delivery.sent]

    @property
    def declared_length(self) -> int:
        """The ``Content-Length`` that is sent."""
        declared = self.delivery.declared
        return len(self.sent_body) if declared is None else declared

    @property
    def pace(self) -> tuple[int, float]:
        """The number of pieces in which the body is sent, and the seconds of real time between two."""
        return self.delivery.pace(len(self.sent_body))

    def is_complete(self, method: str) -> bool:
        """Return whether the client receives every byte that it expects in response to a method."""
        if self.delivery is NORMAL:
            return True
        if not self.delivery.head:
            return False
        if method == METH_HEAD or self.status in BODILESS_STATUSES:
            return True
        if len(self.sent_body) < len(self.encoded):  # The rest of an encoded body cannot be read.
            return False
        if self.delivery.chunks is not None:  # They end with the last chunk, whatever was left out before.
            return self.delivery.end == "complete"
        return len(self.sent_body) >= self.declared_length

    def visible_to(self, method: str) -> tuple[Any, ...]:
        """Return what a client that sent a method can notice; equal if it cannot tell two responses apart."""
        delivery = self.delivery
        if not delivery.head:
            return delivery.delay, delivery.end
        body = b"" if method == METH_HEAD or self.status in BODILESS_STATUSES else self.sent_body
        pieces, pause = self.pace if body else (0, 0)
        is_whole = delivery.end != "reset" and self.is_complete(method)
        return (
            self.status,
            sorted(self.headers.items()),
            sorted(delivery.omitted),
            body,
            self.declared_length if delivery.chunks is None else delivery.chunks if body else None,
            delivery.delay,
            pieces,
            pause if pieces > 1 else 0,
            "complete" if is_whole else delivery.end,
        )

    def with_coding(self, coding: str) -> "Response":
        """Return a copy whose body is sent in a content coding."""
        return replace(self, coding=coding, encoded=compress(coding, self.body))

    def with_body(self, body: bytes) -> "Response":
        """Return a copy with another body in the same content coding; an empty one stays empty."""
        encoded = b"" if self.coding is None or not body else compress(self.coding, body)
        return replace(self, body=body, encoded=encoded)

    def with_delivery(self, **changes: Any) -> "Response":
        """Return a copy after changing fields of the delivery."""
        return replace(self, delivery=replace(self.delivery, **changes))
