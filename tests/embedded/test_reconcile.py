"""Differences of collected from expected rows, and the requests that returned the rows."""

from typing import Any

import httpx
import pytest

from mockserver import SessionMock, TenantHandle
from mockserver._util.json_paths import get_at
from mockserver.server.faults.registry import kinds
from mockserver.vendors import get_vendor
from tests.conftest import QUICK
from tests.embedded.crawling import (
    ALL,
    LISTS,
    ROWS,
    SIZE,
    Page,
    Pair,
    all_rows_params,
    crawl,
    flat,
    name,
    send,
)
from tests.support.pages import next_page_params, with_page_size
from tests.support.tls import TLS

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
        message = difference(remote_tenant, pair, padded, strict_fields=True)

    assert len(rows) == 3000
    assert len(message) < 3000


def collect(
    tenant: TenantHandle, pair: Pair, first: dict[str, Any], advance: str | None = None, size: int = SIZE
) -> Page:
    """Return the rows of the list that the parameters select; *advance* moves the clock after each page."""
    parameters: dict[str, Any] | None = with_page_size(pair[1], dict(first), size)
    rows: Page = []
    with httpx.Client(verify=TLS) as http:
        while parameters is not None:
            response = send(http, tenant.vendor(pair[0].name), pair[1], parameters)
            assert response.status_code == 200, response.text
            rows += get_at(response.json(), pair[1].rows_path)
            parameters = next_page_params(pair[1], parameters, response.json())
            if advance:
                tenant.clock.advance(advance)
    return rows


def every_dialect(pairs: list[Pair]) -> list[Any]:
    return [
        pytest.param((vendor, vendor.endpoint(pair[1].name)), id=f"{name(pair)}.{vendor.dialect}")
        for pair in pairs
        for vendor in get_vendor(pair[0].name).dialects.values()
    ]


@pytest.mark.parametrize("pair", every_dialect(ROWS))
def test_reconcile_of_list_with_default_parameters_passes(mock: SessionMock, pair: Pair) -> None:
    """The client leaves the window to the vendor; its last row is missed."""
    dialect = {pair[0].name: pair[0].dialect}
    with mock.create_tenant(sessions=200, seed=7, behaviors=QUICK, dialect=dialect) as tenant:
        rows = collect(tenant, pair, dict(pair[1].example))
        tenant.clock.advance("3d")
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)

        assert "1 difference\n  missing" in difference(tenant, pair, rows[:-1])


@pytest.mark.parametrize("pair", every_dialect(ROWS))
def test_reconcile_of_list_with_running_clock_passes(mock: SessionMock, pair: Pair) -> None:
    """Rows that leave or enter a default window between two pages are optional."""
    dialect = {pair[0].name: pair[0].dialect}
    with mock.create_tenant(
        sessions_per_day=40, seed=7, now="2026-09-10T12:00:00Z", behaviors=QUICK, dialect=dialect
    ) as tenant:
        rows = collect(tenant, pair, dict(pair[1].example), advance="1s")
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)

        assert "missing" in difference(tenant, pair, rows[len(rows) // 2 :])


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].filtered_example], ids=name)
def test_reconcile_without_parameters_uses_list_that_client_began(mock: SessionMock, pair: Pair) -> None:
    with mock.create_tenant(sessions=2000, seed=7, behaviors=QUICK) as tenant:
        filtered = {**all_rows_params(pair[1]), **pair[1].filtered_example}
        rows = collect(tenant, pair, filtered)
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)
        tenant.journal.clear()
        collect(tenant, pair, all_rows_params(pair[1]))
        collect(tenant, pair, filtered)
        with pytest.raises(ValueError, match="the client began 2 lists; pass the parameters") as caught:
            tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name)
        parameters = {key: value for key, value in filtered.items() if key != pair[1].pagination.limit}
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, **parameters)

    assert len(str(caught.value).splitlines()) == 3
    assert all(repr(value) in str(caught.value) for value in pair[1].filtered_example.values())


@pytest.mark.parametrize("pair", LISTS[:1], ids=name)
def test_reconcile_of_many_differences_says_which_rows_were_not_looked_up(
    mock: SessionMock, pair: Pair
) -> None:
    with mock.create_tenant(sessions=1200, seed=5, behaviors=QUICK) as tenant:
        crawled = collect(tenant, pair, all_rows_params(pair[1]), size=100)
        field = next(field for field in crawled[0] if field not in pair[1].row_key)
        altered = [{**row, field: "altered"} for row in crawled]
        lines = difference(tenant, pair, altered[:50] + altered[1150:-1] + altered[50:1150]).splitlines()
        message = difference(tenant, pair, altered).splitlines()

    assert "1200 differences" in message[0]
    assert sum("returned by request" in line for line in message) == 3
    assert not any("no response contained" in line or "no request covered" in line for line in lines)
    assert "    not looked up: only the rows of the first 1,000 differences are" in lines


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_with_any_order_accepts_shuffled_rows(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair))[::-1]
    place: dict[str, Any] = {"vendor": pair[0].name, "endpoint": pair[1].name}
    tenant.reconcile(rows, order="any", **place)
    if len(pair[1].row_key) == 1:
        tenant.reconcile({row[pair[1].row_key[0]] for row in rows}, **place)

    assert "out of order" in difference(tenant, pair, rows)
    assert "1 difference\n  missing: row 0 of" in difference(tenant, pair, rows[:-1], order="any")
    with pytest.raises(ValueError, match="order: unknown order 'some'"):
        tenant.reconcile(rows, order="some", **place)  # type: ignore[arg-type]


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_renames_columns_and_ignores_further_ones(tenant: TenantHandle, pair: Pair) -> None:
    place: dict[str, Any] = {"vendor": pair[0].name, "endpoint": pair[1].name}
    key = pair[1].row_key[0]
    rows = [
        {("theirs" if field == key else field): value for field, value in row.items()} | {"loaded_at": 1}
        for row in flat(crawl(tenant, pair))
    ]
    columns = {"theirs": key}
    tenant.reconcile(rows, columns=columns, **place)
    without = difference(tenant, pair, rows)

    assert "loaded_at: got 1" in difference(tenant, pair, rows, columns=columns, strict_fields=True)
    assert f"no row has the column {key!r}, which identifies a row; the columns are " in without
    assert "'theirs'" in without
    with pytest.raises(ValueError, match="columns: unknown field 'their'; did you mean 'theirs'"):
        tenant.reconcile(rows, columns={"their": key}, **place)
    with pytest.raises(ValueError, match="columns: unknown field 'nothing'"):
        tenant.reconcile(rows, columns={"theirs": "nothing"}, **place)


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].time_windows], ids=name)
def test_reconcile_says_why_existing_rows_are_not_in_list(mock: SessionMock, pair: Pair) -> None:
    with mock.create_tenant(sessions=300, seed=11, behaviors=QUICK) as tenant:
        everything = tenant.expected_rows(pair[0].name, pair[1].name)
        inside = collect(tenant, pair, dict(pair[1].example) | first_range(pair))
        outside = [row for row in everything if row not in inside]
        message = difference(tenant, pair, [*inside, outside[0], outside[1]], order="any")
        tenant.journal.clear()
        filtered: Page = []
        reason = ""
        if pair[1].filtered_example:
            filtered = collect(tenant, pair, {**all_rows_params(pair[1]), **pair[1].filtered_example})
            excluded = next(row for row in everything if row not in filtered)
            reason = difference(tenant, pair, [*filtered, excluded], order="any")

    assert 0 < len(inside) < len(everything)
    assert "outside window: 2 rows" in message
    assert "exists, but outside the window of this list" in message
    assert "but the parameters of this list exclude it" in reason or not pair[1].filtered_example


def first_range(pair: Pair) -> dict[str, Any]:
    """Return parameters that select the first days of the world."""
    start, end = pair[1].range_fields[:2]
    if start.endswith("date"):
        return {start: "2026-09-01", end: "2026-09-05"}
    return {start: 1788220800, end: 1788220800 + 5 * 86_400}


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_reconcile_lists_scattered_gaps_as_runs(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair))
    message = difference(tenant, pair, [row for number, row in enumerate(rows) if number not in {0, 2, 3, 5}])

    assert "missing: 3 rows, 0, 2 to 3 of the expected" in message
    assert "missing: row 5 of the expected" in message


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].pagination.key_field], ids=name)
def test_duplicates_after_same_page_name_exchange_with_fault(tenant: TenantHandle, pair: Pair) -> None:
    """The fault answers the second request with the first page."""
    tenant.faults.add("same_page", page=2, times=1)
    rows = flat(crawl(tenant, pair, lambda number: number < 2))
    message = difference(tenant, pair, rows)
    duplicates = message.partition("duplicate: 4 rows")[2].splitlines()[1]

    assert "returned by request #1 (" in duplicates
    assert "and by request #2 (" in duplicates
    assert "fault #1 (same_page)" in duplicates


@pytest.mark.parametrize(
    "pair", [param for param in every_dialect(LISTS) if param.values[0][1].pagination.has_cursors]
)
@pytest.mark.parametrize("kind", ["no_end", "stuck_cursor"])
def test_faults_of_cursors_agree_with_other_fields_of_response(
    mock: SessionMock, pair: Pair, kind: str
) -> None:
    """A response with a next cursor says that there is a next page."""
    dialect = {pair[0].name: pair[0].dialect}
    bodies: list[Any] = []
    with mock.create_tenant(sessions=6, seed=7, behaviors=QUICK, dialect=dialect) as tenant:
        tenant.faults.add(kind, times=1)
        parameters: dict[str, Any] | None = with_page_size(pair[1], all_rows_params(pair[1]), SIZE)
        with httpx.Client(verify=TLS) as http:
            while parameters is not None:
                bodies.append(send(http, tenant.vendor(pair[0].name), pair[1], parameters).json())
                parameters = next_page_params(pair[1], parameters, bodies[-1])

    assert len(bodies) == 3
    for body in bodies if pair[1].pagination.more else ():
        has_next = get_at(body, str(pair[1].pagination.next)) is not None
        assert get_at(body, str(pair[1].pagination.more)) is has_next


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("faults", [0, 1])
@pytest.mark.parametrize("reads", [0, 1])
def test_expected_rows_have_only_current_form_of_grown_session(
    mock: SessionMock, pair: Pair, faults: int, reads: int
) -> None:
    """A tracked session grows between two reads, or before a list that was never begun."""
    tracks = [pair for pair in ALL if pair[1].method == "POST" and pair[1].rows_path is None]
    with mock.create_tenant(sessions=5, seed=7, behaviors=QUICK) as tenant, httpx.Client(verify=TLS) as http:
        if faults:
            tenant.faults.add("latency", seconds=0)
        for _ in range(3):
            for vendor, endpoint in tracks:
                send(http, tenant.vendor(vendor.name), endpoint, dict(endpoint.example))
            for _ in range(reads):
                collect(tenant, pair, all_rows_params(pair[1]))
            tenant.expected_rows(pair[0].name, pair[1].name)
            tenant.clock.advance(1)
        rows = collect(tenant, pair, all_rows_params(pair[1])) if reads else None
        expected = tenant.expected_rows(pair[0].name, pair[1].name)

    assert tracks
    assert len(expected) == 6
    assert rows in (None, expected)
