"""List, filter, count, export and clear journals over HTTP."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from msgspec import json

from mockserver.server.journal.journal import Journal
from tests.server.admin.api import ALL, DEFAULT, LISTS, ONE, AdminApi, format_id
from tests.server.admin.conftest import ServeAdmin
from tests.server.asking import secrets

JOURNAL = f"{DEFAULT}/journal"
OTHER = next(pair for pair in LISTS if pair[0] is not ONE[0])
ADVISED = next(
    (vendor, endpoint)
    for vendor, endpoint in LISTS
    if any(advice.name == "limit-above-maximum" for advice in endpoint.lint_rules)
)
LARGE = {**ADVISED[1].example, str(ADVISED[1].pagination.limit): 1_000_000}


async def record_exchanges(serve_admin: ServeAdmin) -> AdminApi:
    """Serve a tenant with five exchanges, one with a fault and one with a finding, and two unmatched ones."""
    admin = await serve_admin(world={"sessions": 5})
    await admin.change("POST", f"{DEFAULT}/faults", {"kind": "status", "status": 503, "nth": 2})
    for pair, parameters in ((ONE, {}), (ONE, {}), (OTHER, {}), (ADVISED, LARGE), (ONE, {})):
        assert (await admin.send_vendor_request("default", pair, parameters or None)).status in (200, 503)
    for path in (f"/{ONE[0].name}/nowhere", "/nowhere"):
        async with admin.mock.client.get(path) as response:
            assert response.status == 404
    return admin


async def list_numbers(admin: AdminApi, path: str = JOURNAL, **query: Any) -> list[int]:
    """Return the numbers of the exchanges that pass the filters."""
    return [each["number"] for each in (await admin.get(path, **query))["exchanges"]]


async def test_exchanges_are_listed_and_found_by_number(serve_admin: ServeAdmin) -> None:
    admin = await record_exchanges(serve_admin)
    page = await admin.get(JOURNAL)

    assert [each["number"] for each in page["exchanges"]] == [1, 2, 3, 4, 5]
    assert (page["matched"], page["kept"], page["count"], page["next"]) == (5, 5, 5, None)
    assert [await admin.get(f"{JOURNAL}/{number}") for number in range(1, 6)] == (
        await admin.get(JOURNAL, results="true", bodies="true")
    )["exchanges"]
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
        ({"triggered": "status"}, {2}),
        ({"triggered": 1}, {2}),
        ({"triggered": 2}, set()),
        ({"no_endpoint": "true"}, set()),
        ({"no_endpoint": "false"}, {1, 2, 3, 4, 5}),
        ({"after": 3}, {4, 5}),
        ({"offset": 1, "limit": 2}, {2, 3}),
        ({"limit": 0}, set()),
        ({"status": "2xx", "after": 1, "limit": 1}, {3}),
    ],
    ids=str,
)
async def test_filter_selects_exchanges(
    serve_admin: ServeAdmin, query: dict[str, Any], expected: set[int]
) -> None:
    """Pages, counts and both exports agree."""
    admin = await record_exchanges(serve_admin)
    har = json.decode((await admin.send("GET", JOURNAL, params={**query, "format": "har"})).body)
    lines = (await admin.send("GET", JOURNAL, params={**query, "format": "ndjson"})).rows

    assert set(await list_numbers(admin, **query)) == expected
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
        ({"triggered": "statos"}, "status"),
        ({"format": "hra"}, "har"),
        ({"statos": 200}, "status"),
        *(({"status": each}, None) for each in ("20", "600", "2XX", "ok", "200 ")),
        *(({each: "-1"}, None) for each in ("after", "limit", "offset")),
        ({"limit": "1.5"}, None),
        ({"no_endpoint": "maybe"}, None),
    ],
    ids=str,
)
async def test_invalid_filter_is_rejected(
    serve_admin: ServeAdmin, query: dict[str, Any], near: str | None
) -> None:
    """The error has the nearest known word."""
    result = await (await serve_admin()).assert_rejected("GET", JOURNAL, params=query)

    assert result.problem == (400, "invalid-request", near)


@pytest.mark.parametrize(
    "query", [{}, {"no_endpoint": "false"}, {"status": "2xx"}, {"vendor": ONE[0].name}], ids=str
)
async def test_next_pages_lose_no_exchange(
    serve_admin: ServeAdmin, monkeypatch: Any, query: dict[str, Any]
) -> None:
    """Even if an exchange is recorded, and the oldest dropped, with every page."""
    monkeypatch.setattr("mockserver.server.tenancy.tenant.Journal", partial(Journal, entries=8))
    admin = await serve_admin(world={"sessions": 5})
    await admin.change("POST", f"{DEFAULT}/faults", {"kind": "status", "status": 503, "nth": 3})
    for pair in (ONE, OTHER, ONE, ONE, OTHER, ONE, ONE, ONE):
        await admin.send_vendor_request("default", pair)
    whole = await list_numbers(admin, **query)
    found = []
    following: str | None = urlencode({"limit": 2, **query})
    while following is not None:
        page = await admin.get(JOURNAL, **dict(parse_qsl(following)))
        found += [each["number"] for each in page["exchanges"]]
        following = page["next"] if len(found) < len(whole) else None
        await admin.send_vendor_request("default", ONE)

    assert found == [*whole, *range(9, 9 + len(found) - len(whole))]
    assert len(whole) > 4


async def test_findings_are_listed_with_their_exchanges(serve_admin: ServeAdmin) -> None:
    admin = await record_exchanges(serve_admin)
    [result] = await admin.get(f"{JOURNAL}/findings", finding="limit-above-maximum")

    assert (result["name"], result["count"], result["exchanges"]) == ("limit-above-maximum", 1, [4])
    assert result["message"]
    assert result in await admin.get(f"{JOURNAL}/findings")
    assert await admin.get(f"{JOURNAL}/findings", finding="limit-above-maximum", after=4) == []


async def test_cleared_journal_starts_again(serve_admin: ServeAdmin) -> None:
    """The journal of unmatched exchanges is not affected."""
    admin = await record_exchanges(serve_admin)
    unmatched = await admin.get("/journal")
    await admin.change("DELETE", JOURNAL)
    empty = await admin.get(JOURNAL)
    await admin.send_vendor_request("default", ONE)

    assert (empty["exchanges"], empty["kept"], empty["count"]) == ([], 0, 0)
    assert await list_numbers(admin) == [1]
    assert await admin.get("/journal") == unmatched


async def test_cleared_unmatched_exchanges_leave_other_journals(serve_admin: ServeAdmin) -> None:
    admin = await record_exchanges(serve_admin)
    before = await admin.get(JOURNAL)
    await admin.change("DELETE", "/journal")

    assert (await admin.get("/journal"))["exchanges"] == []
    assert (await admin.get(f"{DEFAULT}/verification"))["unmatched"] == 0
    assert await admin.get(JOURNAL) == before


async def test_unmatched_exchanges_are_in_their_own_journal(serve_admin: ServeAdmin) -> None:
    """With near misses, filters and exports."""
    admin = await record_exchanges(serve_admin)
    page = (await admin.get("/journal"))["exchanges"]

    assert [(each["vendor"], each["tenant"], each["response"]["status"]) for each in page] == [
        (ONE[0].name, None, 404),
        (None, None, 404),
    ]
    assert page[1]["near_misses"]
    assert await list_numbers(admin, "/journal", vendor=ONE[0].name, no_endpoint="true") == [1]
    assert len((await admin.send("GET", "/journal?format=ndjson")).rows) == 2


@pytest.mark.parametrize(
    "pair", [pair for pair in ALL if not set(pair[1].path) - {pair[1].site}], ids=format_id
)
@pytest.mark.parametrize("form", ["json", "har", "ndjson"])
async def test_journal_contains_no_credential(serve_admin: ServeAdmin, pair: Any, form: str) -> None:
    admin = await serve_admin(world={"sessions": 5})
    await admin.send_vendor_request("default", pair)
    result = await admin.send("GET", JOURNAL, params={"format": form})

    assert pair[1].paths[0].partition("{")[0].encode() in result.body
    assert [secret for secret in secrets(admin.mock, pair[0]) if secret.encode() in result.body] == []


async def test_admin_requests_are_not_recorded_and_trigger_no_fault(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin()
    await admin.change("POST", f"{DEFAULT}/faults", [{"kind": "status", "status": 503}, {"kind": "stall"}])
    for path in (DEFAULT, f"{DEFAULT}/clock", "/nowhere", "/tenants/nobody"):
        await admin.send("GET", path)
        await admin.send("DELETE", f"{path}/nothing")

    assert (await admin.get(JOURNAL))["count"] == 0
    assert (await admin.get("/journal"))["count"] == 0
    assert [fault["matched"] for fault in await admin.get(f"{DEFAULT}/faults")] == [0, 0]
