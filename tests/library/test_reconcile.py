"""What a client collected is compared with what it had to collect, and each difference is blamed on the page that carried it."""

from typing import Any

import pytest

from mockserver import SessionMock, TenantHandle
from mockserver.server.faults.registry import kinds
from tests.conftest import QUICK
from tests.library.crawling import LISTS, ROWS, SIZE, Page, Pair, crawl, flat, name

# A mistake, what it is called, and the exchange that is blamed.
MISTAKES: dict[str, tuple[str, str, int]] = {
    "lost last page": ("missing", "2 rows, 8 to 9 of those due", 3),
    "lost middle page": ("missing", "4 rows, 4 to 7 of those due", 2),
    "page twice": ("duplicate", "4 rows, 8 to 11 of those collected", 2),
    "altered field": ("altered", "row 5 of those due", 2),
    "foreign row": ("foreign", "row 10 of those collected", 0),
    "shuffled": ("out of order", "4 rows, 4 to 7 of those due", 2),
}


def wrong(mistake: str, pages: list[Page], identity: tuple[str, ...]) -> Page:
    """The rows of three pages after a mistake."""
    first, second, third = pages
    plain = next(field for field in second[1] if field not in identity)
    return {
        "lost last page": [*first, *second],
        "lost middle page": [*first, *third],
        "page twice": [*first, *second, *second, *third],
        "altered field": [*first, second[0], {**second[1], plain: "altered"}, *second[2:], *third],
        "foreign row": [*first, *second, *third, dict.fromkeys(first[0], "from elsewhere")],
        "shuffled": [*second, *first, *third],
    }[mistake]


def difference(tenant: TenantHandle, pair: Pair, rows: list[Any], **more: Any) -> str:
    """The message about some rows."""
    with pytest.raises(AssertionError) as caught:
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, **more)
    return str(caught.value)


@pytest.mark.parametrize("pair", ROWS, ids=name)
def test_right_crawl_passes(tenant: TenantHandle, pair: Pair) -> None:
    """Rows as they came, page after page, are what the client had to collect."""
    rows = flat(crawl(tenant, pair))
    tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)
    message = difference(tenant, pair, rows[1:])

    assert "missing: row 0 of those due" in message
    assert "on the page of exchange 1 (" in message


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_mistake_is_named_and_blamed(tenant: TenantHandle, pair: Pair, mistake: str) -> None:
    """The message says what kind of mistake it is, which rows it is about, and which request carried them."""
    kind, rows, exchange = MISTAKES[mistake]
    pages = crawl(tenant, pair)
    message = difference(tenant, pair, wrong(mistake, pages, pair[1].row_key)).splitlines()
    blame = (
        f"    on the page of exchange {exchange} ({pair[1].method} /"
        if exchange
        else "    no page carried it"
    )

    assert [len(page) for page in pages] == [SIZE, SIZE, 2]
    assert message[0].startswith(f"{pair[0].name} {pair[1].name}: the client collected ")
    assert message[1].startswith(f"  {kind}: {rows}, ")
    assert [line for line in message if line.startswith(blame)] == message[-1:]


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_what_differs_everywhere_is_told_a_few_times(mock: SessionMock, pair: Pair) -> None:
    """After three pages with the same fields altered, the others are counted, and so are missing rows; what differs otherwise is told."""
    with mock.tenant(sessions=6 * SIZE, seed=5, behaviors=QUICK) as tenant:
        pages = crawl(tenant, pair)
        kept, other = [field for field in pages[0][0] if field not in pair[1].row_key][:2]
        rows = [{**row, kept: "altered"} for row in flat(pages)]
        rows[-2] = {**rows[-2], other: "altered too"}
        message = difference(tenant, pair, rows).splitlines()
        missing = difference(tenant, pair, flat(pages)[1::2]).splitlines()

    assert [line.split(",")[0] for line in message if line.startswith("  altered")] == [
        *(f"  altered: {SIZE} rows" for _ in range(3)),
        f"  altered: row {6 * SIZE - 2} of those due",
        f"  altered: {3 * SIZE - 1} rows more",
    ]
    assert message[-1].endswith(f"in the same field: {kept}")
    assert missing[-1] == f"  missing: {3 * SIZE // 2} rows more"


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_page_that_was_never_asked_for_is_told(tenant: TenantHandle, pair: Pair) -> None:
    """Rows that were on no page are blamed on the client that stopped, with its last request."""
    rows = flat(crawl(tenant, pair, lambda number: number < 2))
    message = difference(tenant, pair, rows)

    assert "missing: 2 rows, 8 to 9 of those due" in message
    assert "on no page that was asked for: the last was exchange 2 (" in message


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_client_that_never_asked_is_told(tenant: TenantHandle, pair: Pair) -> None:
    """Nothing collected and nothing asked for."""
    assert f"the client never asked for {pair[1].name}" in difference(tenant, pair, [])


@pytest.mark.parametrize("kind", ["empty_page", "truncate", "malformed", "status"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_page_that_a_fault_took_is_blamed(tenant: TenantHandle, pair: Pair, kind: str) -> None:
    """Rows that a fault kept from the client are blamed on the exchange that it triggered, and the fault is named."""
    assert kind in kinds()
    tenant.faults.add(kind, page=1 if pair[1].pagination and kind != "empty_page" else 2, times=1)
    try:
        rows = flat(crawl(tenant, pair, lambda number: number < 2))
    except Exception:  # noqa: BLE001 -- each of them breaks the client in another way
        rows = []
    triggered = [exchange["number"] for exchange in tenant.journal.exchanges(fault=kind)]
    message = difference(tenant, pair, rows)

    assert len(triggered) == 1
    assert f"on the page of exchange {triggered[0]} (" in message
    assert f"triggered by 1:{kind})" in message


@pytest.mark.parametrize("pair", [pair for pair in LISTS if len(pair[1].row_key) == 1], ids=name)
def test_values_of_the_identity_are_enough(tenant: TenantHandle, pair: Pair) -> None:
    """A client that keeps only ids gives them as they are."""
    ids = [row[pair[1].row_key[0]] for row in flat(crawl(tenant, pair))]
    tenant.reconcile(ids, vendor=pair[0].name, endpoint=pair[1].name)

    assert "missing: row 9 of those due" in difference(tenant, pair, ids[:-1])


@pytest.mark.parametrize("pair", [pair for pair in LISTS if len(pair[1].row_key) > 1], ids=name)
def test_value_that_names_no_row_is_a_type_error(tenant: TenantHandle, pair: Pair) -> None:
    """Where a row is known by several fields, dicts are asked for, and their fields named."""
    with pytest.raises(TypeError, match=", ".join(pair[1].row_key)):
        tenant.reconcile([1], vendor=pair[0].name, endpoint=pair[1].name)


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_only_fields_that_are_named_are_compared(tenant: TenantHandle, pair: Pair) -> None:
    """What the client does not keep may differ; what is named may not."""
    rows = flat(crawl(tenant, pair))
    kept, other = [field for field in rows[0] if field not in pair[1].row_key][:2]
    altered = [{**row, other: "altered"} for row in rows]
    tenant.reconcile(altered, vendor=pair[0].name, endpoint=pair[1].name, fields=[kept])
    names = [{field: row[field] for field in pair[1].row_key} for row in rows]
    with pytest.raises(ValueError, match="no row has a field 'no such'"):
        tenant.reconcile(altered, vendor=pair[0].name, endpoint=pair[1].name, fields=["no such"])
    tenant.reconcile(names, vendor=pair[0].name, endpoint=pair[1].name, fields=[])

    assert f"{other} is " in difference(tenant, pair, altered, fields=[other])


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_another_site_is_another_list(tenant: TenantHandle, pair: Pair) -> None:
    """Rows of one site are foreign to the other."""
    rows = tenant.expected_rows(pair[0].name, pair[1].name, site=1)
    tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, site=1)

    assert "foreign: 10 rows" in difference(tenant, pair, rows)


@pytest.mark.parametrize("pair", LISTS[:1], ids=name)
def test_many_rows_are_compared_over_http(mock: SessionMock, pair: Pair) -> None:
    """Thousands of rows that differ do not make a request that is too large, and the message stays short."""
    with mock.tenant("many", sessions=3000) as tenant, SessionMock.connect(mock.url) as remote:
        rows = tenant.expected_rows(pair[0].name, pair[1].name)
        there = TenantHandle(remote.admin, remote.admin.tenant("many"))
        padded = [{**row, "padding": "x" * 2000} for row in rows]
        message = difference(there, pair, padded)

    assert len(rows) == 3000
    assert len(message) < 3000
