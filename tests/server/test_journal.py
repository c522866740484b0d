"""The journal keeps what happened, in order, within its bounds."""

import asyncio
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
    """An exchange that has begun."""
    return Exchange(received_at=0, started_ns=0, raw=RawRequest("GET", path, "", "", body), headers={})


def reply(body: bytes = b"") -> Response:
    """An answer."""
    return Response(body=body, headers=CIMultiDict())


def test_exchanges_are_numbered_from_one_in_the_order_in_which_they_began() -> None:
    """The order in which they end changes nothing."""
    journal = Journal()
    opened = [journal.open(exchange()) for _ in range(3)]
    for each in reversed(opened):
        journal.close(each, reply(), 1)

    assert [each.number for each in journal] == [1, 2, 3]
    assert journal.get(2) is opened[1]
    assert journal.get(4) is None


@given(st.lists(st.booleans(), max_size=30))
def test_whoever_overlaps_is_overlapped(steps: list[bool]) -> None:
    """Two exchanges overlap, both ways, exactly where one began before the other ended."""
    journal = Journal()
    spans: dict[int, list[int]] = {}
    under_way: list[Exchange] = []
    for instant, opens in enumerate(steps):
        if opens or not under_way:
            under_way.append(journal.open(exchange()))
            spans[under_way[-1].number] = [instant, len(steps)]
        else:
            ended = under_way.pop(0)
            journal.close(ended, reply(), 1)
            spans[ended.number][1] = instant

    for each in journal:
        start, end = spans[each.number]

        assert each.overlapping == [
            other for other, (b, e) in spans.items() if other != each.number and b < end and start < e
        ]


def test_oldest_entries_give_way_beyond_a_number() -> None:
    """Ten thousand exchanges leave the last five thousand, still numbered as they were."""
    journal = Journal(most_bytes=1 << 40)
    for _ in range(10_000):
        journal.close(journal.open(exchange()), reply(), 1)

    assert len(journal) == ENTRIES
    assert journal.count == 10_000
    assert [each.number for each in journal] == list(range(10_001 - ENTRIES, 10_001))


@given(st.lists(st.booleans(), max_size=40))
def test_entries_that_are_kept_are_the_last_ones_without_a_gap(steps: list[bool]) -> None:
    """Whichever ended first, those that began first give way, and only what is open stands before them."""
    journal = Journal(entries=3)
    under_way: list[Exchange] = []
    for opens in steps:
        if opens or not under_way:
            under_way.append(journal.open(exchange()))
        else:
            journal.close(under_way.pop(len(under_way) // 2), reply(), 1)
    kept = [each.number for each in journal if each.duration_ns is not None]
    still = [each.number for each in under_way]

    assert kept == [number for number in range(1, journal.count + 1) if number not in still][-3:]


@pytest.mark.parametrize("part", ["request", "answer", "path", "headers"])
def test_oldest_entries_give_way_beyond_a_number_of_bytes(part: str) -> None:
    """Whatever is large about exchanges, all that are kept together are not; the last one is kept."""
    journal, large = Journal(), "x" * 8_000
    for _ in range(1_000):
        begun = exchange(large.encode() if part == "request" else b"", large if part == "path" else "/")
        begun.headers = {"X": large} if part == "headers" else {}
        journal.close(journal.open(begun), reply(large.encode() if part == "answer" else b""), 1)

    assert sum(each.weight for each in journal) <= BYTES
    assert len(journal) < 1_000
    assert journal.get(1_000) is not None


SHAPES: dict[str, Callable[[int], tuple[str, dict[str, str], bytes]]] = {
    "many small headers": lambda n: ("/", {f"A{n}-{each}": str(each) for each in range(120)}, b""),
    "long header names": lambda n: ("/", {f"N{n}-{each}-{'x' * 4000}": "1" for each in range(15)}, b""),
    "long header values": lambda n: ("/", {f"N{each}": f"{n}{'x' * 4000}" for each in range(60)}, b""),
    "values that are not ASCII": lambda n: (
        "/",
        {f"N{each}": f"{n}{chr(0x1F600) * 1000}" for each in range(60)},
        b"",
    ),
    "a long path": lambda n: (f"/{n}" + "x" * 8000, {}, b""),
    "many query parameters": lambda n: (f"/{n}?" + "&".join(f"a{each}=1" for each in range(1000)), {}, b""),
    "secrets that are cut off": lambda n: (
        "/",
        {},
        json.encode([{SECRET: f"{n:08}-{each:08}"} for each in range(600)]),
    ),
    "secrets that stand in what is kept": lambda n: ("/", {}, _repeated(n)),
}
"""Requests that keep much in a way of their own: path, headers and body of the n-th one."""
POSTS = [endpoint for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.method == "POST"]
SECRET: str = POSTS[0].credentials.fields[0]
SMALL = BYTES // 8


def _repeated(number: int) -> bytes:
    text = f"{number}-" + "".join(map(str, range(1200)))
    return json.encode(
        {"text": text[:3500], "more": [{SECRET: text[start : start + 100]} for start in range(3000)]}
    )


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_kept_exchanges_take_about_as_many_bytes_as_promised(
    shape: Callable[[int], tuple[str, dict[str, str], bytes]],
) -> None:
    """Whatever is large about hostile requests, Python's own count of a full journal stays near the bound."""
    journal = Journal(most_bytes=SMALL)
    tracemalloc.start()
    try:
        number = 0
        while journal.count == len(journal) and number < ENTRIES:
            path, headers, body = shape(number)
            begun = Exchange(
                received_at=0,
                started_ns=0,
                raw=RawRequest("GET", path, "", "", body),
                headers=CIMultiDict(headers),
            )
            journal.close(journal.open(begun), reply(b""), 1)
            number += 1
        del begun, path, headers, body
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert journal.count > len(journal) > 0
    assert size < 1.2 * SMALL


def test_open_exchanges_count_and_are_not_removed() -> None:
    """What is under way takes the place of what has ended; each remembers a bounded number of the others."""
    journal, large = Journal(), {"X": "x" * 8_000}
    for _ in range(50):
        begun = exchange()
        begun.headers = large
        journal.close(journal.open(begun), reply(), 1)
    under_way = [exchange() for _ in range(500)]
    for begun in under_way:
        begun.headers = large
        journal.open(begun)

    assert [each.number for each in journal] == [each.number for each in under_way]
    assert max(len(each.open_before) for each in under_way) == OVERLAPS
    for begun in under_way:
        journal.close(begun, reply(), 1)
    assert sum(each.weight for each in journal) <= BYTES
    assert journal.get(550) is not None


async def test_request_with_thousands_of_keys_is_told_of_some(serve: Any) -> None:
    """Near misses are bounded as well."""
    mock = await serve()
    gets = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.method == "GET"
    ]
    vendor, endpoint = gets[0]
    other = next(each for each in load() if each is not vendor)
    key = next(iter(mock.tenant.names[other.name].tokens))
    path = endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "x"))
    async with mock.client.get(f"/{vendor.name}{path}?" + "&".join(f"a{each}={key}" for each in range(100))):
        pass
    [told] = mock.served.unmatched

    assert 0 < len(told.near_misses) <= 12


def test_only_the_beginning_of_a_body_is_kept() -> None:
    """What is cut says how long it was."""
    journal = Journal()
    kept = journal.open(exchange(b"q" * 10_000))
    journal.close(kept, reply(b"a" * 20_000), 1)

    assert kept.response is not None
    assert (len(kept.raw.body), len(kept.response.body)) == (BODY_SNIPPET_BYTES, BODY_SNIPPET_BYTES)
    assert (kept.request_size, kept.response_size) == (10_000, 20_000)


def test_exchange_that_ends_after_its_journal_was_cleared_is_forgotten() -> None:
    """It neither appears nor takes the place of the one that has its number now."""
    journal = Journal()
    late = journal.open(exchange())
    journal.clear()
    first = journal.open(exchange())
    journal.close(late, reply(), 1)

    assert list(journal) == [first]
    assert journal.count == 1

    journal.close(first, reply(), 1)

    assert list(journal) == [first]


async def test_exchange_is_visible_while_it_is_open(serve: Any) -> None:
    """One that never ends stands in the journal without an answer, and overlaps what comes after it."""
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "stall", "times": 1}))
    stalled = asyncio.ensure_future(mock.ask(*LIST, dict(LIST[1].example)))
    while not len(mock.tenant.journal):  # noqa: ASYNC110 -- the journal says no more than that
        await asyncio.sleep(0)
    await mock.ask(*LIST, dict(LIST[1].example), site=1)
    first, second = mock.tenant.journal

    assert (first.took, first.reply, first.overlapped) == (None, None, [2])
    assert (second.reply.status, second.overlapped) == (200, [1])

    stalled.cancel()
    while first.took is None:  # noqa: ASYNC110 -- until the server has seen that the client is gone
        await asyncio.sleep(0)

    assert first.gone


async def test_unread_request_names_the_endpoint_that_was_meant(serve: Any) -> None:
    """A body that is too large is refused before anybody reads it, and still told of."""
    mock = await serve()
    posts = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.method == "POST"
    ]
    async with mock.client.post(posts[0][1].paths[0], data=BytesIO(b"x" * (2 << 20))) as response:
        status = response.status
    found = [(each.vendor, each.endpoint, each.error) for each in mock.served.unmatched]

    assert status == 413
    assert found == [(posts[0][0].name, posts[0][1].name, "too_large")]
