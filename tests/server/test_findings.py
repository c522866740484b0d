"""Findings: each is made where it applies, and only there."""

import asyncio
from typing import Any

import pytest

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import ConcurrencyLimit, WindowLimit
from mockserver.contract.lint_rules import (
    ADVICE,
    ExceedsMaximum,
    InQuery,
    IsSet,
    LintRule,
    LooksLikeMilliseconds,
    MissingCompanion,
    MissingUtcOffset,
)
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.server.faults.registry import read
from mockserver.server.http.pagination import page_field
from mockserver.server.journal.client_history import LISTS as MOST_LISTS
from mockserver.server.journal.client_history import PAGES, WAITS, History, Wait
from mockserver.server.review.findings import FINDINGS
from mockserver.vendors import every
from mockserver.vendors.base import Vendor
from tests.server.asking import ALL, LISTS, Pair, crawl, name, page_of

ADVISED = [
    (vendor, endpoint, advice)
    for vendor in every()
    for endpoint in vendor.contract.endpoints
    for advice in endpoint.lint_rules
]
NUMBERED = [pair for pair in LISTS if not isinstance(pair[1].pagination, CursorPagination)]
ONE = [(*pair, limit) for pair in ALL for limit in pair[1].limits if isinstance(limit, ConcurrencyLimit)]
REPORTED = [
    (*pair, limit)
    for pair in ALL
    for limit in pair[1].limits
    if isinstance(limit, WindowLimit) and limit.headers
]


def advice_name(each: Any) -> str:
    """A test id a person can read."""
    when = each[2].when
    return f"{name(each)}.{each[2].name}.{getattr(when, 'field', getattr(when, 'parameter', ''))}"


def told(mock: Any, number: int = 0) -> list[str]:
    """The names of the findings of the last exchange, or of one."""
    exchanges = list(mock.tenant.journal)
    return [finding.name for finding in exchanges[number - 1].findings]


def meeting(endpoint: Endpoint, advice: LintRule) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """Parameters to which an advice applies, what its query has beside them, and parameters to which it does not apply."""
    match advice.when:
        case ExceedsMaximum(field=field, maximum=maximum):
            return {field: maximum + 1}, {}, {field: maximum}
        case LooksLikeMilliseconds(field=field):
            return {field: 1_700_000_000_000}, {}, {field: 1_700_000_000}
        case IsSet(field=field):
            return {field: []}, {}, {}
        case InQuery(parameter=parameter):
            return {}, {parameter: "whatever"}, {}
        case MissingCompanion(field=field, zone=zone):
            return {field: "2026-09-01"}, {}, {field: "2026-09-01", zone: "UTC"}
        case MissingUtcOffset(field=field):
            return {field: "2026-09-01T10:00:00"}, {}, {field: "2026-09-01T10:00:00Z"}
    raise AssertionError(endpoint)


async def ask_with(mock: Any, pair: Pair, parameters: dict[str, Any], query: dict[str, str]) -> None:
    """Send a good request with more in its query."""
    path, arguments = mock.parts(*pair, {**pair[1].example, **parameters})
    async with mock.client.request(
        pair[1].method, path, **{**arguments, "params": {**arguments.get("params", {}), **query}}
    ) as response:
        await response.read()


@pytest.mark.parametrize("each", ADVISED, ids=advice_name)
async def test_advice_of_a_contract_is_given_where_it_applies(
    serve: Any, each: tuple[Vendor, Endpoint, LintRule]
) -> None:
    """The journal says it of a request to which it applies, with the contract's words, and not of one like it."""
    vendor, endpoint, advice = each
    mock = await serve(vendor)
    parameters, query, better = meeting(endpoint, advice)
    await ask_with(mock, (vendor, endpoint), parameters, query)
    await ask_with(mock, (vendor, endpoint), better, {})
    worse, well = mock.tenant.journal

    assert (advice.name, advice.fact.text) in [(finding.name, finding.says) for finding in worse.findings]
    assert advice.name not in [finding.name for finding in well.findings]


@pytest.mark.parametrize(
    "text", ["2026-09-01", "2026-09-01T10", "2026-09-01T10:00", "2026-09-01 10:00:00.123"]
)
@pytest.mark.parametrize("offset", ["", "Z", "+02:00", " 02:00", "-5:00"])
@pytest.mark.parametrize(
    "each", [each for each in ADVISED if isinstance(each[2].when, MissingUtcOffset)], ids=advice_name
)
async def test_time_without_offset_is_told_from_one_with(
    serve: Any, each: tuple[Vendor, Endpoint, LintRule], text: str, offset: str
) -> None:
    """Every way to write an offset counts as one, a plus sign that became a blank too."""
    mock = await serve(each[0])
    await ask_with(mock, each[:2], {each[2].when.field: text + offset}, {})  # type: ignore[union-attr]  # it is a NoOffset

    assert ("range-without-zone" in told(mock)) == (not offset)


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("sessions", [0, 1, 10, 12])
async def test_careful_client_meets_no_finding(serve: Any, pair: Pair, sessions: int) -> None:
    """Who asks page after page until the answers say that there are no more, as often as it likes, does nothing wrong."""
    mock = await serve(world={"sessions": sessions})
    for _ in range(3):
        await crawl(mock, pair, 4)
    found = [
        (exchange.number, finding.name) for exchange in mock.tenant.journal for finding in exchange.findings
    ]

    assert [(number, each) for number, each in found if each != "range-without-zone"] == []


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_page_asked_twice_is_found(serve: Any, pair: Pair) -> None:
    """The second time a page is asked within one crawl, not the first; another site's is another page."""
    mock = await serve(world={"sessions": 12})
    pages = await crawl(mock, pair, 4)
    await mock.ask(*pair, pages[1], site=1)
    await mock.ask(*pair, pages[1])
    before, other, again = [told(mock, number) for number in (2, len(pages) + 1, len(pages) + 2)]

    assert "page-requested-twice" in again
    assert "page-requested-twice" not in [*before, *other]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_first_page_asked_again_and_again_is_found(serve: Any, pair: Pair) -> None:
    """A client that never turns the page of a longer list is told so; polling a list of one page is none of it."""
    mock = await serve(world={"sessions": 12})
    whole, first = (await crawl(mock, pair, 99))[0], None
    for _ in range(3):
        await mock.ask(*pair, whole)
    polled = told(mock)
    first = {**whole, str(getattr(pair[1].pagination, "limit", None)): 4}
    await mock.ask(*pair, first)
    once = told(mock)
    await mock.ask(*pair, first)
    await mock.ask(*pair, first)

    assert "page-requested-twice" not in [*polled, *once]
    assert "page-requested-twice" in told(mock)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 500}, {"kind": "status", "status": 429}, {"kind": "truncate"}],
    ids=str,
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_page_that_failed_may_be_asked_again(serve: Any, pair: Pair, fault: dict[str, Any]) -> None:
    """A retry after an error, or after a body that was cut off, is no page asked twice."""
    mock = await serve(world={"sessions": 12})
    pages = await crawl(mock, pair, 4)
    mock.tenant.journal.clear()
    mock.tenant.faults.add(read({**fault, "nth": 2}))
    for parameters in (pages[0], pages[1], pages[1]):
        try:
            await mock.ask(*pair, parameters)
        except Exception:  # noqa: BLE001, S112 -- a body that was cut off
            continue

    assert [exchange.faults != () for exchange in mock.tenant.journal] == [False, True, False]
    assert "page-requested-twice" not in told(mock)


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_head_of_a_page_is_no_page(serve: Any, pair: Pair) -> None:
    """Who only asks for the headers of a page may ask for the page."""
    mock = await serve(world={"sessions": 12})
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    if pair[1].method == "GET":
        async with mock.client.head(path, **arguments) as response:
            await response.read()
    await mock.ask(*pair, dict(pair[1].example))

    assert "page-requested-twice" not in told(mock)


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
async def test_page_after_the_last_is_found(serve: Any, pair: Pair) -> None:
    """Who goes on after a page that was not full, or past the total, is told so; twice past the end in any case."""
    mock = await serve(world={"sessions": 11})
    await crawl(mock, pair, 4)
    last = told(mock)
    status, _ = await page_of(mock, pair, 4, 3)

    assert (status, "page-after-last" in last) == (200, False)
    assert "page-after-last" in told(mock)

    await page_of(mock, pair, 4, 4)

    assert "page-after-last" in told(mock)


@pytest.mark.parametrize(
    "pair", [pair for pair in NUMBERED if isinstance(pair[1].pagination, PageNumberPagination)], ids=name
)
async def test_empty_page_after_a_full_one_is_how_the_end_is_found(serve: Any, pair: Pair) -> None:
    """Where nothing tells how many rows there are, one page more must be asked."""
    mock = await serve(world={"sessions": 8})
    for number in range(3):
        await page_of(mock, pair, 4, number)

    assert "page-after-last" not in told(mock)

    await page_of(mock, pair, 4, 3)

    assert "page-after-last" in told(mock)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_retry_before_its_time_is_found(serve: Any, pair: Pair, form: str) -> None:
    """Half a minute after being told to wait a minute it is too soon, then no more; other endpoints are not meant."""
    mock = await serve()
    mock.tenant.clock.freeze(1_790_000_000_000)
    mock.tenant.faults.add(
        read({"kind": "status", "status": 503, "retry_after": 60, "retry_form": form, "times": 1})
    )
    await mock.ask(*pair, dict(pair[1].example))
    refused = told(mock)
    mock.tenant.clock.advance(30_000)
    await mock.ask(*pair, dict(pair[1].example))
    soon, says = told(mock), [finding.says for finding in list(mock.tenant.journal)[-1].findings]
    others = [other for other in ALL if other[0] is pair[0] and other[1] is not pair[1]]
    await mock.ask(*others[0], dict(others[0][1].example))
    other = told(mock)
    mock.tenant.clock.advance(30_000)
    await mock.ask(*pair, dict(pair[1].example))

    assert "retry-too-soon" in soon
    assert [
        each
        for each in says
        if each.endswith("told to wait for: it waited 30 s, and had been asked to wait 60 s.")
    ]
    assert "retry-too-soon" not in [*refused, *other, *told(mock)]


@pytest.mark.parametrize("each", REPORTED, ids=name)
async def test_request_before_the_limits_reset_is_found(serve: Any, each: Any) -> None:
    """A limit that says when its window ends means all of its endpoints, until then."""
    vendor, endpoint, window = each
    mock = await serve(behaviors={window.allowed: 1})
    mock.tenant.clock.freeze(1_790_000_000_000 // 3_600_000 * 3_600_000)
    found = []
    for _ in range(3):
        await mock.ask(vendor, endpoint, dict(endpoint.example))
        found.append("retry-too-soon" in told(mock))
    mock.tenant.clock.advance(window.seconds * 1000)
    await mock.ask(vendor, endpoint, dict(endpoint.example))

    assert [*found, "retry-too-soon" in told(mock)] == [False, False, True, False]


@pytest.mark.parametrize("busy", ["429", "queue"])
@pytest.mark.parametrize("each", ONE, ids=name)
async def test_request_during_an_open_one_is_found(serve: Any, each: Any, busy: str) -> None:
    """Refused or queued, the second of two that overlap at one site is the one that should have waited."""
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.hold: 50, limit.busy: busy})
    await asyncio.gather(
        mock.ask(vendor, endpoint, {}), mock.ask(vendor, endpoint, {}), mock.ask(vendor, endpoint, {}, site=1)
    )
    found = ["request-during-open" in told(mock, number) for number in (1, 2, 3)]

    assert sorted(found) == [False, False, True]

    await mock.ask(vendor, endpoint, {})

    assert "request-during-open" not in told(mock)


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_request_of_a_dropped_tenant_is_found(serve: Any, pair: Pair) -> None:
    """A late request is told whose it was."""
    mock = await serve(tenants={"late": {"world": {"seed": 5}}})
    default, mock.tenant = mock.tenant, mock.tenants["late"]
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    mock.served.delete(mock.tenant)
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        await response.read()
    (exchange,) = mock.served.unmatched

    assert (exchange.deleted, [finding.name for finding in exchange.findings]) == ("late", ["deleted-tenant"])
    assert len(default.journal) == 0


async def test_finding_that_cannot_be_made_spoils_no_answer(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """A mistake in judging is logged, without what the request held, and the client has its answer."""

    def mistake(*_: Any) -> Any:
        raise ValueError("secret")

    monkeypatch.setattr("mockserver.server.review.findings.advised", mistake)
    mock = await serve()
    status, _ = await mock.ask(*LISTS[0], {})

    assert status == 200
    assert "no findings" in caplog.text
    assert "secret" not in caplog.text


def test_whoever_waits_by_either_clock_has_waited() -> None:
    """How long it was is told by the clock by which it was longer, and never less than nothing."""
    wait = Wait(
        since=1_000, until=61_000, really=60_500_000_000, told=1
    )  # Told at half a second of the stopwatch.

    assert wait.asked == 60_000
    assert wait.waited(at=31_000, began=600_000_000) == 30_000
    assert wait.waited(at=1_000, began=20_500_000_000) == 20_000
    assert wait.waited(at=900, began=400_000_000) == 0


def test_history_stays_small() -> None:
    """Lists, pages and waits are forgotten beyond their bounds, the oldest first."""
    history = History()
    for number in range(2 * WAITS):
        history.wait(("v", number, None), Wait(0, 10, 10, 0))
    for number in range(2 * MOST_LISTS):
        history.pages(number)[0] = None
    for number in range(2 * PAGES):
        history.pages("long")[number] = None

    assert history.wait_of(("v", 0, "e"), 5, 5, 1) is None
    assert history.wait_of(("v", 2 * WAITS - 1, "e"), 5, 11, 1) is None
    assert history.wait_of(("v", 2 * WAITS - 1, "e"), 5, 5, 1) == Wait(0, 10, 10, 0)
    assert history.pages(2 * MOST_LISTS - 1)
    assert not history.pages(0)
    assert len(history.pages("long")) <= PAGES + 1
    assert 0 not in history.pages("long")


def test_every_finding_is_registered_and_every_advice_used() -> None:
    """What contracts advise has a general sentence, and no sentence is about nothing."""
    assert {advice.name for _, _, advice in ADVISED} == set(ADVICE) <= set(FINDINGS)
    assert all(
        says.endswith(".") and word == word.lower() and " " not in word for word, says in FINDINGS.items()
    )


@pytest.mark.parametrize(
    "pair", [pair for pair in LISTS if isinstance(pair[1].pagination, OffsetPagination)], ids=name
)
async def test_numbers_beyond_64_bits_are_judged_too(serve: Any, pair: Pair, caplog: Any) -> None:
    """Whatever an offset is, a judgement is made."""
    mock = await serve()
    await mock.ask(*pair, {**pair[1].example, str(page_field(pair[1].pagination)): 1 << 70})

    assert len(mock.tenant.journal) == 1
    assert "no findings" not in caplog.text
