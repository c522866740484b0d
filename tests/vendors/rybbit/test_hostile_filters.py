"""Filters of hostile size cause a bounded amount of work; long but cheap filters are evaluated."""

from typing import Any

import pytest
from msgspec import json

from mockserver._util.clock import LATEST
from mockserver.vendors.base import Vendor
from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.behaviors import MAX_ROWS_PER_PAGE
from tests.vendors.rybbit.client import encode_filters

TOO_COMPLEX = {
    "patterns of many states": encode_filters(
        *[("entry_page", "regex", [f"(?:.?){{{200 + number}}}Z"]) for number in range(40)]
    ),
    "patterns with many alternatives": encode_filters(
        *[("city", "regex", [f"(?:[a-m]?.){{120}}{number}"]) for number in range(60)]
    ),
    "many optional characters": encode_filters(
        *[("entry_page", "not_regex", [f"(?:a?b?c?d?e?f?/?){{60}}{number}"]) for number in range(60)]
    ),
}
"""Each is shorter than the longest query that the server accepts, but could take seconds."""
DIALECTS = list(VENDOR.dialects.values())
ENDPOINT_NAMES = ("list_sessions", "list_session_locations")


@pytest.mark.parametrize("case", TOO_COMPLEX)
@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_too_complex_filters_return_the_dialects_database_error(
    serve: Any, vendor: Vendor, case: str
) -> None:
    """The bound applies to the request, however its work is spread over filters."""
    mock = await serve(vendor)
    for name in ENDPOINT_NAMES:
        status, body = await mock.ask(vendor, vendor.endpoint(name), {"filters": TOO_COMPLEX[case]})
        database_error = await mock.ask(
            vendor, vendor.endpoint(name), {"filters": encode_filters(("city", "equals", []))}
        )

        assert (status, list(json.decode(body))) == (database_error[0], list(json.decode(database_error[1])))
        assert status in (400, 500)
        assert status == 500 or "too complex" in json.decode(body)["error"]


@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_repeated_pattern_is_counted_once(serve: Any, vendor: Vendor) -> None:
    mock = await serve(vendor)
    endpoint = vendor.endpoint("list_sessions")
    mock.tenant.clock.freeze()
    pattern_filter = ("referrer", "regex", ["^(?:.?){40}(google|example)"])
    response = await mock.ask(vendor, endpoint, {"filters": encode_filters(pattern_filter)})

    assert response[0] == 200
    assert await mock.ask(vendor, endpoint, {"filters": encode_filters(*[pattern_filter] * 50)}) == response


MANY = {
    "equals": [f"{number}" for number in range(700)],
    "contains": [f"x{number}" for number in range(700)],
    "percent signs": ["%" * 2000],
    "texts and percent signs": ["a%" * 1000],
    "underscores": ["_x" * 1000],
}


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_filters_with_many_values_are_evaluated(serve: Any, vendor: Vendor, kind: str) -> None:
    mock = await serve(vendor)
    endpoint = vendor.endpoint("list_sessions")
    text = encode_filters(("city", "equals" if kind == "equals" else "contains", MANY[kind]))

    assert (await mock.ask(vendor, endpoint, {"filters": text}))[0] == 200


@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_page_above_max_rows_returns_database_error_if_limits_are_honoured(
    serve: Any, vendor: Vendor
) -> None:
    mock = await serve(
        vendor, world={"sessions": MAX_ROWS_PER_PAGE + 1}, behaviors={"rybbit.over_limit": "honour"}
    )
    mock.tenant.clock.freeze(LATEST)
    endpoint = vendor.endpoint("list_sessions")
    database_error = await mock.ask(vendor, endpoint, {"filters": encode_filters(("city", "equals", []))})
    status, body = await mock.ask(vendor, endpoint, {"limit": 1_000_000})
    _, first_page = await mock.ask(vendor, endpoint, {"limit": MAX_ROWS_PER_PAGE})
    _, second_page = await mock.ask(vendor, endpoint, {"limit": MAX_ROWS_PER_PAGE, "page": 2})

    assert (status, list(json.decode(body))) == (database_error[0], list(json.decode(database_error[1])))
    assert (len(json.decode(first_page)["data"]), len(json.decode(second_page)["data"])) == (
        MAX_ROWS_PER_PAGE,
        1,
    )


async def test_any_limit_is_honoured_if_there_are_few_rows(serve: Any) -> None:
    mock = await serve(world={"sessions": 300}, behaviors={"rybbit.over_limit": "honour"})
    _, body = await mock.ask(VENDOR, VENDOR.endpoint("list_sessions"), {"limit": 10**9})

    assert len(json.decode(body)["data"]) == 300
