"""The journal is read, filtered, counted, exported and cleared over HTTP."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from msgspec import json

from mockserver.server.journal.journal import Journal
from tests.server.admin.asking import ALL, DEFAULT, LISTS, ONE, AdminApi, name
from tests.server.admin.conftest import Steer
from tests.server.asking import secrets

JOURNAL = f"{DEFAULT}/journal"
OTHER = next(pair for pair in LISTS if pair[0] is not ONE[0])
ADVISED = next(
    (vendor, endpoint)
    for vendor, endpoint in LISTS
    if any(advice.name == "limit-above-maximum" for advice in endpoint.lint_rules)
)
LARGE = {**ADVISED[1].example, str(getattr(ADVISED[1].pagination, "limit", "")): 1_000_000}


async def lived(steer: Steer) -> AdminApi:
    """A tenant with seven exchanges: good, triggered, good, refused, advised against, and others."""
    admin = await steer(world={"sessions": 5})
    await admin.do("POST", f"{DEFAULT}/faults", {"kind": "status", "status": 503, "nth": 2})
    for pair, parameters in ((ONE, {}), (ONE, {}), (OTHER, {}), (ADVISED, LARGE), (ONE, {})):
        assert (await admin.client("default", pair, parameters or None)).status in (200, 503)
    for path in (f"/{ONE[0].name}/nowhere", "/nowhere"):
        async with admin.mock.client.get(path) as response:
            assert response.status == 404
    return admin


async def numbers(admin: AdminApi, path: str = JOURNAL, **query: Any) -> list[int]:
    """The exchanges that a query lets through."""
    return [each["number"] for each in (await admin.get(path, **query))["exchanges"]]


async def test_exchanges_are_told_one_by_one_and_together(steer: Steer) -> None:
    """A page has them in their order with the totals, and each is found by its number alone."""
    admin = await lived(steer)
    page = await admin.get(JOURNAL)

    assert [each["number"] for each in page["exchanges"]] == [1, 2, 3, 4, 5]
    assert (page["matched"], page["kept"], page["count"], page["next"]) == (5, 5, 5, None)
    assert [await admin.get(f"{JOURNAL}/{number}") for number in range(1, 6)] == page["exchanges"]
    assert [each["response"]["status"] for each in page["exchanges"]] == [200, 503, 200, 200, 200]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"vendor": OTHER[0].name}, {3, 4} if ADVISED[0] is OTHER[0] else {3}),
        ({"endpoint": ONE[1].name, "vendor": ONE[0].name}, {1, 2, 5} | ({4} if ADVISED == ONE else set())),
        ({"status": 200}, {1, 3, 4, 5}),
        ({"status": "5xx"}, {2}),
        ({"status": 404}, set()),
        ({"error": "violation"}, set()),
        ({"finding": "limit-above-maximum"}, {4}),
        ({"fault": "status"}, {2}),
        ({"fault": 1}, {2}),
        ({"fault": 2}, set()),
        ({"unmatched": "true"}, set()),
        ({"unmatched": "false"}, {1, 2, 3, 4, 5}),
        ({"after": 3}, {4, 5}),
        ({"offset": 1, "limit": 2}, {2, 3}),
        ({"limit": 0}, set()),
        ({"status": "2xx", "after": 1, "limit": 1}, {3}),
    ],
    ids=str,
)
async def test_each_filter_lets_through_what_it_says(
    steer: Steer, query: dict[str, Any], expected: set[int]
) -> None:
    """Pages, counts and both exports agree on which exchanges are meant."""
    admin = await lived(steer)
    har = json.decode((await admin.ask("GET", JOURNAL, params={**query, "format": "har"})).body)
    lines = (await admin.ask("GET", JOURNAL, params={**query, "format": "ndjson"})).rows

    assert set(await numbers(admin, **query)) == expected
    assert (await admin.get(f"{JOURNAL}/count", **query))["count"] == len(expected)
    assert {each["number"] for each in lines} == expected
    assert len(har["log"]["entries"]) == len(expected)


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ({"vendor": ONE[0].name + "x"}, ONE[0].name),
        ({"endpoint": ONE[1].name + "x"}, ONE[1].name),
        ({"vendor": OTHER[0].name, "endpoint": "nonsense"}, None),
        ({"finding": "limit-above-maximun"}, "limit-above-maximum"),
        ({"error": "violaton"}, "violation"),
        ({"fault": "statos"}, "status"),
        ({"format": "hra"}, "har"),
        ({"statos": 200}, "status"),
        *(({"status": each}, None) for each in ("20", "600", "2XX", "ok", "200 ")),
        *(({each: "-1"}, None) for each in ("after", "limit", "offset")),
        ({"limit": "1.5"}, None),
        ({"unmatched": "maybe"}, None),
    ],
    ids=str,
)
async def test_filters_that_nothing_can_pass_are_refused(
    steer: Steer, query: dict[str, Any], near: str | None
) -> None:
    """A word that names nothing is told with the nearest, instead of an empty page."""
    told = await (await steer()).refused("GET", JOURNAL, params=query)

    assert told.problem == (400, "invalid-request", near)


@pytest.mark.parametrize(
    "query", [{}, {"unmatched": "false"}, {"status": "2xx"}, {"vendor": ONE[0].name}], ids=str
)
async def test_pages_are_turned_by_next_without_losing_any(
    steer: Steer, monkeypatch: Any, query: dict[str, Any]
) -> None:
    """Page after page has what one large page had, also where with every page an exchange comes and the oldest gives way."""
    monkeypatch.setattr("mockserver.server.tenancy.tenant.Journal", partial(Journal, entries=8))
    admin = await steer(world={"sessions": 5})
    await admin.do("POST", f"{DEFAULT}/faults", {"kind": "status", "status": 503, "nth": 3})
    for pair in (ONE, OTHER, ONE, ONE, OTHER, ONE, ONE, ONE):
        await admin.client("default", pair)
    whole, found = await numbers(admin, **query), []
    following: str | None = urlencode({"limit": 2, **query})
    while following is not None:
        page = await admin.get(JOURNAL, **dict(parse_qsl(following)))
        found += [each["number"] for each in page["exchanges"]]
        following = page["next"] if len(found) < len(whole) else None
        await admin.client("default", ONE)

    assert found == [*whole, *range(9, 9 + len(found) - len(whole))]
    assert len(whole) > 4


async def test_findings_are_told_with_where_they_were_made(steer: Steer) -> None:
    """Each has its name, its sentence and its exchanges, and can be filtered as the journal can."""
    admin = await lived(steer)
    [told] = await admin.get(f"{JOURNAL}/findings", finding="limit-above-maximum")

    assert (told["name"], told["count"], told["exchanges"]) == ("limit-above-maximum", 1, [4])
    assert told["says"]
    assert told in await admin.get(f"{JOURNAL}/findings")
    assert await admin.get(f"{JOURNAL}/findings", finding="limit-above-maximum", after=4) == []


async def test_cleared_journal_begins_anew(steer: Steer) -> None:
    """After DELETE nothing is kept and the next exchange is the first; no other journal is touched."""
    admin = await lived(steer)
    unmatched = await admin.get("/journal")
    await admin.do("DELETE", JOURNAL)
    empty = await admin.get(JOURNAL)
    await admin.client("default", ONE)

    assert (empty["exchanges"], empty["kept"], empty["count"]) == ([], 0, 0)
    assert await numbers(admin) == [1]
    assert await admin.get("/journal") == unmatched


async def test_what_is_nobodys_stands_in_the_unclaimed_journal(steer: Steer) -> None:
    """Unknown paths and credentials are told there with what was closest, with the same filters and exports."""
    admin = await lived(steer)
    page = (await admin.get("/journal"))["exchanges"]

    assert [(each["vendor"], each["tenant"], each["response"]["status"]) for each in page] == [
        (ONE[0].name, None, 404),
        (None, None, 404),
    ]
    assert page[1]["near_misses"]
    assert await numbers(admin, "/journal", vendor=ONE[0].name, unmatched="true") == [1]
    assert len((await admin.ask("GET", "/journal?format=ndjson")).rows) == 2


@pytest.mark.parametrize("pair", [pair for pair in ALL if not set(pair[1].path) - {pair[1].site}], ids=name)
@pytest.mark.parametrize("form", ["json", "har", "ndjson"])
async def test_no_form_shows_a_credential(steer: Steer, pair: Any, form: str) -> None:
    """However an exchange is told, what opens a tenant's door is masked."""
    admin = await steer(world={"sessions": 5})
    await admin.client("default", pair)
    told = await admin.ask("GET", JOURNAL, params={"format": form})

    assert pair[1].paths[0].partition("{")[0].encode() in told.body
    assert [secret for secret in secrets(admin.mock, pair[0]) if secret.encode() in told.body] == []


async def test_steering_stands_in_no_journal_and_meets_no_fault(steer: Steer) -> None:
    """However much is asked of the admin API, right or wrong, no journal tells of it, and no fault, limit or slot applies."""
    admin = await steer()
    await admin.do("POST", f"{DEFAULT}/faults", [{"kind": "status", "status": 503}, {"kind": "stall"}])
    for path in (DEFAULT, f"{DEFAULT}/clock", "/nowhere", "/tenants/nobody"):
        await admin.ask("GET", path)
        await admin.ask("DELETE", f"{path}/nothing")

    assert (await admin.get(JOURNAL))["count"] == 0
    assert (await admin.get("/journal"))["count"] == 0
    assert [fault["matched"] for fault in await admin.get(f"{DEFAULT}/faults")] == [0, 0]
