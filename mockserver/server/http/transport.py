"""Send a response over its connection, with the network failures that it asks for."""

import socket
import struct
import sys
from asyncio import Event, Transport, sleep
from contextlib import suppress
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.hdrs import CONTENT_LENGTH, DATE, METH_HEAD, TRANSFER_ENCODING
from msgspec.structs import replace

from mockserver._util.clock import Clock
from mockserver.server.http.dates import format_date
from mockserver.server.http.response import BODILESS_STATUSES, NORMAL, Delivery, Response

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ

_NO_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Value of ``SO_LINGER`` with which closing a socket sends RST instead of FIN."""
_POLL_SECONDS: Final = 0.001
"""Seconds between two checks of how much the client has received."""


async def send(response: Response, request: web.Request, clock: Clock | None = None) -> web.StreamResponse:
    """Send a response to its last byte; a normal delivery is left to aiohttp.

    The header ``Date`` shows the time of *clock*, by default the system's.
    """
    delivery = response.delivery
    if delivery.delay:
        await sleep(delivery.delay)
        delivery = replace(delivery, delay=0)
    if delivery == NORMAL and CONTENT_LENGTH not in response.headers:
        return _with_date(
            web.Response(status=response.status, headers=response.headers, body=response.sent_body), clock
        )
    stream = _with_date(_create_stream(response, request), clock)
    with suppress(OSError):  # The client may have disconnected.
        if delivery.head:
            await stream.prepare(request)
            if request.method != METH_HEAD and response.status not in BODILESS_STATUSES:
                await _write_pieces(stream, response, request)
        await _finish(stream, request, delivery)
    return stream


async def send_completely(
    response: Response, request: web.Request, clock: Clock | None = None
) -> web.StreamResponse:
    """Send a response to its last byte; :func:`send` may leave the sending to aiohttp."""
    stream = await send(response, request, clock)
    with suppress(ConnectionError):  # The client may have disconnected.
        await stream.prepare(request)
        await stream.write_eof()
    return stream


def _with_date(stream: web.StreamResponse, clock: Clock | None) -> web.StreamResponse:
    """Add the date of a clock, unless a fault has set one; without a clock, aiohttp adds the system's."""
    if clock is not None:
        stream.headers.setdefault(DATE, format_date(clock))
    return stream


class _Stream(web.StreamResponse):
    """A response of which headers that aiohttp would add can be left out, and whose chunks are our own."""

    def __init__(self, response: Response, *, is_chunked: bool) -> None:
        super().__init__(status=response.status, headers=response.headers)
        self._omitted = response.delivery.omitted
        self._length_check = not is_chunked  # Otherwise aiohttp encodes the chunks.

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in self._omitted:
            self.headers.popall(name, None)


def _create_stream(response: Response, request: web.Request) -> web.StreamResponse:
    """Return a stream with the response's status and headers; aiohttp uses the first of several lengths."""
    is_chunked = response.delivery.chunks is not None
    stream = _Stream(response, is_chunked=is_chunked)
    other_lengths = stream.headers.popall(CONTENT_LENGTH, [])
    if not is_chunked:
        stream.content_length = response.declared_length
    elif _knows_chunks(request):
        stream.headers[TRANSFER_ENCODING] = "chunked"
    else:
        stream.force_close()
    for length in other_lengths:
        stream.headers.add(CONTENT_LENGTH, length)
    return stream


def _knows_chunks(request: web.Request) -> bool:
    """Return whether the client knows chunks; for HTTP/1.0, the end of the connection is that of the body."""
    return request.version >= HttpVersion11


async def _write_pieces(stream: web.StreamResponse, response: Response, request: web.Request) -> None:
    count, pause = response.pace
    body = response.sent_body
    chunks = response.delivery.chunks
    if chunks is not None and _knows_chunks(request):
        body = chunks.encode(body, ends=response.delivery.end == "complete")
    count = max(count, 1) if body else 0
    for index in range(count):
        if index:
            await sleep(pause)  # Even if it is 0: other tasks run between two pieces.
        start = index * len(body) // count
        end = (index + 1) * len(body) // count
        await stream.write(body[start:end])


async def _finish(stream: web.StreamResponse, request: web.Request, delivery: Delivery) -> None:
    """End the response, and unless it is complete also the connection."""
    transport = request.transport
    if delivery.end == "complete":
        await stream.write_eof()
        return
    if delivery.end == "stall":  # Cancelled when the client disconnects or the server stops.
        await (Event().wait() if delivery.patience is None else sleep(delivery.patience))
    if transport is None:
        return
    if delivery.end != "close":
        while _count_unsent(transport):  # noqa: ASYNC110 -- the system has no event for it
            await sleep(_POLL_SECONDS)
        reset(transport)
    transport.close()


def reset(transport: Transport) -> None:
    """Close a connection with RST."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _count_unsent(transport: Transport) -> int:
    """Return the bytes that the client has not received, which RST would discard.

    Those that the system holds count as received if it does not know.
    """
    buffered = transport.get_write_buffer_size()
    tls = getattr(transport, "_ssl_protocol", None)
    if tls is not None and tls._transport is not None:  # noqa: SLF001 -- asyncio has no other way to it
        buffered += tls._transport.get_write_buffer_size()  # noqa: SLF001 -- as above
    if sys.platform != "linux" or transport.is_closing():
        return buffered
    connection = transport.get_extra_info("socket")
    return buffered + int.from_bytes(ioctl(connection.fileno(), TIOCOUTQ, bytes(4)), sys.byteorder)
