"""An answer as a value, and how it goes over the wire: whole, or in one of the ways in which networks fail."""

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import Final, Literal

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ

_NO_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""With it, closing a socket sends RST instead of FIN."""
BODY_SNIPPET_BYTES: Final = 4096
"""Bytes that are remembered of each body."""
_GLANCE: Final = 0.001
"""Seconds between two looks at what the client has received."""
_BODILESS: Final = (204, 304)
"""Statuses whose answers have no body, whatever they are given."""
_LENGTH: Final = "Content-Length"

Where = Literal["before", "headers", "body"]
"""Before the first byte, after the headers, or in the middle of the body."""
End = Literal["complete", "close", "reset", "stall"]
"""What follows the last byte that is sent: the next request, FIN, RST, or nothing for ever."""


class Response(Struct, frozen=True, kw_only=True):
    """Status, headers and body, and what becomes of them on the way."""

    status: int = 200
    headers: CIMultiDict[str]
    """A ``Content-Length`` among them is sent beside the real one."""
    body: bytes = b""
    delay: float = 0
    """Seconds of real time before the first byte."""
    head: bool = True
    """Whether status and headers are sent at all."""
    sent: int | None = None
    """How many bytes of the body are sent; ``None`` for all."""
    declared: int | None = None
    """The ``Content-Length`` that is claimed; ``None`` for the true one."""
    pieces: int = 1
    """In how many pieces the body is sent."""
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
        """Whether nothing happens to it on the way."""
        return (
            self.head
            and self.sent is None
            and self.declared is None
            and self.pieces == 1
            and self.end == "complete"
            and _LENGTH not in self.headers
        )

    @property
    def truncated(self) -> "Response":
        """Return a copy with only the beginning of the body, for the journal."""
        return replace(self, body=self.body[:BODY_SNIPPET_BYTES])

    def interrupted(self, end: End, where: Where, share: float) -> "Response":
        """The same, but ended at a place; its headers promise the whole. One that ends before its headers ends there still."""
        if not self.head and where != "before":
            return self
        sent = int(len(self.sent_body) * share) if where == "body" else 0
        return replace(self, head=where != "before", sent=sent, declared=self.declared_length, end=end)


async def send(reply: Response, request: web.Request) -> web.StreamResponse:
    """Send a reply to its last byte; a plain one is left to aiohttp."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.unmodified:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    response = _headed(reply)
    with suppress(OSError):  # The client may be gone: then nobody reads the answer.
        if reply.head:
            await response.prepare(request)
            if request.method != "HEAD" and reply.status not in _BODILESS:
                await _dribble(response, reply)
        await _end(response, request, reply)
    return response


def _headed(reply: Response) -> web.StreamResponse:
    """What aiohttp sends the headers of. Of several lengths it believes the first."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    others = response.headers.popall(_LENGTH, [])
    response.content_length = reply.declared_length
    for length in others:
        response.headers.add(_LENGTH, length)
    return response


async def _dribble(response: web.StreamResponse, reply: Response) -> None:
    body = reply.sent_body
    pieces = min(reply.pieces, len(body))
    for piece in range(pieces):
        if piece:
            await asyncio.sleep(reply.pause)  # Also where it is 0: others have their turn between two pieces.
        await response.write(body[piece * len(body) // pieces : (piece + 1) * len(body) // pieces])


async def _end(response: web.StreamResponse, request: web.Request, reply: Response) -> None:
    transport = request.transport
    if reply.end == "complete":
        await response.write_eof()
        return
    if reply.end == "stall":  # Cancelled when the client goes, or the server stops.
        await (asyncio.Event().wait() if reply.patience is None else asyncio.sleep(reply.patience))
    if transport is not None:
        if reply.end != "close":
            transport.set_write_buffer_limits(0)
            await request.writer.drain()
            connection = transport.get_extra_info("socket")
            while _on_its_way(connection):  # noqa: ASYNC110 -- the system says no more than that
                await asyncio.sleep(_GLANCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        transport.close()


def _on_its_way(connection: socket.socket) -> int:
    """Bytes that have not reached the client, which RST would take back; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    return int.from_bytes(ioctl(connection.fileno(), TIOCOUTQ, bytes(4)), sys.byteorder)
