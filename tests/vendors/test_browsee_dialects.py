"""Browsee as its samples of 2020 call it differs in where select stands, and in nothing else."""

from typing import Any

import pytest
from msgspec import json

from mockserver.vendors.browsee import VENDOR
from mockserver.vendors.browsee.views import FIELDS

GIST = VENDOR.in_dialect("gist-2020")
ENDPOINT = "export_sessions"
WINDOW = {"start": 1788220800, "end": 1790812800, "limit": 2}
SELECT = ["duration", "tags", "urls", "userId"]
"""As the samples have it."""


async def row(mock: Any, vendor: Any, **body: Any) -> dict[str, Any]:
    """The first row of an export."""
    status, told = await mock.ask(vendor, vendor.endpoint(ENDPOINT), {**WINDOW, **body})
    assert status == 200, told
    found: dict[str, Any] = json.decode(told)["exports"]["data"][0]
    return found


def findings(mock: Any) -> list[str]:
    """What was said of the last exchange."""
    return [finding.name for finding in [*mock.tenant.journal][-1].findings]


async def test_select_of_the_samples_is_asked_for_at_the_top(serve: Any) -> None:
    """Only what is selected comes, and nothing is said against its place; as documented it comes too, with the finding."""
    mock, documented = await serve(GIST), await serve(VENDOR)

    assert set(await row(mock, GIST, select=SELECT)) <= set(SELECT)
    assert findings(mock) == []
    assert set(await row(documented, VENDOR, select=SELECT)) <= set(SELECT)
    assert findings(documented) == ["deprecated-place"]


@pytest.mark.parametrize("select", [None, ["duration"], [], "no list"])
async def test_options_are_passed_over(serve: Any, select: Any) -> None:
    """Whatever stands in them, what the top level selects is what comes, and all fields where it selects none."""
    mock = await serve(GIST, behaviors={"browsee.no_value": "null"})

    assert set(await row(mock, GIST, options={"select": select})) == set(FIELDS)
    assert set(await row(mock, GIST, options={"select": select}, select=["city"])) == {"city"}
    assert set(await row(mock, GIST, options=5, select=["city"])) == {"city"}


@pytest.mark.parametrize("select", ["duration", 5, {"a": 1}, [1]], ids=str)
async def test_select_that_is_no_list_of_texts_is_refused(serve: Any, select: Any) -> None:
    """In the words of any other parameter."""
    status, told = await (await serve(GIST)).ask(GIST, GIST.endpoint(ENDPOINT), {**WINDOW, "select": select})

    assert (status, json.decode(told)["status"]) == (400, "failure")
    assert "select" in json.decode(told)["message"]


async def test_unknown_names_are_told_as_chosen(serve: Any) -> None:
    """The behavior holds for a select at the top as it does for one in options."""
    mock = await serve(GIST, behaviors={"browsee.unknown_field": "400"})
    status, told = await mock.ask(GIST, GIST.endpoint(ENDPOINT), {**WINDOW, "select": ["userID"]})

    assert (status, json.decode(told)["message"]) == (
        400,
        "select names 'userID', which is no field; did you mean 'userId'?",
    )


async def test_everything_else_is_as_documented(serve: Any) -> None:
    """The same rows, behaviors, errors and other endpoints."""
    one, two = await serve(GIST), await serve(VENDOR)
    answers = [
        await mock.ask(vendor, vendor.endpoint(ENDPOINT), WINDOW)
        for mock, vendor in ((one, GIST), (two, VENDOR))
    ]

    assert answers[0] == answers[1]
    assert GIST.contract.behaviors == VENDOR.contract.behaviors
    assert GIST.contract.errors == VENDOR.contract.errors
    assert GIST.contract.endpoints[1:] == VENDOR.contract.endpoints[1:]
    assert VENDOR.observed == VENDOR.dialect


def test_facts_of_the_documentation_about_options_are_none_of_the_dialects() -> None:
    """Neither field nor advice speaks of options there."""
    told = [where for where, _ in GIST.contract.facts()]

    assert "export_sessions body select" in told
    assert "export_sessions body options" not in told
    assert "export_sessions advice deprecated-place" not in told
