"""Web pages of other origins: preflights, and the headers that let a page read a response."""

from typing import Any

import pytest

from mockserver.contract.http.cors import NO_CORS
from mockserver.server.faults.registry import read
from mockserver.server.requests.negotiation import find_policy
from mockserver.server.review.verification import unexpected
from mockserver.vendors import load_dialects
from tests.server.asking import LISTS, Pair, name

ORIGIN = "https://shop.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}
EVERY_LIST = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]


async def ask(mock: Any, pair: Pair, headers: dict[str, str], **changes: Any) -> tuple[int, Any]:
    """Send a request with more headers; return status and headers."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), **headers}
    async with mock.client.request(
        changes.get("method", pair[1].method), changes.get("path", path), **arguments
    ) as response:
        await response.read()
        return response.status, response.headers


async def preflight(mock: Any, pair: Pair) -> tuple[int, Any]:
    """Send the preflight of a browser, which has no credential."""
    path, _ = mock.parts(*pair, dict(pair[1].example))
    async with mock.client.request("OPTIONS", path, headers=PREFLIGHT) as response:
        assert await response.read() == b"" or response.status >= 400
        return response.status, response.headers


@pytest.mark.parametrize("option", ["vendor", "any", "none"])
@pytest.mark.parametrize("pair", EVERY_LIST, ids=name)
async def test_page_may_read_list_if_policy_allows_it(serve: Any, pair: Pair, option: str) -> None:
    mock = await serve(pair[0], behaviors={f"{pair[0].name}.cors": option})
    policy = find_policy(pair[0], pair[1].name, {"cors": option})
    allowed = {"none": None, "any": "*", "request": ORIGIN}[policy.origin]
    asked, preflight_headers = await preflight(mock, pair)
    status, headers = await ask(mock, pair, {"Origin": ORIGIN})
    plain = (await ask(mock, pair, {}))[1]

    assert (option == "any") <= (allowed == "*")
    assert (option == "none") <= (policy is NO_CORS)
    assert (status, asked < 300) == (200, allowed is not None)
    assert headers.get("Access-Control-Allow-Origin") == allowed
    assert preflight_headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Origin" not in plain
    if allowed is not None:
        assert pair[1].method in preflight_headers["Access-Control-Allow-Methods"]
        assert "authorization" in preflight_headers["Access-Control-Allow-Headers"].lower()
    if allowed == ORIGIN:
        assert "origin" in headers["Vary"].lower()
    assert [each.findings for each in mock.tenant.journal] == [()] * len(mock.tenant.journal)


@pytest.mark.parametrize("option", ["vendor", "any", "none"])
@pytest.mark.parametrize("pair", EVERY_LIST, ids=name)
async def test_preflight_is_no_unexpected_exchange_and_costs_no_limit(
    serve: Any, pair: Pair, option: str, caplog: pytest.LogCaptureFixture
) -> None:
    limits = {limit.allowed: 1 for limit in pair[1].limits if hasattr(limit, "allowed")}
    mock = await serve(pair[0], behaviors={**limits, f"{pair[0].name}.cors": option})
    for _ in range(3):
        await preflight(mock, pair)
    journals = [*mock.tenant.journal, *mock.served.unmatched]

    assert [(each.error, each.near_misses, each.findings) for each in journals] == [(None, (), ())] * 3
    assert unexpected(journals) == []
    assert caplog.records == []
    assert (await ask(mock, pair, {}))[0] == 200


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_errors_and_faults_may_be_read_too(serve: Any, pair: Pair) -> None:
    mock = await serve(behaviors={f"{pair[0].name}.cors": "any"})
    seen = [(await ask(mock, pair, {"Origin": ORIGIN}, path=f"/{pair[0].name}/unknown"))]
    for fault in ({"kind": "status"}, {"kind": "respond", "json": {}}, {"kind": "empty_body"}):
        mock.tenant.faults.clear()
        mock.tenant.faults.add(read(fault))
        seen.append(await ask(mock, pair, {"Origin": ORIGIN}))
    mock.tenant.faults.clear()
    mock.tenant.faults.add(read({"kind": "header", "drop": ["Access-Control-Allow-Origin"]}))
    _, without = await ask(mock, pair, {"Origin": ORIGIN})

    assert [(status, headers.get("Access-Control-Allow-Origin")) for status, headers in seen] == [
        (404, "*"), (503, "*"), (200, "*"), (200, "*")
    ]  # fmt: skip
    assert "Access-Control-Allow-Origin" not in without


async def test_preflight_without_credential_is_allowed_if_any_tenant_allows_it(serve: Any) -> None:
    pair = next(pair for pair in LISTS if pair[0].contract.cors[0].origin == "none")
    mock = await serve(tenants={"other": {"behaviors": {f"{pair[0].name}.cors": "any"}}})

    assert (await preflight(mock, pair))[0] == 204
    assert "Access-Control-Allow-Origin" not in (await ask(mock, pair, {"Origin": ORIGIN}))[1]
