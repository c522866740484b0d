"""Encoded bodies: negotiation, and faults on the wire."""

import gzip
from importlib import import_module
from typing import Any

import pytest

from mockserver._util import content_coding
from mockserver._util.content_coding import choose_coding, compress
from mockserver.contract.behaviors import BehaviorError
from mockserver.server.faults.registry import read
from tests.server.asking import LISTS, Pair, name
from tests.server.faults.conftest import Look, _look  # noqa: F401 -- a fixture

CLOSE = "Connection: close"
ANY = "Accept-Encoding: gzip, br, zstd"


def decode(coding: str, data: bytes) -> bytes:
    match coding:
        case "gzip":
            return gzip.decompress(data)
        case "br":
            return bytes(import_module("brotli").decompress(data))
        case "zstd":
            return bytes(import_module("zstandard").ZstdDecompressor().decompress(data))
    return data


@pytest.mark.parametrize(
    ("preferred", "accepted", "coding"),
    [
        ("gzip", None, "identity"),
        ("gzip", "", "identity"),
        ("gzip", "gzip", "gzip"),
        ("gzip", "GZIP", "gzip"),
        ("gzip", "x-gzip", "gzip"),
        ("gzip", "deflate, br", "identity"),
        ("gzip", "gzip;q=0", "identity"),
        ("gzip", "gzip;q=0, identity;q=0", "identity"),
        ("gzip", "gzip;q=0.2, identity;q=0.5", "identity"),
        ("gzip", "gzip ; q=0.5 , identity;q=0.2", "gzip"),
        ("gzip", "*", "gzip"),
        ("gzip", "*;q=0", "identity"),
        ("gzip", "*;q=0, gzip", "gzip"),
        ("gzip", "gzip;q=high", "identity"),
        ("gzip", "identity;q=0, *", "gzip"),
        ("br", "gzip, br", "br"),
        ("br", "gzip, br;q=0.5", "gzip"),
        ("br", "gzip", "gzip"),
        ("br", "deflate", "identity"),
        ("zstd", "gzip, zstd", "zstd"),
        ("identity", "gzip", "identity"),
    ],
)
def test_coding_is_negotiated(preferred: str, accepted: str | None, coding: str) -> None:
    assert choose_coding(preferred, accepted) == coding


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_same_data_has_same_bytes(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"[1, 2, 3]" * 100
    first = compress(coding, data)
    monkeypatch.setattr("time.time", lambda: 0)

    assert compress(coding, data) == first
    assert decode(coding, first) == data
    assert len(first) < len(data)


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_encoded_body_decodes_to_plain_one(serve: Any, look: Look, pair: Pair, coding: str) -> None:
    mock = await serve(behaviors={f"{pair[0].name}.encoding": coding})
    plain = await (await look(mock, pair, CLOSE)).ended()
    seen = await (await look(mock, pair, CLOSE, ANY)).ended()
    is_encoded = coding != "identity"

    assert plain.header("Content-Encoding") == []
    assert seen.header("Content-Encoding") == ([coding] if is_encoded else [])
    assert decode(coding, seen.body) == plain.body
    assert seen.length == len(seen.body)
    for each in (plain, seen):
        assert ("accept-encoding" in ",".join(each.header("Vary")).lower()) == is_encoded
    if pair[1].method == "GET":
        head = await (await look(mock, pair, CLOSE, ANY, method="HEAD")).ended()
        assert (head.length, head.body) == (seen.length, b"")
        assert head.header("Content-Encoding") == seen.header("Content-Encoding")
    first, second, *_ = mock.tenant.journal
    assert (first.response.body, first.response_size) == (second.response.body, second.response_size)
    assert first.whole
    assert second.whole


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "truncate", "share": 0.25},
        {"kind": "truncate", "share": 0.25, "content_length": "true"},
        {"kind": "close", "where": "body", "share": 0.25},
        {"kind": "reset", "where": "body", "share": 0.25},
    ],
    ids=str,
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_fault_cuts_encoded_body(serve: Any, look: Look, pair: Pair, fault: dict[str, Any]) -> None:
    mock = await serve(behaviors={f"{pair[0].name}.encoding": "gzip"})
    whole = await (await look(mock, pair, CLOSE, ANY)).ended()
    [active] = mock.tenant.faults.add(read(fault))
    seen = await (await look(mock, pair, CLOSE, ANY)).ended()

    assert seen.body == whole.body[: len(whole.body) // 4]
    assert active.effective == 1
    assert [each.whole for each in mock.tenant.journal] == [True, False]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_other_faults_change_body_before_it_is_encoded(serve: Any, look: Look, pair: Pair) -> None:
    mock = await serve(behaviors={f"{pair[0].name}.encoding": "gzip"})
    plain = await (await look(mock, pair, CLOSE)).ended()
    bodies = []
    for fault in (
        {"kind": "malformed", "how": "bom"},
        {"kind": "status", "status": 503},
        {"kind": "respond", "text": "hello"},
        {"kind": "schema", "field": "risk_score", "change": "unknown", "share": 1},
    ):
        mock.tenant.faults.clear()
        mock.tenant.faults.add(read(fault))
        seen = await (await look(mock, pair, CLOSE, ANY)).ended()
        assert seen.header("Content-Encoding") == ["gzip"]
        bodies.append(gzip.decompress(seen.body))
    mock.tenant.faults.clear()
    mock.tenant.faults.add(read({"kind": "empty_body"}))
    empty = await (await look(mock, pair, CLOSE, ANY)).ended()

    assert bodies[0] == b"\xef\xbb\xbf" + plain.body
    assert bodies[2] == b"hello"
    assert b"risk_score" in bodies[3]
    assert empty.body == b""


async def test_missing_package_is_error(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mock = await serve()
    monkeypatch.setattr(content_coding, "find_spec", lambda _: None)
    with pytest.raises(BehaviorError) as caught:
        mock.set_behaviors({f"{LISTS[0][0].name}.encoding": "br"})

    assert str(caught.value) == (
        f"{LISTS[0][0].name}.encoding: br needs the package brotli;"
        " install it with: pip install 'session-mock[encodings]'"
    )
