"""What real clients send must be taken, and nothing they send takes the server down."""

import asyncio
import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from msgspec import to_builtins

from mockserver.contract.provenance import Basis
from mockserver.contract.validation import fields
from mockserver.server.http.router import Router
from mockserver.vendors import NAMES, load

GETS = [
    (vendor, endpoint)
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if endpoint.method == "GET" and endpoint.rows_path
]
LISTS = [pair for pair in GETS if not set(pair[1].path) - {pair[1].site}]
PATHS = sorted(
    {path for vendor in load() for endpoint in vendor.contract.endpoints for path in endpoint.paths}
)


def name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].name}.{pair[1].name}"


async def raw(mock: Any, text: str) -> tuple[int, bytes]:
    """Send a request byte for byte and return status and body."""
    reader, writer = await asyncio.open_connection(mock.client.host, mock.client.port)
    writer.write(text.encode("latin-1"))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(
        (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")),
        0,
    )
    body = await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


def get(mock: Any, pair: Any, *headers: str, query: str = "") -> str:
    """A GET of a list as text."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    pairs = "&".join(
        [*(f"{key}={value}" for key, value in arguments["params"].items()), *([query] if query else [])]
    )
    authorization = f"authorization: {arguments['headers']['Authorization']}"
    return "\r\n".join(
        [
            f"GET {path}{'?' if pairs else ''}{pairs} HTTP/1.1",
            "host: localhost",
            authorization,
            *headers,
            "",
            "",
        ]
    )


HEADERS = {
    "lower case": [],
    "content type": ["content-type: application/json"],
    "no content": ["content-length: 0"],
    "empty te": ["te: "],
    "encodings": ["accept-encoding: gzip, deflate, br, zstd"],
    "a body": ["content-length: 2", "content-type: application/json", "", "{}"],
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_headers_that_real_clients_send_are_taken(serve: Any, pair: Any, headers: list[str]) -> None:
    """A GET is a GET, whatever a client's library adds to it."""
    mock = await serve()
    status, body = await raw(
        mock, get(mock, pair, *headers).removesuffix("\r\n\r\n" if "" in headers else "")
    )

    assert status == 200, body


@pytest.mark.parametrize(
    "query",
    ["unknown=[a]:b,c", "unknown=a+b", "unknown=a%2Bb", "unknown", "&&", "unknown=%FF%zz", "=", "a=1;b=2"],
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_raw_characters_in_a_query_are_taken(serve: Any, pair: Any, query: str) -> None:
    """Unescaped brackets, colons and commas, both spellings of plus, and bytes that are no UTF-8 break nothing."""
    mock = await serve()
    status, body = await raw(mock, get(mock, pair, query=query))

    assert status == 200, body


async def test_unknown_path_at_the_root_names_what_is_close(serve: Any) -> None:
    """Where no vendor is meant, the mock answers itself: the nearest endpoints and what differs, closest first."""
    mock = await serve()
    vendor, endpoint = LISTS[0]
    path = endpoint.paths[0].replace("{", "").replace("}", "") + "s"
    async with mock.client.get(path) as response:
        told = await response.json()

    assert response.status == 404
    assert told["near_misses"][0]["endpoint"] == endpoint.name
    assert told["near_misses"][0]["vendor"] == vendor.name
    assert endpoint.paths[0] in told["message"]


@pytest.mark.parametrize("template", PATHS)
async def test_a_misspelt_path_is_told_the_one_that_is_like_it(serve: Any, template: str) -> None:
    """A letter left out of any word of a path, by a client of any vendor: what is closest is that path, not another of as many words."""
    mock, words = await serve(), template.split("/")[1:]
    for place, word in enumerate(words):
        if word.startswith("{") or len(word) < 4:  # What is left of a short one is like nothing.
            continue
        for left_out in (0, len(word) // 2, len(word) - 1):
            path = [*words[:place], word[:left_out] + word[left_out + 1 :], *words[place + 1 :]]
            async with mock.client.get("/" + "/".join(path).replace("{", "").replace("}", "")) as response:
                told = await response.json()
            if response.status == HTTPStatus.NOT_FOUND:  # Else it may be somebody's id.
                assert told["near_misses"][0]["path"] == template, path


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/docs/", "/nobody/docs", "/favicon.ico"])
async def test_whoever_looks_around_is_told_where_things_are(serve: Any, path: str) -> None:
    """Nothing is close to such a path: the answer names no endpoint, but documents, vendors and the admin API, all of which answer."""
    mock = await serve()
    async with mock.client.get(path) as response:
        message = (await response.json())["message"]
    places = [
        place.replace("<vendor>", vendor)
        for place in re.findall(r"/[\w<>]+/[\w.]+(?= |$)", message)
        for vendor in NAMES
    ]
    statuses = [(await mock.client.get(place)).status for place in places if place != path]

    assert response.status == 404
    assert "closest" not in message
    assert all(vendor in message for vendor in NAMES)
    assert {f"/{NAMES[0]}/docs", f"/{NAMES[0]}/openapi.json", "/__admin/openapi.json"} <= set(places)
    assert set(statuses) == {200}


@pytest.mark.parametrize("path", ["%0A", "no%0Asuch/path%0A", "%0D%0A/x"])
async def test_line_feeds_in_a_path_are_part_of_it(serve: Any, path: str) -> None:
    """The mock answers what nobody has, not the library that it is built on."""
    mock = await serve()
    status, body = await raw(mock, f"GET /{path} HTTP/1.1\r\nhost: localhost\r\n\r\n")

    assert status == 404
    assert json.loads(body)["near_misses"]


async def test_whole_url_as_target_is_taken(serve: Any) -> None:
    """A client behind a proxy sends the whole URL."""
    mock = await serve()
    text = get(mock, LISTS[0]).replace("GET /", "GET http://localhost/", 1)
    status, _ = await raw(mock, text)

    assert status == 200


@pytest.mark.parametrize(
    "text",
    [
        "GET",
        "GET / HTTP/9.9\r\n\r\n",
        "\x00\x01\x02\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET /" + "a" * 20_000 + " HTTP/1.1\r\n\r\n",
    ],
    ids=range(5),
)
async def test_garbage_on_the_socket_does_not_take_the_server_down(serve: Any, text: str) -> None:
    """Whatever one connection sends, the next is answered."""
    mock = await serve()
    _, writer = await asyncio.open_connection(mock.client.host, mock.client.port)
    writer.write(text.encode("latin-1"))
    await writer.drain()
    writer.close()
    status, _ = await raw(mock, get(mock, LISTS[0]))

    assert status == 200


async def test_keep_alive_connections_answer_in_parallel(serve: Any) -> None:
    """Many requests at once over a pool of connections, each answered with what belongs to it."""
    mock = await serve(tenants={"other": {"world": {"seed": 8, "sessions": 3}}})
    vendor, endpoint = next(pair for pair in LISTS if pair[1].start_field)
    answers = await asyncio.gather(*(mock.ask(vendor, endpoint, {}, number % 2) for number in range(60)))

    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers[::2]}) == len({body for _, body in answers[1::2]}) == 1
    assert answers[0][1] != answers[1][1]


async def test_head_answers_without_a_body(serve: Any) -> None:
    """HEAD is GET without its body."""
    mock = await serve()
    path, arguments = mock.parts(*LISTS[0], dict(LISTS[0][1].example))
    async with mock.client.head(path, **arguments) as response:
        body = await response.read()

    assert response.status == 200
    assert body == b""
    assert int(response.headers["Content-Length"]) > 0


async def test_every_answer_says_who_answered(serve: Any) -> None:
    """The mock can be told from the vendor; by default nothing else of an answer tells them apart."""
    mock = await serve()
    async with mock.client.get(LISTS[0][1].paths[0]) as response:
        headers = response.headers

    assert headers["Server"].startswith("session-mock/")
    assert "Session-Mock-Basis" not in headers


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_every_answer_says_what_it_rests_on_where_that_is_wanted(serve: Any, pair: Any) -> None:
    """An error its basis; an answer those of its fields, the strongest first."""
    vendor, endpoint = pair
    mock = await serve()
    mock.tenant.set_behaviors({f"{vendor.name}.basis": "shown"})
    mock.served.changed()
    path, arguments = mock.parts(*pair, dict(endpoint.example))
    async with mock.client.request(endpoint.method, path, **arguments) as response:
        good = response.headers["Session-Mock-Basis"].split(", ")
    async with mock.client.request(endpoint.method, path) as response:
        bad = response.headers["Session-Mock-Basis"]

    found = {field.fact.basis for field in fields(endpoint.response, deep=True)}
    assert good == [basis.value for basis in Basis if basis in found]
    assert bad == vendor.contract.errors["missing_credential"].fact.basis.value


def test_static_segment_beats_a_parameter() -> None:
    """A path that is written out is never taken for an id."""
    router = Router(load())
    for vendor in load():
        for endpoint in vendor.contract.endpoints:
            for template in endpoint.paths:
                path = "/" + "/".join(
                    "x" if word.startswith("{") else word for word in template.split("/")[1:]
                )
                found = router.find(endpoint.method, path, "")

                assert getattr(found, "endpoint", None) is endpoint, json.dumps([vendor.name, template])


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_refusal_says_what_it_rests_on_and_where_that_was_read(serve: Any, pair: Any) -> None:
    """In the journal and in the archive; a behavior of ours was read nowhere."""
    vendor, endpoint = pair
    mock = await serve()
    async with mock.client.request(
        endpoint.method, endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "nothing"))
    ):
        pass
    async with mock.client.get("/__admin/journal") as response:
        [exchange] = (await response.json())["exchanges"]
    async with mock.client.get("/__admin/journal?format=har") as response:
        [entry] = (await response.json(content_type=None))["log"]["entries"]

    fact = vendor.contract.errors[exchange["error"]].fact
    source = vendor.contract.sources.get(fact.source or "")
    assert (exchange["basis"], exchange["source"]) == (fact.basis.value, to_builtins(source))
    assert (entry["_basis"], entry.get("_source")) == (fact.basis.value, to_builtins(source))
