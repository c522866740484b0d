"""The dialect ``legacy`` of Braze, in which keys may be sent in the query."""

from typing import Any

import pytest
from msgspec import json

from mockserver.server.journal.serialization import describe_exchange
from mockserver.vendors.braze import VENDOR

LEGACY = VENDOR.in_dialect("legacy")
PATHS = {"sessions_data_series": "/sessions/data_series", "list_segments": "/segments/list"}
UNKNOWN_KEY = "Invalid or missing App Group API Identifier: "


@pytest.fixture(name="mock")
async def _mock(serve: Any) -> Any:
    return await serve(LEGACY)


async def get(
    mock: Any, endpoint: str, key: str | None = None, header: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a request with a key in the query, in the header, in both, or in neither."""
    params = {"length": "7"} | ({"api_key": key} if key is not None else {})
    headers = {"Authorization": f"Bearer {header}"} if header is not None else {}
    async with mock.client.get(PATHS[endpoint], params=params, headers=headers) as response:
        return response.status, await response.json()


def token(mock: Any) -> str:
    """Return the workspace's key."""
    key: str = mock.tenant.identifiers["braze"].credentials["token"]
    return key


@pytest.mark.parametrize("endpoint", PATHS)
async def test_key_in_query_authenticates_with_finding_unless_header_has_key(
    mock: Any, endpoint: str
) -> None:
    key = token(mock)
    responses = [
        await get(mock, endpoint, key),
        await get(mock, endpoint, header=key),
        await get(mock, endpoint, "wrong", key),
    ]
    refused = await get(mock, endpoint, key, "wrong")
    finding_names = [
        [finding.name for finding in exchange.findings if finding.name != "unknown-parameter"]
        for exchange in mock.tenant.journal
    ]

    assert responses[0] == responses[1] == responses[2]
    assert responses[0][0] == 200
    assert refused == (401, {"message": f"{UNKNOWN_KEY}wrong"})
    assert finding_names == [["key-in-query"], [], ["key-in-query"], ["key-in-query"]]


@pytest.mark.parametrize("endpoint", PATHS)
async def test_unknown_empty_and_missing_key_get_message_of_2015(mock: Any, endpoint: str) -> None:
    responses = [await get(mock, endpoint, key) for key in ("non-existent", "", None)]
    exchanges = [describe_exchange(exchange) for exchange in mock.served.unmatched]

    assert responses == [(401, {"message": UNKNOWN_KEY + key}) for key in ("non-existent", "", "")]
    assert [each["basis"] for each in exchanges] == ["observed", "inferred", "inferred"]


async def test_key_in_query_is_ignored_in_documented_dialect(serve: Any) -> None:
    mock = await serve(VENDOR)
    response = await get(mock, "list_segments", token(mock))
    [exchange] = mock.tenant.journal

    assert response == (401, {"message": "Invalid API key: "})
    assert "only the dialect legacy looks there" in exchange.near_misses[0].difference


async def test_key_is_redacted_in_message_by_behavior(serve: Any) -> None:
    mock = await serve(LEGACY, behaviors={"braze.echo_key": "redact"})

    assert await get(mock, "list_segments", "non-existent") == (401, {"message": f"{UNKNOWN_KEY}[redacted]"})


async def test_key_in_query_has_permissions_and_limit(serve: Any) -> None:
    mock = await serve(LEGACY, behaviors={"braze.permissions": "segments.list", "braze.rate_limit": 2})
    statuses = [
        (await get(mock, endpoint, token(mock)))[0]
        for endpoint in ("sessions_data_series", "list_segments", "list_segments")
    ]

    assert statuses == [403, 200, 429]


async def test_journal_contains_no_keys(mock: Any) -> None:
    await get(mock, "list_segments", token(mock))
    await get(mock, "list_segments", "unknown-key")
    shown = json.encode(
        [describe_exchange(exchange) for exchange in (*mock.tenant.journal, *mock.served.unmatched)]
    ).decode()

    assert token(mock) not in shown
    assert "unknown-key" not in shown
    assert shown.count("[redacted]") >= 3


def test_everything_else_equals_documented_dialect() -> None:
    unchanged = {
        name: template
        for name, template in LEGACY.contract.errors.items()
        if "credential" not in name and name != "unknown_path"
    }

    assert LEGACY.contract.behaviors == VENDOR.contract.behaviors
    assert {name: VENDOR.contract.errors[name] for name in unchanged} == unchanged
    for legacy, documented in zip(LEGACY.contract.endpoints, VENDOR.contract.endpoints, strict=True):
        assert (legacy.paths, legacy.query, legacy.response, legacy.limits) == (
            documented.paths,
            documented.query,
            documented.response,
            documented.limits,
        )
    assert VENDOR.observed == VENDOR.dialect


def test_facts_about_key_in_query_differ_from_documented_dialect() -> None:
    texts = " ".join(fact.text for _, fact in LEGACY.contract.facts())

    assert "is ignored" not in texts
    assert "api_key is accepted as the key" in texts
