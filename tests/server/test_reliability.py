"""The server survives clients that vanish, read slowly or send huge requests."""

import asyncio
import gzip
import json
import re
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

LISTS = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]
BODIES = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.body]
MEBIBYTE = 1 << 20


def name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].name}.{pair[1].name}"


class Server:
    """A server in its own process."""

    def __init__(self, process: "subprocess.Popen[str]", access: dict[str, Any]) -> None:
        self.process = process
        self.access = access
        self.port = int(access["url"].rpartition(":")[2])

    def request(self, vendor: Vendor, endpoint: Endpoint, *headers: str, **parameters: Any) -> bytes:
        """Return a request to an endpoint as bytes."""
        access = self.access["vendors"][vendor.name]
        path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", access["sites"][0])
        words = {**endpoint.example, **parameters}
        if isinstance(endpoint.credentials, BodyKeys):
            keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
            body = json.dumps({**{key: access["credentials"][key] for key in keys}, **words})
            lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", body]
        else:
            query = f"?{urlencode(words)}" if words else ""
            authorization = f"Authorization: Bearer {access['credentials']['token']}"
            lines = [f"GET {path}{query} HTTP/1.1", "Host: x", authorization, *headers, "", ""]
        return "\r\n".join(lines).encode()

    def connect(self) -> socket.socket:
        """Open a connection with a timeout."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send(self, data: bytes) -> list[int]:
        """Send bytes; return the statuses of all responses until the server closes or stops sending."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            received = b""
            connection.settimeout(2)
            with suppress(ConnectionError, TimeoutError):
                while part := connection.recv(MEBIBYTE):
                    received += part
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]

    def resident(self) -> int:
        """Return the bytes of resident memory."""
        return (
            int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1])
            * resource.getpagesize()
        )

    def is_well(self) -> bool:
        """Return whether every list gets a response."""
        return all(self.send(self.request(*pair, "Connection: close")) == [200] for pair in LISTS)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    """Run a default server in its own process."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(process, json.loads(process.stdout.readline()))
        process.terminate()


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_server_survives_clients_that_reset_connections(server: Server, pair: Any) -> None:
    """Fifty clients reset before or during the response; their slots are released."""
    for number in range(50):
        connection = server.connect()
        connection.sendall(server.request(*pair))
        if number % 2:
            connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    assert server.is_well()


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_slow_reader_blocks_no_other_client_and_gets_whole_response(server: Server, pair: Any) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(server.request(*pair, "Connection: close"))
        received = slow.recv(10)
        others = [each for each in LISTS if each != pair]
        assert [server.send(server.request(*each, "Connection: close")) for each in others] == [[200]] * len(
            others
        )
        while part := slow.recv(4096):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")

    assert f"content-length: {len(body)}".encode() in head.lower()
    assert json.loads(body)


def test_incomplete_requests_block_no_other_client(server: Server) -> None:
    """Two hundred clients send a part of a head or body and then nothing."""
    whole = server.request(*BODIES[0])
    waiting = []
    for number in range(200):
        connection = server.connect()
        connection.sendall(whole[: len(whole) * (1 + number % 9) // 10])
        waiting.append(connection)

    assert server.is_well()

    for connection in waiting:
        connection.close()

    assert server.is_well()


BOMBS = {
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * MEBIBYTE + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 200_000 + b"\r\n",
    "a long path": b"GET /" + b"a" * MEBIBYTE + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 8 * MEBIBYTE,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_huge_header_gets_client_error(server: Server, bomb: bytes) -> None:
    """There is at most one response, and the next client is served."""
    statuses = server.send(bomb)

    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses)
    assert server.is_well()


def _post(server: Server, pair: Any, *headers: str) -> bytes:
    """Return the head of a POST to an endpoint, without the length of its body."""
    path = pair[1].paths[0].replace(f"{{{pair[1].site}}}", server.access["vendors"][pair[0].name]["sites"][0])
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode()


ZEROS = b"0" * MEBIBYTE
CHUNK = b"%x\r\n%b\r\n" % (len(ZEROS), ZEROS)


@pytest.mark.parametrize("pair", BODIES, ids=name)
@pytest.mark.parametrize("way", ["declared", "chunked", "compressed"])
def test_huge_body_gets_413_without_using_memory(server: Server, pair: Any, way: str) -> None:
    """The server may also close the connection."""
    assert server.is_well()
    before = server.resident()
    match way:
        case "declared":
            data = _post(server, pair, f"Content-Length: {100 * MEBIBYTE}") + ZEROS * 100
        case "chunked":
            data = _post(server, pair, "Transfer-Encoding: chunked") + CHUNK * 100 + b"0\r\n\r\n"
        case _:
            packed = gzip.compress(ZEROS * 100)
            data = _post(server, pair, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed

    assert server.send(data) in ([413], [])
    assert server.is_well()
    assert server.resident() - before < 24 * MEBIBYTE


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xc3\x28", b"\x00", b"%FF%FE", b"\xed\xa0\x80"], ids=range(5))
@pytest.mark.parametrize("where", ["path", "query", "header", "body"])
def test_bytes_that_are_not_utf8_cause_no_server_error(server: Server, raw: bytes, where: str) -> None:
    pair = next(each for each in LISTS if not each[1].body)
    request = server.request(*pair, "Connection: close", unknown="UNKNOWN")
    match where:
        case "path":
            request = request.replace(b"?", raw + b"?", 1)
        case "query":
            request = request.replace(b"UNKNOWN", raw, 1)
        case "header":
            request = request.replace(b"Host: x", b"Host: x\r\nX-Text: " + raw, 1)
        case _:
            request = _post(server, BODIES[0], f"Content-Length: {len(raw)}") + raw
    statuses = server.send(request)

    assert len(statuses) <= 1
    assert all(status < 500 for status in statuses)
    assert server.is_well()


INNER = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = {
    "both lengths": ["Content-Length: 4", "Transfer-Encoding: chunked"],
    "two lengths": ["Content-Length: 4", "Content-Length: 5"],
    "a list of lengths": ["Content-Length: 4, 5"],
    "a signed length": ["Content-Length: +4"],
    "a length in hexadecimal": ["Content-Length: 0x4"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "chunked not last": ["Transfer-Encoding: chunked, gzip"],
    "a space before the colon": ["Transfer-Encoding : chunked"],
    "a folded header": ["X: a", " Transfer-Encoding: chunked", "Content-Length: 4"],
    "a bare line feed": ["X: a\nTransfer-Encoding: chunked"],
    "a null": ["Transfer-Encoding: chunked\x00"],
}


@pytest.mark.parametrize("headers", SMUGGLING.values(), ids=SMUGGLING)
def test_request_with_ambiguous_end_gets_error_and_hidden_request_no_response(
    server: Server, headers: list[str]
) -> None:
    statuses = server.send(_post(server, BODIES[0], *headers) + b"0\r\n\r\n" + INNER)

    assert statuses.count(404) == 0
    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses)
    assert server.is_well()


def test_pipelined_requests_get_a_response_each(server: Server) -> None:
    one = server.request(*LISTS[0])

    assert server.send(one + one + server.request(*LISTS[0], "Connection: close")) == [200, 200, 200]


async def test_ten_thousand_idle_connections_are_still_served(server: Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pair = LISTS[-1]
    limit = str(pair[1].pagination.limit)
    parameters: dict[str, Any] = {limit: 1}
    request = server.request(*pair, **parameters)
    opened = []
    try:
        for _ in range(100):
            opened += await asyncio.gather(
                *(asyncio.open_connection("127.0.0.1", server.port) for _ in range(100))
            )
        for reader, writer in opened[:: len(opened) // 100]:
            writer.write(request)
            assert (await reader.readline()).split()[1] == b"200"
    finally:
        for _, writer in opened:
            writer.transport.abort()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(opened) == 10_000
    assert server.is_well()
