"""Relay a connection to another host, byte by byte, with the ways in which it ends."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.hdrs import CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING

from mockserver.server.http.transport import reset

_HOP_BY_HOP = frozenset(
    name.lower() for name in (CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, "Keep-Alive", "TE")
)
_PROXY_PREFIX = "proxy-"


class Pipe(asyncio.Protocol):
    """One end of a relay: everything that it receives is sent by its peer, also FIN and RST."""

    def __init__(self, on_end: Callable[["Pipe"], None]) -> None:
        """Create an end without a peer; *on_end* is called when its connection is closed."""
        self.transport: asyncio.Transport | None = None
        """``None`` before and after the connection."""
        self.peer = self
        self.has_ended = False
        """True if the connection sends nothing any more."""
        self._on_end = on_end

    def join(self, client: asyncio.Transport, near: "Pipe") -> None:
        """Relay between this end and a client, whose connection is paused and gets *near* as its protocol."""
        self.peer = near
        near.peer = self
        near.transport = client
        client.set_protocol(near)
        client.resume_reading()
        if self.transport is not None:
            self.transport.resume_reading()
        else:  # The other host has already closed the connection.
            client.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the peer."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Send the bytes to the other side."""
        if self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Send the end to the other side; the connection is closed when both sides have ended."""
        self.has_ended = True
        other = self.peer.transport
        if other is not None and not other.is_closing():
            other.write_eof()
        return not self.peer.has_ended

    def pause_writing(self) -> None:
        """Stop reading from the other side, because this one is slow."""
        if self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read from the other side again."""
        if self.peer.transport is not None:
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side in the same way."""
        self.transport = None
        self._on_end(self)
        other = self.peer.transport
        if other is None:
            return
        if isinstance(exc, ConnectionError):
            reset(other)
        else:
            other.close()


async def read_as_origin(request: web.Request) -> list[bytes]:
    """Read a request to a proxy, and return it as the host itself gets it, on a connection of its own."""
    body = await request.read()
    lines = [f"{request.method} {request.rel_url.raw_path_qs or '/'} HTTP/1.1".encode()]
    lines += [
        name + b": " + value
        for name, value in request.raw_headers
        if (lower := name.decode("latin-1").lower()) not in _HOP_BY_HOP
        and not lower.startswith(_PROXY_PREFIX)
    ]
    lines.append(b"Connection: close")
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return [b"\r\n".join([*lines, b"", b""]), body]
