"""Requests of real clients are accepted, and no request takes the server down."""

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
    """Return a readable test id."""
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
    """Return a GET request for a list as text."""
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
async def test_headers_of_real_clients_are_accepted(serve: Any, pair: Any, headers: list[str]) -> None:
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
async def test_raw_characters_in_query_are_accepted(serve: Any, pair: Any, query: str) -> None:
    mock = await serve()
    status, body = await raw(mock, get(mock, pair, query=query))

    assert status == 200, body


async def test_unknown_path_of_no_vendor_lists_closest_endpoints(serve: Any) -> None:
    """The mock itself responds with the closest endpoint first."""
    mock = await serve()
    vendor, endpoint = LISTS[0]
    path = endpoint.paths[0].replace("{", "").replace("}", "") + "s"
    async with mock.client.get(path) as response:
        document = await response.json()

    assert response.status == 404
    assert document["near_misses"][0]["endpoint"] == endpoint.name
    assert document["near_misses"][0]["vendor"] == vendor.name
    assert endpoint.paths[0] in document["message"]


@pytest.mark.parametrize("template", PATHS)
async def test_misspelt_path_has_correct_path_as_closest_match(serve: Any, template: str) -> None:
    """A letter is missing in any segment of the path."""
    mock = await serve()
    words = template.split("/")[1:]
    for place, word in enumerate(words):
        if word.startswith("{") or len(word) < 4:  # The rest of a short segment resembles nothing.
            continue
        for left_out in (0, len(word) // 2, len(word) - 1):
            path = [*words[:place], word[:left_out] + word[left_out + 1 :], *words[place + 1 :]]
            async with mock.client.get("/" + "/".join(path).replace("{", "").replace("}", "")) as response:
                document = await response.json()
            if response.status == HTTPStatus.NOT_FOUND:  # Otherwise the segment may be an id.
                assert document["near_misses"][0]["path"] == template, path


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/docs/", "/unknown/docs", "/favicon.ico"])
async def test_unknown_path_without_match_links_to_docs_and_admin_api(serve: Any, path: str) -> None:
    """The message names no endpoint, but documents, vendors and the admin API, and all its links work."""
    mock = await serve()
    async with mock.client.get(path) as response:
        message = (await response.json())["message"]
    places = [
        place.replace("<vendor>", vendor)
        for place in re.findall(r"/[\w<>]+/[\w.]+(?=[ ,]|$)", message)
        for vendor in NAMES
    ]
    statuses = [(await mock.client.get(place)).status for place in places if place != path]

    assert response.status == 404
    assert "closest" not in message
    assert all(vendor in message for vendor in NAMES)
    assert {f"/{NAMES[0]}/docs", f"/{NAMES[0]}/openapi.json", "/__admin/openapi.json"} <= set(places)
    assert set(statuses) == {200}


@pytest.mark.parametrize("path", ["%0A", "no%0Asuch/path%0A", "%0D%0A/x"])
async def test_line_feeds_in_unknown_path_get_404_of_the_mock(serve: Any, path: str) -> None:
    """The mock responds, not the library that it is built on."""
    mock = await serve()
    status, body = await raw(mock, f"GET /{path} HTTP/1.1\r\nhost: localhost\r\n\r\n")

    assert status == 404
    assert json.loads(body)["near_misses"]


async def test_whole_url_as_target_is_accepted(serve: Any) -> None:
    """Clients behind a proxy send the whole URL."""
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
async def test_server_survives_garbage_on_another_connection(serve: Any, text: str) -> None:
    mock = await serve()
    _, writer = await asyncio.open_connection(mock.client.host, mock.client.port)
    writer.write(text.encode("latin-1"))
    await writer.drain()
    writer.close()
    status, _ = await raw(mock, get(mock, LISTS[0]))

    assert status == 200


async def test_concurrent_requests_get_their_own_responses(serve: Any) -> None:
    mock = await serve(tenants={"other": {"world": {"seed": 8, "sessions": 3}}})
    vendor, endpoint = next(pair for pair in LISTS if pair[1].start_field)
    answers = await asyncio.gather(*(mock.ask(vendor, endpoint, {}, number % 2) for number in range(60)))

    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers[::2]}) == len({body for _, body in answers[1::2]}) == 1
    assert answers[0][1] != answers[1][1]


async def test_head_gets_headers_without_body(serve: Any) -> None:
    mock = await serve()
    path, arguments = mock.parts(*LISTS[0], dict(LISTS[0][1].example))
    async with mock.client.head(path, **arguments) as response:
        body = await response.read()

    assert response.status == 200
    assert body == b""
    assert int(response.headers["Content-Length"]) > 0


async def test_response_names_the_mock_only_in_server_header(serve: Any) -> None:
    mock = await serve()
    async with mock.client.get(LISTS[0][1].paths[0]) as response:
        headers = response.headers

    assert headers["Server"].startswith("session-mock/")
    assert "Session-Mock-Basis" not in headers


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_response_has_basis_header_if_shown(serve: Any, pair: Any) -> None:
    """An error has its own basis; a success has those of its fields, the strongest first."""
    vendor, endpoint = pair
    mock = await serve()
    mock.set_behaviors({f"{vendor.name}.basis": "shown"})
    path, arguments = mock.parts(*pair, dict(endpoint.example))
    async with mock.client.request(endpoint.method, path, **arguments) as response:
        good = response.headers["Session-Mock-Basis"].split(", ")
    async with mock.client.request(endpoint.method, path) as response:
        bad = response.headers["Session-Mock-Basis"]

    found = {field.fact.basis for field in fields(endpoint.response, deep=True)}
    assert good == [basis.value for basis in Basis if basis in found]
    assert bad == vendor.contract.errors["missing_credential"].fact.basis.value


def test_static_segment_takes_precedence_over_parameter() -> None:
    router = Router(load())
    for vendor in load():
        for endpoint in vendor.contract.endpoints:
            for template in endpoint.paths:
                path = "/" + "/".join(
                    "x" if word.startswith("{") else word for word in template.split("/")[1:]
                )
                found = router.match(endpoint.method, path, "")

                assert getattr(found, "endpoint", None) is endpoint, json.dumps([vendor.name, template])


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_error_has_basis_and_source_in_journal_and_har(serve: Any, pair: Any) -> None:
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
