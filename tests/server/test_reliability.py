"""A served mock outlives its clients: those that vanish, those that read slowly, those that send bombs."""

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

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

LISTS = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]
BODIES = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.body]
MEBIBYTE = 1 << 20


def name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].name}.{pair[1].name}"


class Server:
    """A server in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", told: dict[str, Any]) -> None:
        self.process, self.told = process, told
        self.port = int(told["url"].rpartition(":")[2])

    def request(self, vendor: Vendor, endpoint: Endpoint, *headers: str, **parameters: Any) -> bytes:
        """A request to an endpoint as bytes."""
        told = self.told["vendors"][vendor.name]
        path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", told["sites"][0])
        words = {**endpoint.example, **parameters}
        if isinstance(endpoint.credentials, BodyKeys):
            keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
            body = json.dumps({**{key: told["credentials"][key] for key in keys}, **words})
            lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", body]
        else:
            query = f"?{urlencode(words)}" if words else ""
            authorization = f"Authorization: Bearer {told['credentials']['token']}"
            lines = [f"GET {path}{query} HTTP/1.1", "Host: x", authorization, *headers, "", ""]
        return "\r\n".join(lines).encode()

    def connect(self) -> socket.socket:
        """A connection that gives up after a while."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def answers(self, data: bytes) -> list[int]:
        """The statuses of whatever comes back for some bytes, until the server closes or says no more."""
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
        """Bytes of resident memory."""
        return (
            int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1])
            * resource.getpagesize()
        )

    def is_well(self) -> bool:
        """Whether every list is answered."""
        return all(self.answers(self.request(*pair, "Connection: close")) == [200] for pair in LISTS)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    """A default server in a process of its own."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(process, json.loads(process.stdout.readline()))
        process.terminate()


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_clients_that_vanish_take_nothing_with_them(server: Server, pair: Any) -> None:
    """Fifty clients reset their connection before, or in the middle of, the answer; slots are free again."""
    for number in range(50):
        connection = server.connect()
        connection.sendall(server.request(*pair))
        if number % 2:
            connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    assert server.is_well()


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_slow_reader_holds_up_nobody_and_gets_all(server: Server, pair: Any) -> None:
    """While one client reads a byte now and then, others are answered; and in the end it has the whole answer."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(server.request(*pair, "Connection: close"))
        received = slow.recv(10)
        others = [each for each in LISTS if each != pair]
        assert [server.answers(server.request(*each, "Connection: close")) for each in others] == [
            [200]
        ] * len(others)
        while part := slow.recv(4096):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")

    assert f"content-length: {len(body)}".encode() in head.lower()
    assert json.loads(body)


def test_half_open_connections_hold_up_nobody(server: Server) -> None:
    """Two hundred clients send half a head or half a body and then nothing."""
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
def test_header_bombs_are_refused(server: Server, bomb: bytes) -> None:
    """At most one answer, a refusal, and the next client is served."""
    statuses = server.answers(bomb)

    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses)
    assert server.is_well()


def _post(server: Server, pair: Any, *headers: str) -> bytes:
    """The head of a POST to an endpoint, with other headers than its body's length."""
    path = pair[1].paths[0].replace(f"{{{pair[1].site}}}", server.told["vendors"][pair[0].name]["sites"][0])
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode()


ZEROS = b"0" * MEBIBYTE
CHUNK = b"%x\r\n%b\r\n" % (len(ZEROS), ZEROS)


@pytest.mark.parametrize("pair", BODIES, ids=name)
@pytest.mark.parametrize("way", ["declared", "chunked", "compressed"])
def test_body_bombs_are_refused_and_memory_stays(server: Server, pair: Any, way: str) -> None:
    """A hundred mebibytes, however they come: 413 in the vendor's shape, or the door; and the memory they would take is not taken."""
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

    assert server.answers(data) in ([413], [])
    assert server.is_well()
    assert server.resident() - before < 24 * MEBIBYTE


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xc3\x28", b"\x00", b"%FF%FE", b"\xed\xa0\x80"], ids=range(5))
@pytest.mark.parametrize("where", ["path", "query", "header", "body"])
def test_bytes_that_are_no_utf_8_are_refused_or_passed_over(server: Server, raw: bytes, where: str) -> None:
    """Whatever stands where text should: an answer that is no 5xx, and the server goes on."""
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
    statuses = server.answers(request)

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
def test_smuggling_shapes_reach_no_second_request(server: Server, headers: list[str]) -> None:
    """A message whose end two readers could see in different places is refused; what hides in it is never answered."""
    statuses = server.answers(_post(server, BODIES[0], *headers) + b"0\r\n\r\n" + INNER)

    assert statuses.count(404) == 0
    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses)
    assert server.is_well()


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """What is sent ahead is no smuggling: each request gets its answer."""
    one = server.request(*LISTS[0])

    assert server.answers(one + one + server.request(*LISTS[0], "Connection: close")) == [200, 200, 200]


async def test_ten_thousand_kept_connections_are_served(server: Server) -> None:
    """With 10,000 connections open and idle, each is still answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pair = LISTS[-1]
    limit = str(getattr(pair[1].pagination, "limit", None))
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
