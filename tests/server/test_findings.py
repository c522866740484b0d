"""Every finding is reported where it applies, and only there."""

import asyncio
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.findings import FINDINGS
from mockserver.contract.limits import ConcurrencyLimit
from mockserver.contract.lint_rules import (
    ExceedsMaximum,
    InQuery,
    IsSet,
    LintRule,
    LooksLikeMilliseconds,
    MissingCompanion,
    MissingUtcOffset,
)
from mockserver.contract.pagination import OffsetPagination, PageNumberPagination
from mockserver.server.faults.registry import read
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.server.asking import ALL, LISTS, Pair, crawl, name, page_of, secrets
from tests.support.limits import find_limits

ADVISED = [
    (vendor, endpoint, advice)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    for advice in endpoint.lint_rules
]
NUMBERED = [pair for pair in LISTS if not pair[1].pagination.has_cursors]
ONE = find_limits(ALL, ConcurrencyLimit)


def advice_name(each: Any) -> str:
    """Return a test id a person can read."""
    when = each[2].when
    return f"{name(each)}.{each[2].name}.{getattr(when, 'field', getattr(when, 'parameter', ''))}"


def told(mock: Any, number: int = 0) -> list[str]:
    """Return the names of the findings of the last exchange, or of one."""
    exchanges = list(mock.tenant.journal)
    return [finding.name for finding in exchanges[number - 1].findings]


def meeting(endpoint: Endpoint, advice: LintRule) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """Parameters to which an advice applies, what its query has in addition, and parameters to which it does not apply."""
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
async def test_lint_rule_is_reported_only_if_it_applies(
    serve: Any, each: tuple[Vendor, Endpoint, LintRule]
) -> None:
    vendor, endpoint, advice = each
    mock = await serve(vendor)
    parameters, query, better = meeting(endpoint, advice)
    await ask_with(mock, (vendor, endpoint), parameters, query)
    await ask_with(mock, (vendor, endpoint), better, {})
    worse, well = mock.tenant.journal

    messages = {finding.name: finding.message for finding in worse.findings}

    assert messages[advice.name].endswith(advice.fact.text)
    assert advice.name not in [finding.name for finding in well.findings]


@pytest.mark.parametrize(
    "text", ["2026-09-01", "2026-09-01T10", "2026-09-01T10:00", "2026-09-01 10:00:00.123"]
)
@pytest.mark.parametrize("offset", ["", "Z", "+02:00", " 02:00", "-5:00"])
@pytest.mark.parametrize(
    "each", [each for each in ADVISED if isinstance(each[2].when, MissingUtcOffset)], ids=advice_name
)
async def test_time_without_utc_offset_is_found(
    serve: Any, each: tuple[Vendor, Endpoint, LintRule], text: str, offset: str
) -> None:
    mock = await serve(each[0])
    await ask_with(mock, each[:2], {each[2].when.field: text + offset}, {})  # type: ignore[union-attr]  # it is a NoOffset

    assert ("range-without-zone" in told(mock)) == (not offset)


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("sessions", [0, 1, 10, 12])
async def test_correct_client_gets_no_finding(serve: Any, pair: Pair, sessions: int) -> None:
    mock = await serve(world={"sessions": sessions})
    for _ in range(3):
        await crawl(mock, pair, 4)
    found = [
        (exchange.number, finding.name) for exchange in mock.tenant.journal for finding in exchange.findings
    ]

    assert [(number, each) for number, each in found if each != "range-without-zone"] == []


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 500}, {"kind": "status", "status": 429}, {"kind": "truncate"}],
    ids=str,
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_retry_of_failed_page_is_not_found(serve: Any, pair: Pair, fault: dict[str, Any]) -> None:
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
async def test_head_request_is_not_a_page(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": 12})
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    if pair[1].method == "GET":
        async with mock.client.head(path, **arguments) as response:
            await response.read()
    await mock.ask(*pair, dict(pair[1].example))

    assert "page-requested-twice" not in told(mock)


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
async def test_page_after_last_is_found(serve: Any, pair: Pair) -> None:
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
async def test_empty_page_after_full_page_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": 8})
    for number in range(3):
        await page_of(mock, pair, 4, number)

    assert "page-after-last" not in told(mock)

    await page_of(mock, pair, 4, 3)

    assert "page-after-last" in told(mock)


@pytest.mark.parametrize("busy", ["429", "queue"])
@pytest.mark.parametrize("each", ONE, ids=name)
async def test_request_during_open_request_is_found(serve: Any, each: Any, busy: str) -> None:
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
async def test_request_of_deleted_tenant_is_found(serve: Any, pair: Pair) -> None:
    mock = await serve(tenants={"late": {"world": {"seed": 5}}})
    default, mock.tenant = mock.tenant, mock.tenants["late"]
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    mock.served.delete(mock.tenant)
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        await response.read()
    (exchange,) = mock.served.unmatched

    assert (exchange.deleted_tenant, [finding.name for finding in exchange.findings]) == (
        "late",
        ["deleted-tenant"],
    )
    assert len(default.journal) == 0


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_request_of_living_tenant_or_stranger_is_not_of_deleted_tenant(serve: Any, pair: Pair) -> None:
    mock = await serve(tenants={"late": {"world": {"seed": 5}}})
    mock.served.delete(mock.tenants["late"])
    await mock.ask(*pair, dict(pair[1].example))
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    text = json.encode(arguments).decode()
    for secret in secrets(mock, pair[0]):
        text = text.replace(secret, "unknown")
    async with mock.client.request(pair[1].method, path, **json.decode(text)) as response:
        await response.read()
    exchanges = [*mock.tenant.journal, *mock.served.unmatched]

    assert len(exchanges) == 2
    assert all("deleted-tenant" not in [each.name for each in exchange.findings] for exchange in exchanges)


async def test_error_in_review_is_logged_without_values(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def mistake(*_: Any) -> Any:
        raise ValueError("secret")

    monkeypatch.setattr("mockserver.server.review.findings.check_rules", mistake)
    mock = await serve()
    status, _ = await mock.ask(*LISTS[0], {})

    assert status == 200
    assert "no findings" in caplog.text
    assert "secret" not in caplog.text


def test_every_finding_is_registered_and_every_lint_rule_used() -> None:
    assert {advice.name for _, _, advice in ADVISED} == {
        "limit-above-maximum",
        "milliseconds-for-seconds",
        "key-in-query",
        "deprecated-place",
        "range-without-zone",
    }
    for finding, kind in FINDINGS.items():
        assert finding == finding.lower()
        assert " " not in finding
        assert all(
            text.endswith(".") for text in (kind.message, kind.raised, kind.not_raised, kind.remedy)
        ), finding


@pytest.mark.parametrize(
    "pair", [pair for pair in LISTS if isinstance(pair[1].pagination, OffsetPagination)], ids=name
)
async def test_offset_beyond_64_bits_is_reviewed(serve: Any, pair: Pair, caplog: Any) -> None:
    mock = await serve()
    await mock.ask(*pair, {**pair[1].example, str(pair[1].pagination.key_field): 1 << 70})

    assert len(mock.tenant.journal) == 1
    assert "no findings" not in caplog.text
