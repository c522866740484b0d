"""Differences of collected from expected rows, and the requests that returned the rows."""

from typing import Any

import pytest

from mockserver import SessionMock, TenantHandle
from mockserver.server.faults.registry import kinds
from tests.conftest import QUICK
from tests.embedded.crawling import LISTS, ROWS, SIZE, Page, Pair, crawl, flat, name

# A mistake, its kind, and the number of the request that returned the row.
MISTAKES: dict[str, tuple[str, str, int]] = {
    "lost last page": ("missing", "2 rows, 8 to 9 of the expected", 3),
    "lost middle page": ("missing", "4 rows, 4 to 7 of the expected", 2),
    "page twice": ("duplicate", "4 rows, 8 to 11 of the collected", 2),
    "altered field": ("altered", "row 5 of the expected", 2),
    "unexpected row": ("unexpected", "row 10 of the collected", 0),
    "shuffled": ("out of order", "4 rows, 4 to 7 of the expected", 2),
}


def apply_mistake(mistake: str, pages: list[Page], identity: tuple[str, ...]) -> Page:
    """Return the rows of three pages after a mistake."""
    first, second, third = pages
    plain = next(field for field in second[1] if field not in identity)
    return {
        "lost last page": [*first, *second],
        "lost middle page": [*first, *third],
        "page twice": [*first, *second, *second, *third],
        "altered field": [*first, second[0], {**second[1], plain: "altered"}, *second[2:], *third],
        "unexpected row": [*first, *second, *third, dict.fromkeys(first[0], "from elsewhere")],
        "shuffled": [*second, *first, *third],
    }[mistake]


def difference(tenant: TenantHandle, pair: Pair, rows: list[Any], **more: Any) -> str:
    """Return the message about some rows."""
    with pytest.raises(AssertionError) as caught:
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, **more)
    return str(caught.value)


@pytest.mark.parametrize("pair", ROWS, ids=name)
def test_reconcile_of_complete_crawl_passes(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair))
    tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)
    message = difference(tenant, pair, rows[1:])

    assert "missing: row 0 of the expected" in message
    assert "returned by request #1 (" in message


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_reports_mistake_and_its_request(tenant: TenantHandle, pair: Pair, mistake: str) -> None:
    kind, rows, exchange = MISTAKES[mistake]
    pages = crawl(tenant, pair)
    message = difference(tenant, pair, apply_mistake(mistake, pages, pair[1].row_key)).splitlines()
    origin = (
        f"    returned by request #{exchange} ({pair[1].method} /"
        if exchange
        else "    no response contained it"
    )

    assert [len(page) for page in pages] == [SIZE, SIZE, 2]
    assert message[0].startswith(f"{pair[0].name} {pair[1].name}: got ")
    assert message[1].startswith(f"  {kind}: {rows}, ")
    assert [line for line in message if line.startswith(origin)] == message[-1:]


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_counts_further_similar_differences(mock: SessionMock, pair: Pair) -> None:
    with mock.create_tenant(sessions=6 * SIZE, seed=5, behaviors=QUICK) as tenant:
        pages = crawl(tenant, pair)
        altered_field, other = [field for field in pages[0][0] if field not in pair[1].row_key][:2]
        rows = [{**row, altered_field: "altered"} for row in flat(pages)]
        rows[-2] = {**rows[-2], other: "altered too"}
        message = difference(tenant, pair, rows).splitlines()
        missing = difference(tenant, pair, flat(pages)[1::2]).splitlines()

    assert [line.split(",")[0] for line in message if line.startswith("  altered")] == [
        *(f"  altered: {SIZE} rows" for _ in range(3)),
        f"  altered: row {6 * SIZE - 2} of the expected",
        f"  altered: {3 * SIZE - 1} more rows with the same field: {altered_field}",
    ]
    assert missing[-1] == f"  missing: {3 * SIZE // 2} more rows"


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_reports_page_that_was_not_requested(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair, lambda number: number < 2))
    message = difference(tenant, pair, rows)

    assert "missing: 2 rows, 8 to 9 of the expected" in message
    assert "no request covered these rows; the last request was #2 (" in message


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_without_requests_says_so(tenant: TenantHandle, pair: Pair) -> None:
    assert f"the client sent no request to {pair[1].name}" in difference(tenant, pair, [])


@pytest.mark.parametrize("kind", ["empty_page", "truncate", "malformed", "status"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_reports_fault_of_lost_page(tenant: TenantHandle, pair: Pair, kind: str) -> None:
    assert kind in kinds()
    tenant.faults.add(kind, page=1 if pair[1].pagination and kind != "empty_page" else 2, times=1)
    try:
        rows = flat(crawl(tenant, pair, lambda number: number < 2))
    except Exception:  # noqa: BLE001 -- each of them breaks the client in another way
        rows = []
    triggered = [exchange["number"] for exchange in tenant.journal.exchanges(triggered=kind)]
    message = difference(tenant, pair, rows)

    assert len(triggered) == 1
    assert f"returned by request #{triggered[0]} (" in message
    assert f"fault #1 ({kind})" in message


@pytest.mark.parametrize("pair", [pair for pair in LISTS if len(pair[1].row_key) == 1], ids=name)
def test_reconcile_accepts_values_of_identifying_field(tenant: TenantHandle, pair: Pair) -> None:
    ids = [row[pair[1].row_key[0]] for row in flat(crawl(tenant, pair))]
    tenant.reconcile(ids, vendor=pair[0].name, endpoint=pair[1].name)

    assert "missing: row 9 of the expected" in difference(tenant, pair, ids[:-1])


@pytest.mark.parametrize("pair", [pair for pair in LISTS if len(pair[1].row_key) > 1], ids=name)
def test_reconcile_of_values_without_single_identity_raises_type_error(
    tenant: TenantHandle, pair: Pair
) -> None:
    with pytest.raises(TypeError, match=", ".join(pair[1].row_key)):
        tenant.reconcile([1], vendor=pair[0].name, endpoint=pair[1].name)


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_compares_only_named_fields(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair))
    altered_field, other = [field for field in rows[0] if field not in pair[1].row_key][:2]
    altered = [{**row, other: "altered"} for row in rows]
    tenant.reconcile(altered, vendor=pair[0].name, endpoint=pair[1].name, fields=[altered_field])
    names = [{field: row[field] for field in pair[1].row_key} for row in rows]
    with pytest.raises(ValueError, match="fields: unknown field 'no such'"):
        tenant.reconcile(altered, vendor=pair[0].name, endpoint=pair[1].name, fields=["no such"])
    tenant.reconcile(names, vendor=pair[0].name, endpoint=pair[1].name, fields=[])

    assert f"{other}: got 'altered', expected " in difference(tenant, pair, altered, fields=[other])


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_of_other_site_reports_unexpected_rows(tenant: TenantHandle, pair: Pair) -> None:
    rows = tenant.expected_rows(pair[0].name, pair[1].name, site=1)
    tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, site=1)

    assert "unexpected: 10 rows" in difference(tenant, pair, rows)


@pytest.mark.parametrize("pair", LISTS[:1], ids=name)
def test_reconcile_of_many_rows_over_http_stays_short(mock: SessionMock, pair: Pair) -> None:
    with mock.create_tenant("many", sessions=3000) as tenant, SessionMock.connect(mock.url) as remote:
        rows = tenant.expected_rows(pair[0].name, pair[1].name)
        remote_tenant = TenantHandle(remote.admin, remote.admin.tenant("many"))
        padded = [{**row, "padding": "x" * 2000} for row in rows]
        message = difference(remote_tenant, pair, padded)

    assert len(rows) == 3000
    assert len(message) < 3000
