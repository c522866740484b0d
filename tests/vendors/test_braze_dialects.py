"""Braze as it was while keys might stand in the query."""

from typing import Any

import pytest
from msgspec import json

from mockserver.server.journal.serialization import described
from mockserver.vendors.braze import VENDOR

LEGACY = VENDOR.in_dialect("legacy")
PATHS = {"sessions_data_series": "/sessions/data_series", "list_segments": "/segments/list"}
REFUSED = "Invalid or missing App Group API Identifier: "


@pytest.fixture(name="mock")
async def _mock(serve: Any) -> Any:
    return await serve(LEGACY)


async def get(
    mock: Any, endpoint: str, key: str | None = None, header: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Ask with a key in the query, in the header, in both, or in neither."""
    params = {"length": "7"} | ({"api_key": key} if key is not None else {})
    headers = {"Authorization": f"Bearer {header}"} if header is not None else {}
    async with mock.client.get(PATHS[endpoint], params=params, headers=headers) as response:
        return response.status, await response.json()


def token(mock: Any) -> str:
    """The workspace's key."""
    found: str = mock.tenant.names["braze"].credentials["token"]
    return found


@pytest.mark.parametrize("endpoint", PATHS)
async def test_key_in_the_query_opens(mock: Any, endpoint: str) -> None:
    """As one in the header does, with the same answer and with what is to be said of it; the header's counts where there are both."""
    key = token(mock)
    answers = [
        await get(mock, endpoint, key),
        await get(mock, endpoint, header=key),
        await get(mock, endpoint, "wrong", key),
    ]
    refused = await get(mock, endpoint, key, "wrong")
    said = [[finding.name for finding in exchange.findings] for exchange in mock.tenant.journal]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 200
    assert refused == (401, {"message": f"{REFUSED}wrong"})
    assert said == [["key-in-query"], [], ["key-in-query"]]


@pytest.mark.parametrize("endpoint", PATHS)
async def test_key_of_nobody_is_refused_in_the_words_of_2015(mock: Any, endpoint: str) -> None:
    """They are told of an empty and of a missing one too, and rest on recordings."""
    answers = [await get(mock, endpoint, key) for key in ("non-existent", "", None)]
    told = [described(exchange) for exchange in mock.served.unmatched]

    assert answers == [(401, {"message": REFUSED + key}) for key in ("non-existent", "", "")]
    assert [each["basis"] for each in told] == ["observed", "inferred", "inferred"]


async def test_key_in_the_query_has_no_effect_as_documented(serve: Any) -> None:
    """It is refused in the words of today, and the near miss tells which dialect takes it."""
    mock = await serve(VENDOR)
    answer = await get(mock, "list_segments", token(mock))
    [exchange] = mock.served.unmatched

    assert answer == (401, {"message": "Invalid API key: "})
    assert "only the dialect legacy looks there" in exchange.near_misses[0].differs


async def test_key_may_be_left_out_of_the_words(serve: Any) -> None:
    """The behavior to redact it holds for the older words as well."""
    mock = await serve(LEGACY, behaviors={"braze.echo_key": "redact"})

    assert await get(mock, "list_segments", "non-existent") == (401, {"message": f"{REFUSED}[redacted]"})


async def test_key_in_the_query_has_its_permissions_and_its_limit(serve: Any) -> None:
    """What a key may do, and how often, does not depend on where it stands."""
    mock = await serve(LEGACY, behaviors={"braze.permissions": "segments.list", "braze.rate_limit": 2})
    statuses = [
        (await get(mock, endpoint, token(mock)))[0]
        for endpoint in ("sessions_data_series", "list_segments", "list_segments")
    ]

    assert statuses == [403, 200, 429]


async def test_no_key_is_shown(mock: Any) -> None:
    """Neither the right one nor a wrong one, which the answer itself repeats."""
    await get(mock, "list_segments", token(mock))
    await get(mock, "list_segments", "somebody-elses")
    shown = json.encode(
        [described(exchange) for exchange in (*mock.tenant.journal, *mock.served.unmatched)]
    ).decode()

    assert token(mock) not in shown
    assert "somebody-elses" not in shown
    assert shown.count("[redacted]") >= 3


def test_nothing_else_differs() -> None:
    """Behaviors, shapes of answers and all other errors are those of today."""
    others = {
        name: shape
        for name, shape in LEGACY.contract.errors.items()
        if "credential" not in name and name != "unknown_path"
    }

    assert LEGACY.contract.behaviors == VENDOR.contract.behaviors
    assert {name: VENDOR.contract.errors[name] for name in others} == others
    for one, two in zip(LEGACY.contract.endpoints, VENDOR.contract.endpoints, strict=True):
        assert (one.paths, one.query, one.response, one.limits) == (
            two.paths,
            two.query,
            two.response,
            two.limits,
        )
    assert VENDOR.observed == VENDOR.dialect


def test_what_is_said_of_the_key_today_is_not_said_of_it_then() -> None:
    """No fact says that the query's key is passed over."""
    says = " ".join(fact.text for _, fact in LEGACY.contract.facts())

    assert "passed over" not in says
    assert "api_key is taken for the key" in says
