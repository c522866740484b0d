"""The dialect ``gist-2020`` of Browsee, which differs only in where select is."""

from typing import Any

import pytest
from msgspec import json

from mockserver.vendors.browsee import VENDOR
from mockserver.vendors.browsee.views import FIELDS

GIST = VENDOR.in_dialect("gist-2020")
ENDPOINT = "export_sessions"
WINDOW = {"start": 1788220800, "end": 1790812800, "limit": 2}
SELECT = ["duration", "tags", "urls", "userId"]
"""Fields selected in the samples."""


async def first_row(mock: Any, vendor: Any, **body: Any) -> dict[str, Any]:
    """Return the first row of an export."""
    status, response = await mock.ask(vendor, vendor.endpoint(ENDPOINT), {**WINDOW, **body})
    assert status == 200, response
    first: dict[str, Any] = json.decode(response)["exports"]["data"][0]
    return first


def last_findings(mock: Any) -> list[str]:
    """Return the names of the findings of the last exchange."""
    return [finding.name for finding in [*mock.tenant.journal][-1].findings]


async def test_select_at_top_level_is_deprecated_only_in_documented_dialect(serve: Any) -> None:
    mock = await serve(GIST)
    documented = await serve(VENDOR)

    assert set(await first_row(mock, GIST, select=SELECT)) <= set(SELECT)
    assert last_findings(mock) == []
    assert set(await first_row(documented, VENDOR, select=SELECT)) <= set(SELECT)
    assert last_findings(documented) == ["deprecated-place"]


@pytest.mark.parametrize("select", [None, ["duration"], [], "no list"])
async def test_options_are_ignored(serve: Any, select: Any) -> None:
    mock = await serve(GIST, behaviors={"browsee.no_value": "null"})

    assert set(await first_row(mock, GIST, options={"select": select})) == set(FIELDS)
    assert set(await first_row(mock, GIST, options={"select": select}, select=["city"])) == {"city"}
    assert set(await first_row(mock, GIST, options=5, select=["city"])) == {"city"}


@pytest.mark.parametrize("select", ["duration", 5, {"a": 1}, [1]], ids=str)
async def test_invalid_select_is_rejected(serve: Any, select: Any) -> None:
    status, body = await (await serve(GIST)).ask(GIST, GIST.endpoint(ENDPOINT), {**WINDOW, "select": select})

    assert (status, json.decode(body)["status"]) == (400, "failure")
    assert "select" in json.decode(body)["message"]


async def test_unknown_field_is_rejected_by_behavior(serve: Any) -> None:
    mock = await serve(GIST, behaviors={"browsee.unknown_field": "400"})
    status, body = await mock.ask(GIST, GIST.endpoint(ENDPOINT), {**WINDOW, "select": ["userID"]})

    assert (status, json.decode(body)["message"]) == (
        400,
        "select contains the unknown field 'userID'; did you mean 'userId'?",
    )


async def test_everything_else_equals_documented_dialect(serve: Any) -> None:
    gist = await serve(GIST)
    documented = await serve(VENDOR)
    responses = [
        await mock.ask(vendor, vendor.endpoint(ENDPOINT), WINDOW)
        for mock, vendor in ((gist, GIST), (documented, VENDOR))
    ]

    assert responses[0] == responses[1]
    assert GIST.contract.behaviors == VENDOR.contract.behaviors
    assert GIST.contract.errors == VENDOR.contract.errors
    assert GIST.contract.endpoints[1:] == VENDOR.contract.endpoints[1:]
    assert VENDOR.observed == VENDOR.dialect


def test_facts_about_options_are_not_in_dialect() -> None:
    places = [where for where, _ in GIST.contract.facts()]

    assert "export_sessions body select" in places
    assert "export_sessions body options" not in places
    assert "export_sessions advice deprecated-place" not in places


async def test_track_is_limited_by_default_far_beyond_usual_tests(serve: Any) -> None:
    """Invalid requests count too; the clock is frozen, so that the window does not end."""
    mock = await serve(VENDOR)
    track = VENDOR.endpoint("track")
    statuses = [(await mock.ask(VENDOR, track, {}))[0] for _ in range(1001)]

    assert statuses == [400] * 1000 + [429]
