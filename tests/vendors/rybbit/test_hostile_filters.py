"""Filters of hostile size cost a bounded amount of work, and what is long but cheap is answered."""

from typing import Any

import pytest
from msgspec import json

from mockserver._util.clock import LATEST
from mockserver.vendors.base import Vendor
from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.contract import MOST_ROWS
from tests.vendors.rybbit.asking import filters

TOO_COMPLEX = {
    "patterns of many states": filters(
        *[("entry_page", "regex", [f"(?:.?){{{200 + number}}}Z"]) for number in range(40)]
    ),
    "patterns with many ways": filters(
        *[("city", "regex", [f"(?:[a-m]?.){{120}}{number}"]) for number in range(60)]
    ),
    "many optional characters": filters(
        *[("entry_page", "not_regex", [f"(?:a?b?c?d?e?f?/?){{60}}{number}"]) for number in range(60)]
    ),
}
"""Each is well below the longest query that the server reads, and took seconds of processor time, or would have."""
DIALECTS = list(VENDOR.dialects.values())
LISTED = ("list_sessions", "list_session_locations")


@pytest.mark.parametrize("wanted", TOO_COMPLEX)
@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_filters_beyond_the_work_bound_are_refused_in_the_dialect(
    serve: Any, vendor: Vendor, wanted: str
) -> None:
    """The bound is the request's, however its work is spread over filters; the error is the dialect's for what the database cannot do."""
    mock = await serve(vendor)
    for name in LISTED:
        status, body = await mock.ask(vendor, vendor.endpoint(name), {"filters": TOO_COMPLEX[wanted]})
        broken = await mock.ask(vendor, vendor.endpoint(name), {"filters": filters(("city", "equals", []))})

        assert (status, list(json.decode(body))) == (broken[0], list(json.decode(broken[1])))
        assert status in (400, 500)
        assert status == 500 or "too complex" in json.decode(body)["error"]


@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_pattern_sent_many_times_counts_once(serve: Any, vendor: Vendor) -> None:
    """Fifty equal filters with a large pattern are answered as one is."""
    mock, endpoint = await serve(vendor), vendor.endpoint("list_sessions")
    mock.tenant.clock.freeze()
    each = ("entry_page", "regex", ["^/(?:.?){40}(docs|pricing)"])
    one = await mock.ask(vendor, endpoint, {"filters": filters(each)})

    assert one[0] == 200
    assert await mock.ask(vendor, endpoint, {"filters": filters(*[each] * 50)}) == one


MANY = {
    "equals": [f"{number}" for number in range(700)],
    "contains": [f"x{number}" for number in range(700)],
    "percent signs": ["%" * 2000],
    "texts and percent signs": ["a%" * 1000],
    "underscores": ["_x" * 1000],
}


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_filters_with_many_values_are_answered(serve: Any, vendor: Vendor, kind: str) -> None:
    """What is long but cheap is no error."""
    mock, endpoint = await serve(vendor), vendor.endpoint("list_sessions")
    text = filters(("city", "equals" if kind == "equals" else "contains", MANY[kind]))

    assert (await mock.ask(vendor, endpoint, {"filters": text}))[0] == 200


@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
async def test_page_of_too_many_rows_is_refused_where_limits_are_honoured(serve: Any, vendor: Vendor) -> None:
    """A limit may be any number, as long as the page has no more rows than can be written without keeping others waiting."""
    mock = await serve(vendor, world={"sessions": MOST_ROWS + 1}, behaviors={"rybbit.over_limit": "honour"})
    mock.tenant.clock.freeze(LATEST)
    endpoint = vendor.endpoint("list_sessions")
    broken = await mock.ask(vendor, endpoint, {"filters": filters(("city", "equals", []))})
    status, body = await mock.ask(vendor, endpoint, {"limit": 1_000_000})
    _, all_but_one = await mock.ask(vendor, endpoint, {"limit": MOST_ROWS})
    _, last = await mock.ask(vendor, endpoint, {"limit": MOST_ROWS, "page": 2})

    assert (status, list(json.decode(body))) == (broken[0], list(json.decode(broken[1])))
    assert (len(json.decode(all_but_one)["data"]), len(json.decode(last)["data"])) == (MOST_ROWS, 1)


async def test_any_limit_is_honoured_where_there_are_few_rows(serve: Any) -> None:
    """What counts is how many rows there are."""
    mock = await serve(world={"sessions": 300}, behaviors={"rybbit.over_limit": "honour"})
    _, body = await mock.ask(VENDOR, VENDOR.endpoint("list_sessions"), {"limit": 10**9})

    assert len(json.decode(body)["data"]) == 300
