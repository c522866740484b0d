"""Replays the dated evidence about the real vendors in fixtures/ against the mock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.provenance import Basis
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.vendors import load, load_dialects

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(FIXTURES.glob("*/*/*.json"))
EVIDENCE = {case: json.decode(case.read_bytes()) for case in CASES}
VENDORS = {vendor.name: vendor for vendor in load()}


def render(value: Any, values: Mapping[str, str]) -> Any:
    """Replace the placeholders in every text."""
    if isinstance(value, str):
        for placeholder, content in values.items():
            value = value.replace(f"{{{placeholder}}}", content)
        return value
    if isinstance(value, dict):
        return {name: render(each, values) for name, each in value.items()}
    return [render(each, values) for each in value] if isinstance(value, list) else value


def json_type(value: Any) -> str:
    """Return the JSON type of a value."""
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def differences(expected: Any, actual: Any, path: str = "$") -> list[str]:
    """Return where a response differs in shape from the evidence.

    Null stands for any type, the first item of a list for at least one item.
    """
    if expected is None:
        return []
    if json_type(expected) != json_type(actual):
        return [f"{path}: {json_type(actual)} instead of {json_type(expected)}"]
    if isinstance(expected, dict):
        missing = [f"{path}.{name}: missing" for name in expected if name not in actual]
        return missing + [
            each
            for name in expected
            if name in actual
            for each in differences(expected[name], actual[name], f"{path}.{name}")
        ]
    if isinstance(expected, list) and expected:
        items = (differences(expected[0], item, f"{path}[{n}]") for n, item in enumerate(actual))
        return min(items, key=len, default=[f"{path}: empty"])
    return []


def _decode_body(json_type: str, body: bytes) -> Any:
    """Decode a body as JSON, or as text if its content type is not JSON."""
    return json.decode(body) if json_type.startswith("application/json") else body.decode()


def placeholder_values(mock: Any, vendor: Any) -> dict[str, str]:
    """Return the values of the placeholders."""
    identifiers = mock.tenant.identifiers[vendor.name]
    values = {f"credentials.{name}": value for name, value in identifiers.credentials.items()}
    values["site"] = identifiers.sites[0][0]
    values["segment"] = identifiers.segments.get("everyone", "")
    session_list = next((each for each in vendor.contract.endpoints if each.start_field is not None), None)
    row = (
        next(rows(mock.tenant, vendor, session_list, all_rows_params(mock.tenant, session_list)))[1]
        if session_list
        else {}
    )
    return {**values, "session": str(row[session_list.row_key[0]]) if session_list else ""}


def test_evidence_covers_exactly_all_endpoints() -> None:
    endpoints = {
        (vendor.name, endpoint.name) for vendor in VENDORS.values() for endpoint in vendor.contract.endpoints
    }

    assert {(case.parts[-3], case.parts[-2]) for case in CASES} == endpoints


def test_evidence_covers_exactly_all_dialects() -> None:
    dialects = {(vendor.name, vendor.dialect) for vendor in load_dialects()}

    assert {
        (case.parts[-3], evidence.get("dialect", DOCUMENTED)) for case, evidence in EVIDENCE.items()
    } == dialects


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]).removesuffix(".json"))
async def test_response_equals_evidence(serve: Any, case: Path) -> None:
    evidence = EVIDENCE[case]
    vendor = VENDORS[case.parts[-3]].in_dialect(evidence.get("dialect", DOCUMENTED))
    mock = await serve(vendor, profile="default")
    values = placeholder_values(mock, vendor)
    request = render(evidence["request"], values)
    response = render(evidence["response"], values)
    body = request.get("body")
    data = body.encode() if isinstance(body, str) else json.encode(body) if body is not None else None
    sent = {"params": request.get("query", {}), "headers": request.get("headers", {}), "data": data}
    async with mock.client.request(request["method"], request["path"], **sent) as response_message:
        actual = _decode_body(response_message.headers.get("Content-Type", ""), await response_message.read())
        headers = {name: response_message.headers.get(name) for name in response.get("headers", {})}

    assert Basis(evidence["basis"])
    assert response_message.status == response["status"], actual
    assert headers == response.get("headers", {})
    if evidence["compare"] == "value":
        assert actual == response["body"]
    else:
        assert differences(response["body"], actual) == []


def test_differences_reports_missing_fields_and_types() -> None:
    expected = {"data": [{"id": "x", "size": 1, "any": None}]}

    assert differences(expected, {"data": [{"id": "y", "size": 2.5, "any": [], "more": True}]}) == []
    assert differences(expected, {"data": [{"id": 5, "any": 1}]}) == [
        "$.data[0].size: missing",
        "$.data[0].id: number instead of str",
    ]
    assert differences(expected, {"data": []}) == ["$.data: empty"]
    assert differences(expected, {}) == ["$.data: missing"]
