"""Tests of the fault that responds with anything."""

from base64 import b64encode
from typing import Any

import pytest

from mockserver.client.fault_files import FaultFileError, inline_file
from mockserver.server.faults.registry import read
from mockserver.server.faults.respond import Respond
from mockserver.server.tenancy.active_faults import ActiveFaults, FaultError
from mockserver.vendors import load
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name

CLOSE = "Connection: close"
BINARY = bytes(range(256))


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ({"json": {"data": None}}, b'{"data":null}', "application/json"),
        ({"json": None}, b"null", "application/json"),
        ({"json": ""}, b'""', "application/json"),
        ({"text": "\ufeff{}"}, b"\xef\xbb\xbf{}", "text/plain; charset=utf-8"),
        ({"text": ""}, b"", "text/plain; charset=utf-8"),
        ({"html": "<p>é"}, "<p>é".encode(), "text/html; charset=utf-8"),
        ({"base64": b64encode(BINARY).decode()}, BINARY, "application/octet-stream"),
        ({"text": "a,b", "headers": {"content-type": "text/csv"}}, b"a,b", "text/csv"),
    ],
    ids=str,
)
async def test_body_is_sent_with_its_content_type(
    serve: Any, look: Look, body: dict[str, Any], sent: bytes, content_type: str
) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "respond", **body}))
    seen = await (await look(mock, LISTS[0], CLOSE)).ended()

    assert (seen.status, seen.body, seen.header("Content-Type")) == (200, sent, [content_type])


@pytest.mark.parametrize("status", [201, 204, 299, 302, 304, 404, 418, 503, 599])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_status_and_headers_are_sent(serve: Any, look: Look, pair: Any, status: int) -> None:
    mock = await serve()
    [active] = mock.tenant.faults.add(
        read(
            {"kind": "respond", "status": status, "headers": {"Location": "/x", "Set-Cookie": ["a=1", "b=2"]}}
        )
    )
    seen = await (await look(mock, pair, CLOSE)).ended()

    assert (seen.status, seen.body, active.effective) == (status, b"", 1)
    assert (seen.header("Location"), seen.header("Set-Cookie")) == (["/x"], ["a=1", "b=2"])


async def test_response_with_any_bytes_is_reviewed(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "respond", "base64": b64encode(b'"\xff\xfe').decode()}))
    for pair in LISTS:
        assert await mock.ask(*pair, dict(pair[1].example)) == (200, b'"\xff\xfe')

    assert not any(exchange.whole for exchange in mock.tenant.journal)
    assert caplog.records == []


async def test_response_records_no_data(serve: Any) -> None:
    recording = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.rows_path is None and endpoint.method == "POST" and endpoint.example
    ]
    for pair in recording:
        mock = await serve()
        mock.tenant.faults.add(read({"kind": "respond"}))
        before = mock.tenant.world

        assert await mock.ask(*pair, dict(pair[1].example)) == (200, b"")
        assert mock.tenant.world is before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"json": 1, "text": "a"}, "respond: json and text exclude each other; give one of them"),
        (
            {"status": 103},
            (
                "respond: a client that gets 103 waits for the response that it announces;"
                " use a status from 200 to 599"
            ),
        ),
        ({"status": 204, "text": "a"}, "respond: a response with status 204 has no body; remove text"),
        ({"status": 600}, "fault 'respond': status must be an integer from 100 to 599, got 600"),
        (
            {"headers": {"Content-Length": "1"}},
            (
                "respond: Content-Length says where the response ends, so it cannot be changed alone;"
                " use the fault `truncate`, `chunked` or `duplicate_header`"
            ),
        ),
        ({"base64": "*"}, "respond: base64 is invalid: "),
        (
            {"file": "page.html"},
            (
                "respond: the server reads no files, and `file` is only for the command line and the Python"
                " library, which read it; send the body as `base64`, `text`, `html` or `json`"
            ),
        ),
    ],
    ids=str,
)
def test_invalid_response_is_rejected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultError) as caught:
        read({"kind": "respond", **arguments})

    assert str(caught.value).startswith(message)


def test_null_body_is_described() -> None:
    [null, none] = ActiveFaults[Any]().add(read([{"kind": "respond", "json": None}, {"kind": "respond"}]))

    assert null.describe()["json"] is None
    assert "json" not in none.describe()
    assert "text" not in null.describe()


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        ("page.html", "text/html"),
        ("rows.json", "application/json"),
        ("rows.json.gz", "application/octet-stream"),
        ("unknown", "application/octet-stream"),
    ],
)
def test_file_becomes_base64(tmp_path: Any, file: str, content_type: str) -> None:
    (tmp_path / file).write_bytes(BINARY)
    fault = inline_file({"kind": "respond", "file": file, "status": 502}, tmp_path)
    absolute = inline_file({"kind": "respond", "file": tmp_path / file, "headers": {"content-type": "a/b"}})
    [parsed] = read(fault)

    assert isinstance(parsed, Respond)
    assert parsed.headers == {"Content-Type": content_type}
    assert (fault["status"], fault["base64"]) == (502, b64encode(BINARY).decode())
    assert absolute["headers"] == {"content-type": "a/b"}


def test_missing_file_is_error(tmp_path: Any) -> None:
    with pytest.raises(
        FaultFileError, match=r"fault 'respond': file 'page.html' cannot be read: No such file"
    ):
        inline_file({"kind": "respond", "file": "page.html"}, tmp_path)


def test_other_faults_stay_as_they_are() -> None:
    for fault in ({"kind": "status"}, {"kind": "respond", "file": 3}, "respond", None):
        assert inline_file(fault) is fault
