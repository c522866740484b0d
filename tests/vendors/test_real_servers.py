"""Compare the dialects with recorded answers of the real servers that they imitate.

Each ``<vendor>/real_server/<dialect>.json`` has answers of one server:

    {"vendor", "dialect", "revision", "date", "source", "world": {arguments of SessionMock}, "cases": [
        {"row", "severity", "request": {"endpoint" | "path", "method", "query", "headers"},
         "status", "content_type", "headers", "body", "rows", "keys", "differs"}]}

- ``source`` is the key of the server in the contract's sources; ``row`` and ``severity`` are those of the comparison.
- A request has the path of an endpoint, or ``path`` as it is sent; ``query`` is sent as it is. The method is GET.
  ``{site}``, ``{session}`` (the first one) and ``{token}`` are replaced in path, query and headers.
  Requests are authenticated; ``null`` leaves a header out.
- ``body`` is the part of a JSON body that is compared (objects may have more keys), or the whole text.
  ``rows`` is the number of rows, ``keys`` are those of each row in order. ``headers`` have lower-case names; ``null`` is a missing one.
- ``differs`` is the ``what`` of a difference that the contract states as not imitated. The mock must then give
  another answer, so that no such statement is out of date.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from msgspec import json

from mockserver import SessionMock
from mockserver.vendors import get_vendor, load_dialects
from mockserver.vendors.base import Vendor

Case = dict[str, Any]
RECORDINGS = [
    json.decode(file.read_bytes()) for file in sorted(Path(__file__).parent.glob("*/real_server/*.json"))
]
CASES = [
    pytest.param(recording, case, id=f"{recording['vendor']}.{recording['dialect']}-{case['row']}-{number}")
    for recording in RECORDINGS
    for number, case in enumerate(recording["cases"])
]


class Answer(NamedTuple):
    """A response as it was received."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Served:
    """A running mock with the world and the dialect of a recording."""

    def __init__(self, mock: SessionMock, vendor: Vendor) -> None:
        self.vendor = vendor
        self._url = urlsplit(mock.url)
        self._headers = mock.vendor(vendor.name).headers
        sessions = next(each for each in vendor.contract.endpoints if each.start_field)
        [row, *_] = mock.expected_rows(vendor.name, sessions.name)
        access = mock.vendor(vendor.name)
        self._values = {"site": access.sites[0], "session": row["session_id"], **access.credentials}

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Send the request of a case."""
        target = request.get("path")
        if target is None:
            endpoint = self.vendor.endpoint(request["endpoint"])
            target = endpoint.paths[0].replace(f"{{{endpoint.site}}}", "{site}")
            target = target.replace("{session_id}", "{session}")
        target += f"?{request['query']}" if "query" in request else ""
        headers = {**self._headers, **request.get("headers", {})}
        sent = {name: self._fill(value) for name, value in headers.items() if value is not None}
        connection = HTTPConnection(str(self._url.hostname), self._url.port, timeout=30)
        try:
            connection.request(request.get("method", "GET"), self._fill(target), headers=sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, received, response.read())
        finally:
            connection.close()

    def _fill(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@pytest.fixture(scope="module", name="servers")
def _servers() -> Iterator[dict[str, Served]]:
    """Run a mock for every recording, by its label."""
    with ExitStack() as stack:
        servers = {}
        for recording in RECORDINGS:
            vendor = get_vendor(recording["vendor"]).in_dialect(recording["dialect"])
            mock = SessionMock(dialect={vendor.name: vendor.dialect}, **recording["world"])
            servers[vendor.label] = Served(stack.enter_context(mock), vendor)
        yield servers


def is_part(expected: Any, actual: Any) -> bool:
    """Return True if a JSON value contains another; objects may have more keys, arrays no more items."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(name in actual and is_part(value, actual[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return all(map(is_part, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def find_rows(vendor: Vendor, request: Mapping[str, Any], body: Any) -> list[Any]:
    """Return the rows in the body of a list, none if it has another shape."""
    path = vendor.endpoint(request["endpoint"]).rows_path if "endpoint" in request else None
    for name in path.split(".") if path else ():
        body = body.get(name, []) if isinstance(body, dict) else []
    return body if isinstance(body, list) else []


def find_differences(vendor: Vendor, case: Case, answer: Answer) -> list[str]:
    """Describe how a response differs from that in a case."""
    content_type = answer.headers.get("content-type")
    is_json = str(content_type).startswith("application/json")
    body = json.decode(answer.body) if is_json else answer.body.decode()
    rows = find_rows(vendor, case["request"], body)
    actual = {
        "status": answer.status,
        "content_type": content_type,
        "headers": {name: answer.headers.get(name) for name in case.get("headers", {})},
        "rows": len(rows),
        "keys": list(rows[0]) if rows else [],
    }
    differences = [f"{name} is {value!r}" for name, value in actual.items() if case.get(name, value) != value]
    if "body" in case and not is_part(case["body"], body):
        differences.append(f"the body is {body!r}")
    return differences


@pytest.mark.parametrize(("recording", "case"), CASES)
def test_answer_is_that_of_real_server_or_stated_as_different(
    servers: dict[str, Served], recording: Case, case: Case
) -> None:
    served = servers[get_vendor(recording["vendor"]).in_dialect(recording["dialect"]).label]

    differences = find_differences(served.vendor, case, served.send(case["request"]))

    if "differs" in case:
        stated = {difference.what for difference in served.vendor.contract.not_imitated}
        assert case["differs"] in stated
        assert differences, "the mock answers as the real server does: the statement is out of date"
    else:
        assert differences == []


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["dialect"])
def test_recording_names_source_with_its_revision_and_date(recording: Case) -> None:
    contract = get_vendor(recording["vendor"]).in_dialect(recording["dialect"]).contract
    source = contract.sources[recording["source"]]

    assert recording["revision"] in source.title
    assert recording["date"] == source.read_on


@pytest.mark.parametrize("vendor", load_dialects(), ids=lambda vendor: vendor.label)
def test_differences_from_real_server_are_in_contract_of_dialect_once(vendor: Vendor) -> None:
    names = [difference.what for difference in vendor.contract.not_imitated]

    assert len(names) == len(set(names))
    assert all(difference.real != difference.mock for difference in vendor.contract.not_imitated)
