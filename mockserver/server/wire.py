"""An answer as a value, and how it goes over the wire: whole, or in one of the ways in which networks fail."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final, Literal

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict

_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""With it, closing a socket sends RST instead of FIN."""


class Reply(Struct, frozen=True, kw_only=True):
    """Status, headers and body, and what becomes of them on the way."""

    status: int = 200
    headers: CIMultiDict[str]
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
    """Seconds of real time before each piece."""
    end: Literal["complete", "close", "reset", "stall"] = "complete"
    """What follows the last byte that is sent: the next request, FIN, RST, or nothing for ever."""

    def cut(self, length: int) -> "Reply":
        """The same with only the beginning of its body."""
        return replace(self, body=self.body[:length])

    @property
    def plain(self) -> bool:
        """Whether nothing happens to it on the way."""
        return self.head and self.sent is None and self.declared is None and self.pieces == 1 and self.end == "complete"


async def send(reply: Reply, request: web.Request) -> web.StreamResponse:
    """Send a reply to its last byte, unless it is a plain one without delay: that is left to aiohttp."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.plain:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    body = reply.body if reply.sent is None else reply.body[: reply.sent]
    response.content_length = len(body) if reply.declared is None else reply.declared
    with suppress(ConnectionError):  # The client may be gone: then nobody reads the answer.
        if reply.head:
            await response.prepare(request)
            if request.method != "HEAD":
                await _dribble(response, body, reply)
        await _end(response, request, reply)
    return response


async def _dribble(response: web.StreamResponse, body: bytes, reply: Reply) -> None:
    size = -(-len(body) // reply.pieces) or 1
    for start in range(0, len(body), size):
        if reply.pause:
            await asyncio.sleep(reply.pause)
        await response.write(body[start : start + size])


async def _end(response: web.StreamResponse, request: web.Request, reply: Reply) -> None:
    transport = request.transport
    if reply.end == "complete":
        await response.write_eof()
    elif reply.end == "stall":
        await asyncio.Event().wait()  # Cancelled when the client goes, or the server stops.
    elif transport is not None:
        if reply.end == "reset":
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        transport.close()
