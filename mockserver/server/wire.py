"""An answer as a value, and how it goes over the wire: whole, or in one of the ways in which networks fail."""

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from email.utils import formatdate
from functools import cached_property, lru_cache
from typing import Final, Literal

from aiohttp import HttpVersion11, web
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict

from mockserver.server.clock import wall
from mockserver.vendor.lines import Content, text

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ

_NO_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""With it, closing a socket sends RST instead of FIN."""
TOLD: Final = 4096
"""Bytes that are remembered of each body."""
_GLANCE: Final = 0.001
"""Seconds between two looks at what the client has received."""
_OK: Final = 200
_BODILESS: Final = (204, 304)
"""Statuses whose answers have no body, whatever they are given."""
_LENGTH: Final = "Content-Length"

Where = Literal["before", "headers", "body"]
"""Before the first byte, after the headers, or in the middle of the body."""
End = Literal["complete", "close", "reset", "stall"]
"""What follows the last byte that is sent: the next request, FIN, RST, or nothing for ever."""


class Reply(Struct, frozen=True, kw_only=True, dict=True):
    """Status, headers and body, and what becomes of them on the way; what follows from them is worked out once."""

    status: int = 200
    headers: CIMultiDict[str]
    """A ``Content-Length`` among them is sent beside the real one."""
    content: Content = b""
    """Its body, or what becomes its body when it is needed."""
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
    def body(self) -> bytes:
        """What is told."""
        return text(self.content)

    @property
    def finished(self) -> "Reply":
        """The same with its body made."""
        return replace(self, content=self.body)

    @property
    def carried(self) -> bytes:
        """The part of the body that is sent."""
        return self.body[: self.sent]

    @property
    def claimed(self) -> int:
        """The ``Content-Length`` that is sent."""
        return len(self.carried) if self.declared is None else self.declared

    @cached_property
    def plain(self) -> bool:
        """Whether nothing happens to it on the way."""
        return (
            self.head
            and self.sent is None
            and self.declared is None
            and self.pieces == 1
            and self.end == "complete"
            and _LENGTH not in self.headers
        )

    @cached_property
    def told(self) -> "Reply":
        """The same with only the beginning of its body, and nothing worked out: all that is remembered of it."""
        return replace(self, content=self.body[:TOLD])

    @cached_property
    def whole(self) -> "_Whole | None":
        """What it is once it was sent whole; ``None`` for one that only aiohttp can send."""
        lines = _lines(tuple(self.headers.items())) if self.plain and self.status == _OK else None
        return None if lines is None else _Whole(self, b"%b%d\r\nDate: " % (lines, len(self.body)))

    def broken_off(self, end: End, where: Where, share: float) -> "Reply":
        """The same, but ended at a place; its headers promise the whole. One that ends before its headers ends there still."""
        if not self.head and where != "before":
            return self
        sent = int(len(self.carried) * share) if where == "body" else 0
        return replace(self, head=where != "before", sent=sent, declared=self.claimed, end=end)


async def send(reply: Reply, request: web.Request) -> web.StreamResponse:
    """Send a reply to its last byte, unless it is a plain one that needs a look at the request: that is left to aiohttp."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    whole, transport = reply.whole, request.transport
    usual = request.keep_alive and request.version == HttpVersion11 and request.method != "HEAD"
    if whole is not None and usual and transport is not None and not transport.is_closing():
        transport.write(b"%b%b\r\n\r\n%b" % (whole.start, _date(wall() // 1000), reply.body))
        if request.protocol.writing_paused:
            await request.writer.drain()
        return whole
    if reply.plain:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    response = _headed(reply)
    with suppress(OSError):  # The client may be gone: then nobody reads the answer.
        if reply.head:
            await response.prepare(request)
            if request.method != "HEAD" and reply.status not in _BODILESS:
                await _dribble(response, reply)
        await _end(response, request, reply)
    return response


class _Whole(web.StreamResponse):
    """The usual answer to the usual request, over a connection that is kept: it is sent in one write, which is half of aiohttp's work.

    Nothing of it is left to aiohttp, and nothing in it changes: every sending of a reply has the same.
    """

    def __init__(self, reply: Reply, start: bytes) -> None:
        super().__init__(status=reply.status, headers=reply.headers)
        self._length = len(reply.body)
        self.start = start
        """All that stands before the date."""

    @property
    def keep_alive(self) -> bool:
        return True

    @property
    def body_length(self) -> int:
        return self._length

    async def prepare(self, request: web.BaseRequest) -> None:
        pass

    async def write_eof(self, data: bytes = b"") -> None:
        pass


@lru_cache(maxsize=64)
def _lines(headers: tuple[tuple[str, str], ...]) -> bytes | None:
    """The head of an answer up to its length; ``None`` where a header breaks its line, which aiohttp refuses to send."""
    lines = [f"{name}: {value}" for name, value in headers]
    if not all(line.isprintable() for line in lines):
        return None
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "Content-Length: "]).encode()


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def _headed(reply: Reply) -> web.StreamResponse:
    """What aiohttp sends the headers of. Of several lengths it believes the first."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    others = response.headers.popall(_LENGTH, [])
    response.content_length = reply.claimed
    for length in others:
        response.headers.add(_LENGTH, length)
    return response


async def _dribble(response: web.StreamResponse, reply: Reply) -> None:
    body = reply.carried
    pieces = min(reply.pieces, len(body))
    for piece in range(pieces):
        if piece:
            await asyncio.sleep(reply.pause)  # Also where it is 0: others have their turn between two pieces.
        await response.write(body[piece * len(body) // pieces : (piece + 1) * len(body) // pieces])


async def _end(response: web.StreamResponse, request: web.Request, reply: Reply) -> None:
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
