"""A raw connection as a client without an HTTP library sees it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from mockserver.contract.endpoint import Endpoint
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

Pair = tuple[Vendor, Endpoint]
LISTS: list[Pair] = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]


def name(pair: Any) -> str:
    """Return a test id a person can read."""
    return f"{pair[0].name}.{pair[1].name}"


def request(
    mock: Any, pair: Pair, *headers: str, method: str | None = None, version: str = "1.1", **parameters: Any
) -> bytes:
    """Return a request to an endpoint as bytes."""
    path, arguments = mock.parts(*pair, {**pair[1].example, **parameters})
    query = urlencode(arguments.get("params", {}))
    body = json.dumps(arguments["json"]).encode() if "json" in arguments else b""
    lines = [
        f"{method or pair[1].method} {path}{'?' if query else ''}{query} HTTP/{version}",
        "Host: localhost",
        *headers,
    ]
    lines += [f"{key}: {value}" for key, value in arguments.get("headers", {}).items()]
    return "\r\n".join([*lines, *([f"Content-Length: {len(body)}"] if body else []), "", ""]).encode() + body


class Seen(asyncio.Protocol):
    """A connection as its client sees it; ``end`` is ``open``, ``closed`` (FIN) or ``reset`` (RST)."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.end = "open"
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep each piece as it came."""
        self.pieces.append(data)
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember how it ended."""
        self.end = "reset" if isinstance(exc, ConnectionResetError) else "closed"
        self._changed.set()

    async def until(self, holds: Callable[["Seen"], bool]) -> None:
        """Wait until something holds of it."""
        while not holds(self):
            self._changed.clear()
            await self._changed.wait()

    async def ended(self) -> "Seen":
        """Wait for the end of the connection."""
        await self.until(lambda seen: seen.end != "open")
        return self

    @property
    def data(self) -> bytes:
        """All that came."""
        return b"".join(self.pieces)

    @property
    def status(self) -> int:
        """The status."""
        return int(self.data.split()[1])

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers, names in lower case."""
        lines = [
            line.partition(":") for line in self.data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        ]
        return [(key.lower(), value.strip()) for key, _, value in lines]

    def header(self, key: str) -> list[str]:
        """Every value of a header."""
        return [value for each, value in self.headers if each == key.lower()]

    @property
    def length(self) -> int:
        """The first ``Content-Length``."""
        return int(self.header("Content-Length")[0])

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def is_complete(self) -> bool:
        """True once the client has every byte of a response with a body."""
        if b"\r\n\r\n" not in self.data:
            return False
        if self.header("Transfer-Encoding"):
            return self.body.endswith(b"\r\n0\r\n\r\n") or self.body == b"0\r\n\r\n"
        return len(self.body) >= self.length


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0)
