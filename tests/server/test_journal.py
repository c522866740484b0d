"""The journal: order, overlaps and bounds of exchanges."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from multidict import CIMultiDict

from mockserver.server.faults.registry import read
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import BODY_SNIPPET_BYTES, Response
from mockserver.server.journal.journal import BYTES, ENTRIES, OVERLAPS, Exchange, Journal
from mockserver.vendors import load

LIST = next(
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
)


def exchange(body: bytes = b"", path: str = "/") -> Exchange:
    """Return an exchange that has begun."""
    return Exchange(
        received_at=0, real_time=0, started_ns=0, raw=RawRequest("GET", path, "", "", body), headers={}
    )


def respond(body: bytes = b"") -> Response:
    """Return a response."""
    return Response(body=body, headers=CIMultiDict())


def test_exchanges_closed_in_reverse_are_numbered_in_order_of_opening() -> None:
    journal = Journal()
    opened = [journal.open(exchange()) for _ in range(3)]
    for entry in reversed(opened):
        journal.close(entry, respond(), 1)

    assert [entry.number for entry in journal] == [1, 2, 3]
    assert journal.get(2) is opened[1]
    assert journal.get(4) is None


@given(st.lists(st.booleans(), max_size=30))
def test_overlapping_is_symmetric(steps: list[bool]) -> None:
    """Two exchanges overlap, both ways, exactly if entry began before the other ended."""
    journal = Journal()
    spans: dict[int, list[int]] = {}
    under_way: list[Exchange] = []
    for instant, opens in enumerate(steps):
        if opens or not under_way:
            under_way.append(journal.open(exchange()))
            spans[under_way[-1].number] = [instant, len(steps)]
        else:
            ended = under_way.pop(0)
            journal.close(ended, respond(), 1)
            spans[ended.number][1] = instant

    for entry in journal:
        start, end = spans[entry.number]

        assert entry.overlapping == [
            other for other, (b, e) in spans.items() if other != entry.number and b < end and start < e
        ]


def test_journal_beyond_its_number_of_entries_keeps_the_last_with_their_numbers() -> None:
    journal = Journal(most_bytes=1 << 40)
    for _ in range(10_000):
        journal.close(journal.open(exchange()), respond(), 1)

    assert len(journal) == ENTRIES
    assert journal.count == 10_000
    assert [entry.number for entry in journal] == list(range(10_001 - ENTRIES, 10_001))


@given(st.lists(st.booleans(), max_size=40))
def test_journal_keeps_last_closed_exchanges_without_gap(steps: list[bool]) -> None:
    """The oldest are removed, whichever was closed first; only open ones are older."""
    journal = Journal(entries=3)
    under_way: list[Exchange] = []
    for opens in steps:
        if opens or not under_way:
            under_way.append(journal.open(exchange()))
        else:
            journal.close(under_way.pop(len(under_way) // 2), respond(), 1)
    kept = [entry.number for entry in journal if entry.duration_ns is not None]
    still = [entry.number for entry in under_way]

    assert kept == [number for number in range(1, journal.count + 1) if number not in still][-3:]


@pytest.mark.parametrize("part", ["request", "answer", "path", "headers"])
def test_journal_beyond_its_bytes_removes_oldest_exchanges(part: str) -> None:
    journal = Journal()
    large = "x" * 8_000
    for _ in range(1_000):
        begun = exchange(large.encode() if part == "request" else b"", large if part == "path" else "/")
        begun.headers = {"X": large} if part == "headers" else {}
        journal.close(journal.open(begun), respond(large.encode() if part == "answer" else b""), 1)

    assert sum(entry.weight for entry in journal) <= BYTES
    assert len(journal) < 1_000
    assert journal.get(1_000) is not None


SHAPES: dict[str, Callable[[int], tuple[str, dict[str, str], bytes]]] = {
    "many small headers": lambda n: ("/", {f"A{n}-{entry}": str(entry) for entry in range(120)}, b""),
    "long header names": lambda n: ("/", {f"N{n}-{entry}-{'x' * 4000}": "1" for entry in range(15)}, b""),
    "long header values": lambda n: ("/", {f"N{entry}": f"{n}{'x' * 4000}" for entry in range(60)}, b""),
    "values that are not ASCII": lambda n: (
        "/",
        {f"N{entry}": f"{n}{chr(0x1F600) * 1000}" for entry in range(60)},
        b"",
    ),
    "a long path": lambda n: (f"/{n}" + "x" * 8000, {}, b""),
    "many query parameters": lambda n: (f"/{n}?" + "&".join(f"a{entry}=1" for entry in range(1000)), {}, b""),
    "secrets in the removed part": lambda n: (
        "/",
        {},
        json.encode([{SECRET: f"{n:08}-{entry:08}"} for entry in range(600)]),
    ),
    "secrets in the kept part": lambda n: ("/", {}, _repeated(n)),
}
"""Requests that need much memory, entry in its own way: path, headers and body of the n-th one."""
POSTS = [endpoint for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.method == "POST"]
SECRET: str = POSTS[0].credentials.fields[0]
SMALL = BYTES // 8


def _repeated(number: int) -> bytes:
    text = f"{number}-" + "".join(map(str, range(1200)))
    return json.encode(
        {"text": text[:3500], "more": [{SECRET: text[start : start + 100]} for start in range(3000)]}
    )


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_journal_of_hostile_requests_stays_near_its_bound_in_memory(
    shape: Callable[[int], tuple[str, dict[str, str], bytes]],
) -> None:
    def record(journal: Journal, number: int) -> None:
        path, headers, body = shape(number)
        begun = Exchange(
            received_at=0,
            real_time=0,
            started_ns=0,
            raw=RawRequest("GET", path, "", "", body),
            headers=CIMultiDict(headers),
        )
        journal.close(journal.open(begun), respond(b""), 1)

    record(
        Journal(), 0
    )  # The first exchange imports modules and fills caches, which do not belong to the journal.
    journal = Journal(most_bytes=SMALL)
    tracemalloc.start()
    try:
        number = 0
        while journal.count == len(journal) and number < ENTRIES:
            record(journal, number)
            number += 1
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert journal.count > len(journal) > 0
    assert size < 1.2 * SMALL


def test_open_exchanges_displace_closed_ones_and_are_not_removed() -> None:
    """Each remembers a bounded number of the others."""
    journal = Journal()
    large = {"X": "x" * 8_000}
    for _ in range(50):
        begun = exchange()
        begun.headers = large
        journal.close(journal.open(begun), respond(), 1)
    under_way = [exchange() for _ in range(500)]
    for begun in under_way:
        begun.headers = large
        journal.open(begun)

    assert [entry.number for entry in journal] == [entry.number for entry in under_way]
    assert max(len(entry.open_before) for entry in under_way) == OVERLAPS
    for begun in under_way:
        journal.close(begun, respond(), 1)
    assert sum(entry.weight for entry in journal) <= BYTES
    assert journal.get(550) is not None


async def test_near_misses_of_request_with_many_keys_are_bounded(serve: Any) -> None:
    mock = await serve()
    gets = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.method == "GET"
    ]
    vendor, endpoint = gets[0]
    other = next(entry for entry in load() if entry is not vendor)
    key = next(iter(mock.tenant.identifiers[other.name].tokens))
    path = endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "x"))
    async with mock.client.get(
        f"/{vendor.name}{path}?" + "&".join(f"a{entry}={key}" for entry in range(100))
    ):
        pass
    [unmatched] = mock.tenant.journal

    assert 0 < len(unmatched.near_misses) <= 12


def test_closed_exchange_keeps_beginning_and_size_of_bodies() -> None:
    journal = Journal()
    kept = journal.open(exchange(b"q" * 10_000))
    journal.close(kept, respond(b"a" * 20_000), 1)

    assert kept.response is not None
    assert (len(kept.raw.body), len(kept.response.body)) == (BODY_SNIPPET_BYTES, BODY_SNIPPET_BYTES)
    assert (kept.request_size, kept.response_size) == (10_000, 20_000)


def test_exchange_closed_after_clear_is_ignored() -> None:
    """It neither appears nor replaces the exchange that has its number now."""
    journal = Journal()
    late = journal.open(exchange())
    journal.clear()
    first = journal.open(exchange())
    journal.close(late, respond(), 1)

    assert list(journal) == [first]
    assert journal.count == 1

    journal.close(first, respond(), 1)

    assert list(journal) == [first]


async def test_open_exchange_is_in_journal_without_response(serve: Any) -> None:
    """It overlaps the exchanges that follow."""
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "stall", "times": 1}))
    stalled = asyncio.ensure_future(mock.ask(*LIST, dict(LIST[1].example)))
    while not len(mock.tenant.journal):  # noqa: ASYNC110 -- the journal has no event for it
        await asyncio.sleep(0)
    await mock.ask(*LIST, dict(LIST[1].example), site=1)
    first, second = mock.tenant.journal

    assert (first.duration_ns, first.response, first.overlapping) == (None, None, [2])
    assert (second.response.status, second.overlapping) == (200, [1])

    stalled.cancel()
    while first.duration_ns is None:  # noqa: ASYNC110 -- until the server sees that the client disconnected
        await asyncio.sleep(0)

    assert first.client_disconnected


async def test_request_with_too_large_body_is_journalled_with_its_endpoint(serve: Any) -> None:
    mock = await serve()
    posts = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.method == "POST"
    ]
    async with mock.client.post(posts[0][1].paths[0], data=BytesIO(b"x" * (2 << 20))) as response:
        status = response.status
    found = [(entry.vendor, entry.endpoint, entry.error) for entry in mock.served.unmatched]

    assert status == 413
    assert found == [(posts[0][0].name, posts[0][1].name, "too_large")]
