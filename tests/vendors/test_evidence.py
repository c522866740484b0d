"""The mock against dated evidence about the real vendors: every file of fixtures/ is replayed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.provenance import Basis
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.vendors import every, load

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(FIXTURES.glob("*/*/*.json"))
EVIDENCE = {case: json.decode(case.read_bytes()) for case in CASES}
VENDORS = {vendor.name: vendor for vendor in load()}


def render(value: Any, words: Mapping[str, str]) -> Any:
    """Put the placeholders' values into every text."""
    if isinstance(value, str):
        for word, content in words.items():
            value = value.replace(f"{{{word}}}", content)
        return value
    if isinstance(value, dict):
        return {name: render(each, words) for name, each in value.items()}
    return [render(each, words) for each in value] if isinstance(value, list) else value


def kind(value: Any) -> str:
    """The JSON type of a value."""
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def differences(expected: Any, got: Any, path: str = "$") -> list[str]:
    """Where an answer has not the shape of the evidence; null stands for any type, a list for its first item."""
    if expected is None:
        return []
    if kind(expected) != kind(got):
        return [f"{path}: {kind(got)} instead of {kind(expected)}"]
    if isinstance(expected, dict):
        missing = [f"{path}.{name}: missing" for name in expected if name not in got]
        return missing + [
            each
            for name in expected
            if name in got
            for each in differences(expected[name], got[name], f"{path}.{name}")
        ]
    if isinstance(expected, list) and expected:
        return differences(expected[0], got[0], f"{path}[0]") if got else [f"{path}: empty"]
    return []


def _read(kind: str, body: bytes) -> Any:
    """A body as JSON, or as the text that it says it is."""
    return json.decode(body) if kind.startswith("application/json") else body.decode()


def words_of(mock: Any, vendor: Any) -> dict[str, str]:
    """What the placeholders stand for."""
    names = mock.tenant.names[vendor.name]
    words = {f"credentials.{name}": value for name, value in names.credentials.items()}
    words["site"], words["segment"] = names.sites[0][0], names.segments.get("everyone", "")
    listed = next((each for each in vendor.contract.endpoints if each.starts is not None), None)
    row = next(rows(mock.tenant, vendor, listed, all_rows_params(mock.tenant, listed)))[1] if listed else {}
    return {**words, "session": str(row.get("session_id", ""))}


def test_every_endpoint_has_evidence() -> None:
    """No endpoint is imitated without a piece of evidence, and none lies in a folder of no endpoint."""
    endpoints = {
        (vendor.name, endpoint.name) for vendor in VENDORS.values() for endpoint in vendor.contract.endpoints
    }

    assert {(case.parts[-3], case.parts[-2]) for case in CASES} == endpoints


def test_every_dialect_has_evidence() -> None:
    """No dialect is imitated without a piece of evidence, and none is of a dialect that there is not."""
    dialects = {(vendor.name, vendor.dialect) for vendor in every()}

    assert {
        (case.parts[-3], evidence.get("dialect", DOCUMENTED)) for case, evidence in EVIDENCE.items()
    } == dialects


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]).removesuffix(".json"))
async def test_mock_answers_as_the_evidence_has_it(serve: Any, case: Path) -> None:
    """Same status and same shape; the same value where the evidence determines it."""
    evidence = EVIDENCE[case]
    vendor = VENDORS[case.parts[-3]].in_dialect(evidence.get("dialect", DOCUMENTED))
    mock = await serve(vendor, profile="default")
    words = words_of(mock, vendor)
    request, response = render(evidence["request"], words), render(evidence["response"], words)
    body = request.get("body")
    data = body.encode() if isinstance(body, str) else json.encode(body) if body is not None else None
    sent = {"params": request.get("query", {}), "headers": request.get("headers", {}), "data": data}
    async with mock.client.request(request["method"], request["path"], **sent) as answer:
        got = _read(answer.headers.get("Content-Type", ""), await answer.read())
        headers = {name: answer.headers.get(name) for name in response.get("headers", {})}

    assert Basis(evidence["basis"])
    assert answer.status == response["status"], got
    assert headers == response.get("headers", {})
    if evidence["compare"] == "value":
        assert got == response["body"]
    else:
        assert differences(response["body"], got) == []


def test_comparison_finds_what_differs() -> None:
    """A comparison that cannot fail would prove nothing."""
    expected = {"data": [{"id": "x", "size": 1, "any": None}]}

    assert differences(expected, {"data": [{"id": "y", "size": 2.5, "any": [], "more": True}]}) == []
    assert differences(expected, {"data": [{"id": 5, "any": 1}]}) == [
        "$.data[0].size: missing",
        "$.data[0].id: number instead of str",
    ]
    assert differences(expected, {"data": []}) == ["$.data: empty"]
    assert differences(expected, {}) == ["$.data: missing"]
