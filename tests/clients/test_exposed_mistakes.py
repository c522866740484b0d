"""Mistakes with days, places and sites lose, repeat or exchange rows of every list of the default world."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from mockserver import SessionMock
from tests.clients.careful import CarefulClient, Row
from tests.clients.lists import LISTS, Pair, find_difference, find_errors, make_client, name, strict_tenant
from tests.embedded.crawling import all_rows_params

DEFAULT_WORLD: Final[dict[str, Any]] = {"sessions": 1000, "seed": 7, "loop_limit": 500}
SESSIONS: Final = [pair for pair in LISTS if pair[1].start_field]
DAY: Final = timedelta(days=1)


def parse_start(value: Any) -> datetime:
    """Return the start of a session, whose zone is UTC if it has none."""
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)


def split_into_days(rows: list[Row], field: str, length: timedelta, *, closed: bool = False) -> list[Row]:
    """Return the rows that a client stores which selects those of each day by a window of a length."""
    stored = []
    for row in rows:
        start = parse_start(row[field])
        since = start - start.replace(hour=0, minute=0, second=0, microsecond=0)
        is_also_in_previous_day = closed and not since
        stored += [row] * ((since < length) + is_also_in_previous_day)
    return stored


@pytest.mark.parametrize("pair", SESSIONS, ids=name)
def test_wrong_days_and_places_lose_or_repeat_sessions(mock: SessionMock, pair: Pair) -> None:
    params = all_rows_params(pair[1])
    field = str(pair[1].start_field)
    with (
        strict_tenant(mock, pair[0], **DEFAULT_WORLD) as tenant,
        make_client(CarefulClient, tenant, pair, params) as client,
    ):
        rows = client.collect()
        placed = [row for row in rows if (row.get("country") or "").strip("\0")]

        assert len(rows) == 1000
        assert find_difference(tenant, pair, split_into_days(rows, field, DAY), params) == ""
        assert find_errors(tenant) == []
        assert "missing: " in find_difference(
            tenant, pair, split_into_days(rows, field, DAY - timedelta(seconds=1)), params
        )
        assert "duplicate: " in find_difference(
            tenant, pair, split_into_days(rows, field, DAY, closed=True), params
        )
        assert "missing: " in find_difference(tenant, pair, placed, params)


@pytest.mark.parametrize("pair", SESSIONS, ids=name)
def test_rows_of_other_site_are_not_expected(mock: SessionMock, pair: Pair) -> None:
    params = all_rows_params(pair[1])
    with strict_tenant(mock, pair[0], **DEFAULT_WORLD) as tenant:
        vendor = tenant.vendor(pair[0].name)
        differences = []
        for site in (0, 1):
            in_path = {pair[1].site: vendor.sites[site]} if pair[1].site else {}
            with CarefulClient(vendor.for_site(site), pair[1], {**params, **in_path}) as client:
                differences.append(find_difference(tenant, pair, client.collect(), params))

        assert differences[0] == ""
        assert differences[1] != ""
