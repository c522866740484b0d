"""Hostile and broken HTTP over raw sockets gets a correct error, a journal entry and one line in the log."""

import gzip
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import pytest

from mockserver import SessionMock
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.validation import fields
from mockserver.server import listeners
from mockserver.server.admin.routes import ROUTES
from mockserver.server.http import request_body as body
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.conftest import Serve

PAIRS: Final = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
BODIES: Final = [pair for pair in PAIRS if pair[1].body is not None]
LISTS: Final = [pair for pair in PAIRS if pair[1].start_field]
QUERIES: Final = [
    (*pair, field.name) for pair in PAIRS if pair[1].method == "GET" for field in fields(pair[1].query)
]
MEBIBYTE: Final = 1 << 20
SECONDS: Final = 20
"""Seconds that a client waits for a response."""


def label(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].name}.{'.'.join(each if isinstance(each, str) else each.name for each in pair[1:])}"


class Response(NamedTuple):
    """A response that was read from a raw socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Server:
    """A running server, by its port, and the requests that its first tenant may send."""

    def __init__(self, port: int, access: dict[str, Any], log: Path) -> None:
        self.port = port
        self.access = access
        self.log = log
        self.seen = {"": 0, "/tenants/default": 0}
        """The number of the last exchange that was read from each journal."""

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def send(self, data: bytes) -> Response | None:
        """Send bytes and return the first response; None if the server closes the connection without one."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            return receive(connection)

    def get(self, path: str, *headers: str, host: str = "localhost") -> Response:
        """Send a GET."""
        response = self.send(
            "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode("latin-1")
        )
        assert response is not None
        return response

    def post(self, path: str, content: bytes, *headers: str) -> Response:
        """Send a POST with a body."""
        head = [
            f"POST {path} HTTP/1.1",
            "Host: localhost",
            f"Content-Length: {len(content)}",
            *headers,
            "",
            "",
        ]
        response = self.send("\r\n".join(head).encode() + content)
        assert response is not None
        return response

    def path(self, vendor: Vendor, endpoint: Endpoint) -> str:
        """Return the path of an endpoint at the tenant's first site."""
        site = self.access["vendors"][vendor.name]["sites"][0]
        return endpoint.paths[0].format_map(
            {name: site if name == endpoint.site else "unknown" for name in endpoint.path}
        )

    def authorization(self, vendor: Vendor) -> str:
        """Return the header of a vendor with bearer tokens."""
        return f"Authorization: Bearer {self.access['vendors'][vendor.name]['credentials'].get('token')}"

    def fill(self, vendor: Vendor, endpoint: Endpoint, more: Mapping[str, Any] = {}) -> dict[str, Any]:
        """Return the body of a valid request to an endpoint, with credentials and *more* fields."""
        asked, credentials = endpoint.credentials, self.access["vendors"][vendor.name]["credentials"]
        keys = [key for key in (asked.key, asked.secret) if key] if isinstance(asked, BodyKeys) else []
        return {**{key: credentials[key] for key in keys}, **endpoint.example, **more}

    def read(self, journal: str = "") -> list[dict[str, Any]]:
        """Return the exchanges since the last call, by default those of no tenant."""
        exchanges: list[dict[str, Any]] = []
        while page := self.get(f"/__admin{journal}/journal?after={self.seen[journal]}&limit=1000").json[
            "exchanges"
        ]:
            exchanges += page
            self.seen[journal] = page[-1]["number"]
        return exchanges

    def is_well(self) -> bool:
        """Return whether lists and journals in every format get a response."""
        for vendor, endpoint in LISTS:
            path = self.path(vendor, endpoint)
            if endpoint.method == "GET":
                words = "&".join(f"{name}={quote(str(value))}" for name, value in endpoint.example.items())
                response = self.get(f"{path}?{words}", self.authorization(vendor))
            else:
                response = self.post(path, json.dumps(self.fill(vendor, endpoint)).encode())
            if response.status != 200:
                return False
        for journal, after in list(self.seen.items()):
            self.read(journal)
            for form in ("har", "ndjson"):
                if (
                    self.get(
                        f"/__admin{journal}/journal?format={form}&after={after}", "Connection: close"
                    ).status
                    != 200
                ):
                    return False
        return True


def receive(connection: socket.socket) -> Response | None:
    """Read a response to its end; return None if the connection ends before."""
    received = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in received:
            part = connection.recv(MEBIBYTE)
            if not part:
                return None
            received += part
    head, _, content = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers["content-length"]) if "content-length" in headers else None
    with suppress(ConnectionError):
        while not content.endswith(b"0\r\n\r\n") if length is None else len(content) < length:
            part = connection.recv(MEBIBYTE)
            if not part:
                break
            content += part
    chunked = headers.get("transfer-encoding") == "chunked"
    return Response(int(status.split()[1]), headers, join_chunks(content) if chunked else content)


def join_chunks(content: bytes) -> bytes:
    """Return a chunked body without the lengths of its chunks."""
    joined = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        joined += content[: int(size, 16)]
        content = content[int(size, 16) + 2 :]
    return joined


def serve(folder: Path, *options: str, code: str = "", **kwargs: Any) -> Generator[Server]:
    """Run a server in a process of its own, after some code."""
    program = (
        f"{code}\nimport sys\nfrom mockserver.__main__ import main\nsys.argv[0] = 'session-mock'\nmain()"
    )
    log = folder / "log"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--json", *options]
    with (
        log.open("wb") as err,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, **kwargs) as process,
    ):
        try:
            assert process.stdout is not None
            access = json.loads(process.stdout.readline())
            yield Server(int(access["url"].rpartition(":")[2]), access, log)
        finally:
            process.kill()


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from serve(tmp_path_factory.mktemp("server"))


@pytest.fixture(name="guarded", scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from serve(tmp_path_factory.mktemp("guarded"), "--admin-token", "s3cret-of-the-tests")


@pytest.fixture(name="stained", scope="module")
def _stained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server for requests that are not UTF-8."""
    yield from serve(tmp_path_factory.mktemp("stained"))


# Bodies

PACKED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}
CORRUPT: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip of junk": ("gzip", lambda _: b"\x1f\x8b" + b"junk" * 9),
    "gzip of plain text": ("gzip", bytes),
    "gzip cut off": ("gzip", lambda plain: gzip.compress(plain)[:-9]),
    "gzip with a wrong checksum": ("gzip", lambda plain: gzip.compress(plain)[:-8] + b"12345678"),
    "deflate of junk": ("deflate", lambda _: b"x\x9cjunkjunk"),
    "deflate of plain text": ("deflate", bytes),
    "br": ("br", lambda _: b"junk"),
    "zstd": ("zstd", lambda _: b"junk"),
    "unknown": ("compress", bytes),
    "gzip twice": ("gzip, gzip", lambda plain: gzip.compress(gzip.compress(plain))),
}


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_compressed_body_gets_same_status_as_plain_one(
    server: Server, pair: tuple[Vendor, Endpoint], coding: str
) -> None:
    path, plain = server.path(*pair), json.dumps(server.fill(*pair)).encode()
    response = server.post(path, PACKED[coding](plain), f"Content-Encoding: {coding}")

    assert response.status == server.post(path, plain).status == 200


@pytest.mark.parametrize("case", CORRUPT)
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_corrupt_compressed_body_gets_error_of_vendor(
    server: Server, pair: tuple[Vendor, Endpoint], case: str
) -> None:
    coding, pack = CORRUPT[case]
    path, plain = server.path(*pair), json.dumps(server.fill(*pair)).encode()
    malformed, response = (
        server.post(path, b"{"),
        server.post(path, pack(plain), f"Content-Encoding: {coding}"),
    )
    exchange = server.read()[-1]

    assert response.status == malformed.status == 400
    assert response.json.keys() == malformed.json.keys()
    assert "Content-Encoding" in response.body.decode()
    assert (exchange["response"]["status"], exchange["failed"]) == (400, False)


@pytest.mark.parametrize("case", [name for name in CORRUPT if name.startswith("gzip of")])
@pytest.mark.parametrize("pair", BODIES, ids=label)
async def test_corrupt_body_at_runner_of_caller_is_refused(
    serve: Serve, pair: tuple[Vendor, Endpoint], case: str
) -> None:
    """With another runner, aiohttp decompresses bodies before the application sees them."""
    mock = await serve()
    coding, pack = CORRUPT[case]
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    packed = pack(json.dumps(arguments["json"]).encode())
    async with mock.client.post(path, data=packed, headers={"Content-Encoding": coding}) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    "path", ["/nowhere", "/__admin/tenants", *(f"/{vendor.name}/nowhere" for vendor in load())]
)
def test_corrupt_body_at_path_without_endpoint_gets_client_error(server: Server, path: str) -> None:
    response = server.post(path, b"junk", "Content-Encoding: gzip")

    assert 400 <= response.status < 500


@pytest.mark.parametrize("path", ["/nowhere", "/__admin/tenants"])
def test_large_body_at_path_without_vendor_is_too_large_or_unknown(server: Server, path: str) -> None:
    assert server.post(path, b" " * 2 * MEBIBYTE).status in {404, 413}


FORMS: Final = {
    "application/x-www-form-urlencoded": b"a=1&b=2",
    "multipart/form-data": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    "text/plain": b"hello",
    "application/xml": b"<a/>",
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_body_that_is_not_json_gets_error_with_its_media_type(
    server: Server, pair: tuple[Vendor, Endpoint], kind: str
) -> None:
    response = server.post(
        server.path(*pair), FORMS[kind], f"Content-Type: {kind}; charset=utf-8; boundary=x"
    )

    assert response.status == 400
    assert f"{kind}; send JSON" in response.body.decode()
    assert "byte 0" not in response.body.decode()


@pytest.mark.parametrize("kind", FORMS)
def test_admin_body_that_is_not_json_gets_error_with_its_media_type(server: Server, kind: str) -> None:
    response = server.post(
        "/__admin/tenants", FORMS[kind], f"Content-Type: {kind}; charset=utf-8; boundary=x"
    )

    assert response.status == 400
    assert f"{kind}; send JSON" in response.json["detail"]


@pytest.mark.parametrize("kind", ["\xfc/\xfc", "a" * 5000 + "/b", "x", "", "text/\x80"])
def test_invalid_media_type_is_not_repeated(stained: Server, kind: str) -> None:
    for path in (stained.path(*BODIES[0]), "/__admin/tenants"):
        data = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Type: {kind}\r\n\r\na=b"
        )
        response = stained.send(data.encode("latin-1"))

        assert response is not None
        assert response.status == 400
        assert len(response.body) < 500


@pytest.mark.parametrize("coding", ["g\xfczip", "\x80", "gzip\x7f"])
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_content_encoding_that_is_not_text_gets_error(
    stained: Server, pair: tuple[Vendor, Endpoint], coding: str
) -> None:
    headers = f"Host: localhost\r\nContent-Length: 2\r\nContent-Encoding: {coding}"
    data = f"POST {stained.path(*pair)} HTTP/1.1\r\n{headers}\r\n\r\n{{}}"
    response = stained.send(data.encode("latin-1"))

    assert response is not None
    assert response.status == 400


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_json_with_any_media_type_is_accepted(
    server: Server, pair: tuple[Vendor, Endpoint], kind: str
) -> None:
    """`curl --data` sends JSON as a form."""
    content = json.dumps(server.fill(*pair)).encode()

    assert server.post(server.path(*pair), content, f"Content-Type: {kind}").status == 200


# Depth

DEPTHS: Final = (120, 200, 500, 900, 940, 960, 970, 975, 980, 1_000, 5_000)
SHAPES: Final = {"objects": ('{"a":', "}"), "arrays": ("[", "]"), "both": ('[{"a":', "}]")}


def nest(shape: str, depth: int) -> str:
    """Return JSON that is nested a number of times."""
    opening, closing_ = SHAPES[shape]
    return opening * depth + "1" + closing_ * depth


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_deeply_nested_body_breaks_no_output(
    server: Server, pair: tuple[Vendor, Endpoint], shape: str
) -> None:
    """In every field, known or not.

    Lists and journals show accepted values, and must not break on them.
    """
    names = [*(field.name for field in fields(pair[1].body)), "unknown"]
    for name in names:
        for depth in DEPTHS:
            content = json.dumps(server.fill(*pair, {name: "NESTED"})).replace('"NESTED"', nest(shape, depth))
            response = server.post(server.path(*pair), content.encode())

            assert response.status < 500, (name, depth)
    assert server.post(server.path(*pair), nest(shape, 970).encode()).status == 400
    assert server.is_well()


@pytest.mark.parametrize("pair", BODIES, ids=label)
def test_nesting_of_128_levels_is_the_bound(server: Server, pair: tuple[Vendor, Endpoint]) -> None:
    answers = []
    for depth in (127, 128):  # The body itself is a level.
        content = json.dumps(server.fill(*pair, {"unknown": "NESTED"})).replace(
            '"NESTED"', nest("objects", depth)
        )
        answers.append(server.post(server.path(*pair), content.encode()))

    assert [answer.status for answer in answers] == [200, 400]
    assert "nested deeper than 128 levels" in answers[1].body.decode()


@pytest.mark.parametrize("query", QUERIES, ids=label)
def test_deeply_nested_query_parameter_is_refused_or_ignored(
    server: Server, query: tuple[Vendor, Endpoint, str]
) -> None:
    """By itself, and as the value of a filter, where a parameter is JSON."""
    vendor, endpoint, name = query
    for depth in (120, 900, 970, 2_000):
        for text in (
            nest("arrays", depth),
            f'[{{"parameter":"browser","type":"equals","value":{nest("arrays", depth)}}}]',
        ):
            path = f"{server.path(vendor, endpoint)}?{name}={quote(text, safe='[]')}"
            response = server.get(path, server.authorization(vendor))

            assert response.status < 500, (depth, response.body)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.method in {"POST", "PUT", "PATCH"}],
    ids=lambda route: route.path,
)
def test_deeply_nested_admin_body_is_refused(server: Server, route: Any, shape: str) -> None:
    path = "/__admin" + route.path.format_map({"id": "default"})
    for depth in (200, 900, 970, 980, 5_000):
        for content in (
            nest(shape, depth),
            f'{{"kind": "status", "world": {nest(shape, depth)}, "faults": [{nest(shape, depth)}]}}',
        ):
            head = (
                f"{route.method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            response = server.send(head.encode() + content.encode())

            assert response is not None
            assert 400 <= response.status < 500
            assert "nested" in response.json["detail"]


# Names and origins

HOSTS: Final = (
    *(
        "localhost:evil",
        "localhost:99999",
        "localhost:-1",
        "localhost:80:80",
        "[::1",
        "::1]",
        "[::1]:x",
        "[]",
        "",
        " ",
        "a b",
        "a/b",
    ),
    *(
        "localhost@evil",
        "localhost?",
        "localhost#",
        "%",
        "a\\b",
        "\xfcmlaut",
        ":80",
        ":",
        "..",
        "[::ffff:127.0.0.1%x]:1",
        "a" * 5_000,
    ),
)


@pytest.mark.parametrize("host", HOSTS, ids=range(len(HOSTS)))
def test_malformed_host_is_no_failure(stained: Server, guarded: Server, host: str) -> None:
    token = "Authorization: Bearer s3cret-of-the-tests"
    for path in (
        "/__admin/tenants",
        "/__admin/tenants/default",
        "/__admin/health",
        "/__admin/nowhere",
        "/nowhere",
    ):
        assert 400 <= stained.get(path, host=host).status < 500, path
        assert guarded.get(path, token, host=host).status in ({404} if "nowhere" in path else {200}), path
    for vendor, endpoint in LISTS:
        for path in (f"/{vendor.name}/docs", f"/{vendor.name}/openapi.json"):
            assert stained.get(path, host=host).status == 200
        assert stained.get(stained.path(vendor, endpoint), host=host).status < 500


def test_malformed_host_with_token_gets_urls_of_connection(guarded: Server) -> None:
    """If the header names no host, the URLs contain the address that the client connected to."""
    told = guarded.get(
        "/__admin/tenants/default", "Authorization: Bearer s3cret-of-the-tests", host="localhost:evil"
    ).json

    assert told["url"] == f"http://127.0.0.1:{guarded.port}"


GETS: Final = [route.path for route in ROUTES if route.method == "GET" and "{number}" not in route.path]


@pytest.mark.parametrize("path", GETS)
def test_admin_get_of_other_site_is_refused(server: Server, path: str) -> None:
    """A page on another port of this computer is of the same site, and another origin all the same."""
    target = "/__admin" + path.format_map({"id": "default"})
    own = {site: server.get(target, f"Sec-Fetch-Site: {site}") for site in ("same-origin", "none")}
    others = [
        server.get(target, f"Sec-Fetch-Site: {site}", *more)
        for site in ("cross-site", "same-site", "CROSS-SITE", "anything")
        for more in (
            [],
            ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"],
            ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
        )
    ]

    assert {response.status for response in own.values()} == {server.get(target).status}
    assert {response.status for response in others} == {403}


def test_every_answer_of_admin_api_and_docs_is_private(server: Server) -> None:
    paths = [
        *("/__admin" + path.format_map({"id": "default"}) for path in GETS),
        "/__admin",
        "/__admin/nowhere",
        "/__admin/tenants/no",
    ]
    for vendor in load():
        paths += [f"/{vendor.name}/docs", f"/{vendor.name}/openapi.json", f"/{vendor.name}/docs/page.js"]
    for path in paths:
        headers = server.get(path, "Connection: close").headers

        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
def test_docs_opened_by_link_have_values_and_embedded_ones_have_none(server: Server, vendor: Vendor) -> None:
    """A link from another site opens the whole page; a page that fetches or frames it gets no credentials."""
    credentials = server.access["vendors"][vendor.name]["credentials"].values()
    link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    frame = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"]
    fetch = ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty"]
    opened, framed, fetched = (
        server.get(f"/{vendor.name}/docs", *headers) for headers in (link, frame, fetch)
    )

    assert {opened.status, framed.status, fetched.status} == {200}
    assert all(value in opened.body.decode() for value in credentials)
    assert not any(value in page.body.decode() for value in credentials for page in (framed, fetched))


# Requests without a path, and bytes that are not HTTP

TARGETS: Final = {
    "OPTIONS *": ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "OPTIONS", "*", 404),
    "CONNECT": (
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
        "CONNECT",
        "a.example:443",
        404,
    ),
    "URL without path": ("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET", "/", 404),
    "unknown Expect": (
        "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\n\r\n",
        "GET",
        "/nowhere",
        417,
    ),
    "several in Expect": (
        "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, x\r\nContent-Length: 0\r\n\r\n",
        "POST",
        "/x",
        417,
    ),
}


@pytest.mark.parametrize("case", TARGETS)
def test_unusual_request_is_journaled_as_unmatched(server: Server, case: str) -> None:
    text, method, path, status = TARGETS[case]
    server.read()
    response = server.send(text.encode())
    [exchange] = server.read()

    assert response is not None
    assert (exchange["request"]["method"], exchange["request"]["path"]) == (method, path)
    assert exchange["response"]["status"] == response.status == status


@pytest.mark.parametrize("pair", LISTS, ids=label)
def test_unknown_expectation_at_endpoint_is_journaled(server: Server, pair: tuple[Vendor, Endpoint]) -> None:
    path = server.path(*pair)
    response = server.send(
        f"{pair[1].method} {path} HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\n\r\n".encode()
    )
    exchange = server.read()[-1]

    assert response is not None
    assert (exchange["request"]["path"], exchange["response"]["status"], response.status) == (path, 417, 417)


def test_client_that_expects_100_continue_gets_it(server: Server) -> None:
    vendor, endpoint = BODIES[0]
    content = json.dumps(server.fill(vendor, endpoint)).encode()
    headers = ["Host: localhost", "Expect: 100-continue", f"Content-Length: {len(content)}", "", ""]
    with server.connect() as connection:
        connection.sendall("\r\n".join([f"POST {server.path(vendor, endpoint)} HTTP/1.1", *headers]).encode())
        interim = connection.recv(100)
        connection.sendall(content)
        response = receive(connection)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert response is not None
    assert response.status == 200


GARBAGE: Final = {
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nQqRAW\x00\x00\x12\x04\x00",
    "unknown version": b"GET /QqRAW HTTP/9.9\r\nHost: x\r\n\r\n",
    "header without colon": b"GET / HTTP/1.1\r\nQqRAW header\r\n\r\n",
    "target without slash": b"GET QqRAW HTTP/1.1\r\nHost: x\r\n\r\n",
    "target with broken address": b"GET http://[::1/QqRAW HTTP/1.1\r\nHost: x\r\n\r\n",
    "target with broken port": b"GET http://a:QqRAW/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "long line": b"GET /QqRAW" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunk of no size": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nQqRAW\r\n",
    "both lengths": (
        b"POST /QqRAW HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
    ),
    "wrong length": b"POST /QqRAW HTTP/1.1\r\nHost: x\r\nContent-Length: QqRAW\r\n\r\n",
    "null in header": b"GET / HTTP/1.1\r\nHost: x\r\nX: QqRAW\x00\r\n\r\n",
}


@pytest.mark.parametrize("case", GARBAGE)
def test_garbage_is_logged_in_one_line_without_its_bytes(server: Server, case: str) -> None:
    before = len(server.log.read_text(encoding="utf-8"))
    response = server.send(GARBAGE[case])
    logged = server.log.read_text(encoding="utf-8")[before:]

    assert response is not None
    assert response.status == 400
    assert re.fullmatch(r"rejected a malformed request from 127\.0\.0\.1 with 400: [^\n]{10,90}\n", logged), (
        logged
    )
    assert "QqRAW" not in logged
    assert "HTTP/2" in logged or case != "HTTP/2 preface"
    assert server.is_well()


def test_garbage_in_middle_of_body_logs_no_traceback(server: Server) -> None:
    before = len(server.log.read_text(encoding="utf-8"))
    with server.connect() as connection:
        path = server.path(*BODIES[0])
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n".encode()
        )
        assert server.is_well()  # By now the first part has been read.
        connection.sendall(b"QqRAW\r\n")
        assert server.is_well()
    assert server.is_well()
    logged = server.log.read_text(encoding="utf-8")[before:]

    assert "Traceback" not in logged
    assert "QqRAW" not in logged


# Clients that do not read, do not finish, or are too many


def test_server_stops_reading_from_client_that_pipelines_and_never_reads(server: Server) -> None:
    """Before aiohttp 3.14.1, it read 60 MiB in a few seconds and kept ten times as much."""
    for request in (
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2_000 + b"\r\n\r\n",
    ):
        chunk, sent = request * (65_536 // len(request)), 0
        with server.connect() as connection, suppress(TimeoutError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(3)
            while sent < 60 * MEBIBYTE:
                sent += connection.send(chunk)
        assert sent < 60 * MEBIBYTE
    assert server.is_well()


@pytest.fixture(name="hasty")
def _hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionMock]:
    """Run a server with a timeout of a fraction of a second for idle connections and bodies."""
    monkeypatch.setattr(listeners, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(body, "BODY_SECONDS", 0.3)
    with SessionMock() as mock:
        yield mock


def connect(mock: SessionMock) -> socket.socket:
    """Open a connection to a server in this process."""
    return socket.create_connection(("127.0.0.1", int(mock.url.rpartition(":")[2])), timeout=SECONDS)


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: a"],
    ids=range(4),
)
@pytest.mark.parametrize(
    "after", [b"", b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n\r\n"], ids=["first", "second"]
)
def test_connection_with_incomplete_head_is_closed(hasty: SessionMock, sent: bytes, after: bytes) -> None:
    with connect(hasty) as connection:
        if after:
            connection.sendall(after)
            assert receive(connection) is not None
        connection.sendall(sent)

        assert connection.recv(1) == b""


@pytest.mark.parametrize("pair", BODIES, ids=label)
@pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_incomplete_body_gets_error_of_vendor(
    hasty: SessionMock, pair: tuple[Vendor, Endpoint], length: str
) -> None:
    part = "1\r\n{\r\n" if "chunked" in length else "{"
    with connect(hasty) as connection:
        connection.sendall(f"POST {pair[1].paths[0]} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n{part}".encode())
        response = receive(connection)

    assert response is not None
    assert response.status == 400
    assert "did not arrive within" in response.body.decode()


def test_incomplete_body_at_admin_api_gets_error(hasty: SessionMock) -> None:
    with connect(hasty) as connection:
        connection.sendall(
            b"POST /__admin/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
        response = receive(connection)

    assert response is not None
    assert (response.status, response.json["title"]) == (400, "Invalid request")


@pytest.mark.parametrize("pair", LISTS, ids=label)
def test_slow_response_is_not_bounded_by_request_timeout(
    hasty: SessionMock, pair: tuple[Vendor, Endpoint]
) -> None:
    """Only the time that a client takes is bounded, not the delay of a fault."""
    access = {
        "vendors": {
            pair[0].name: {
                "sites": hasty.vendor(pair[0].name).sites,
                "credentials": hasty.vendor(pair[0].name).credentials,
            }
        }
    }
    server = Server(int(hasty.url.rpartition(":")[2]), access, Path())
    hasty.faults.add("latency", seconds=1)
    if pair[1].method == "GET":
        words = "&".join(f"{name}={quote(str(value))}" for name, value in pair[1].example.items())
        response = server.get(f"{server.path(*pair)}?{words}", server.authorization(pair[0]))
    else:
        response = server.post(server.path(*pair), json.dumps(server.fill(*pair)).encode())

    assert response.status == 200


def test_server_out_of_descriptors_logs_one_line_and_recovers(tmp_path: Path) -> None:
    """A hundred clients connect while sixty files may be open; when they leave, others are served."""
    few = (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    with closing(
        serve(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few))
    ) as running_server:
        server = next(running_server)
        clients = [server.connect() for _ in range(100)]
        while "cannot accept connections" not in server.log.read_text(encoding="utf-8"):
            pass
        for client in clients:
            client.close()
        assert server.is_well()  # Asyncio tries again a second later.
        logged = server.log.read_text(encoding="utf-8")

    assert logged.count("cannot accept connections") == 1
    assert "ulimit -n" in logged
    assert len(logged) < 2_000


# The process


def test_localhost_with_port_0_is_served_at_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """If localhost has an IPv4 and an IPv6 address, clients may try either first."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this computer has no IPv6 address")
    usual = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "localhost":
            return usual(host, port, *args, **kwargs)
        return [*usual("::1", port, *args, **kwargs), *usual("127.0.0.1", port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    vendor = load()[0].name
    with SessionMock(host="localhost", vendor_ports={vendor: 0}) as mock:
        ports = [int(url.rpartition(":")[2]) for url in (mock.url, mock.vendor(vendor).base_url)]
        for address in ("127.0.0.1", "::1"):
            for port in ports:
                with socket.create_connection((address, port), timeout=SECONDS) as connection:
                    connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    response = receive(connection)

                assert response is not None
                assert response.status == 404


NO_SIGNALS: Final = """
import asyncio

def refuse(*args):
    raise NotImplementedError

asyncio.SelectorEventLoop.add_signal_handler = refuse
"""


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("code", ["", NO_SIGNALS], ids=["usual", "as on Windows"])
def test_signal_ends_server_on_any_event_loop(tmp_path: Path, number: signal.Signals, code: str) -> None:
    program = f"{code}\nimport sys\nfrom mockserver.__main__ import main\nmain()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--json"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            assert process.stdout is not None
            access = json.loads(process.stdout.readline())
            assert Server(int(access["url"].rpartition(":")[2]), access, tmp_path).is_well()
            process.send_signal(number)

            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


STREAMS: Final = {
    "no output": 'exec "$@" >&-',
    "no error": 'exec "$@" 2>&-',
    "no input": 'exec "$@" <&-',
    "none": 'exec "$@" <&- >&- 2>&-',
    "full output": 'exec "$@" >/dev/full',
    "full error": 'exec "$@" 2>/dev/full',
    "unread output": 'exec "$@"',
    "unread error": 'exec "$@" 2>&1',
}


@pytest.mark.parametrize("streams", STREAMS)
def test_server_without_standard_streams_serves_until_stopped(tmp_path: Path, streams: str) -> None:
    """A server that wrote its port serves and stops normally, whatever happened to its output.

    It prints JSON to stdout and its access log to stderr, so one server uses both streams.
    """
    port_file = tmp_path / "port"
    command = [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--port-file",
        str(port_file),
        "--json",
        "--access-log",
    ]
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        ["/bin/sh", "-c", STREAMS[streams], "sh", *command], stdout=writing, stderr=subprocess.DEVNULL
    ) as process:
        os.close(writing)
        try:
            while not port_file.exists() and process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.01)
            assert process.poll() is None
            server = Server(int(port_file.read_text(encoding="utf-8")), {}, tmp_path)
            paths = ("/__admin/health", "/nowhere", "/__admin/journal")
            assert [server.get(path).status for path in paths] == [200, 404, 200]
            process.terminate()
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
