"""A careful client passes the strict checks at every list, whatever fails."""

from contextlib import suppress
from itertools import product
from typing import Any, Final

import pytest

from mockserver import SessionMock
from mockserver.server.faults.paging import PagingFault
from mockserver.server.faults.registry import kinds
from mockserver.server.faults.world_events import WorldEvent
from tests.clients.careful import CarefulClient, GaveUp, RereadingClient
from tests.clients.lists import (
    LISTS,
    PAGED,
    Pair,
    find_difference,
    find_errors,
    make_client,
    name,
    strict_limits,
    strict_tenant,
)
from tests.support.dialects import cross

FAILURES: Final[dict[str, dict[str, Any]]] = {
    "status": {"kind": "status", "status": 503},
    "status with seconds": {"kind": "status", "status": 503, "retry_after": 3600},
    "status with date": {"kind": "status", "status": 503, "retry_after": 3600, "retry_form": "date"},
    "too many requests": {"kind": "status", "status": 429},
    "too many requests with seconds": {"kind": "status", "status": 429, "retry_after": 60},
    "reset": {"kind": "reset"},
    "reset in body": {"kind": "reset", "where": "body"},
    "truncate": {"kind": "truncate"},
    "truncate with true length": {"kind": "truncate", "content_length": "true"},
    "malformed": {"kind": "malformed"},
    "empty body": {"kind": "empty_body"},
    "content type": {"kind": "content_type"},
    "dribble": {"kind": "dribble", "pause": 0},
    "close": {"kind": "close"},
    "no last chunk": {"kind": "chunked", "damage": "no_last_chunk"},
    "error with status 200": {"kind": "respond", "json": {"error": "backend unavailable"}},
    "HTML page": {"kind": "respond", "html": "<h1>Bad gateway</h1>", "status": 502},
    "byte order mark": {"kind": "malformed", "how": "bom"},
}
HARMLESS: Final = {"content type", "dribble", "byte order mark"}
"""Failures that do not stop a client, so they trigger once."""
PAGING: Final = sorted(kind for kind, fault in kinds().items() if issubclass(fault, PagingFault))
CHANGES: Final[dict[str, list[dict[str, Any]]]] = {
    "session arrives": [{"kind": "session_arrives"}],
    "session arrives late": [{"kind": "session_arrives_late", "seconds": 15 * 86400}],
    "session grows": [{"kind": "session_arrives"}, {"kind": "session_grows"}],
    "oldest session deleted": [{"kind": "session_deleted", "place": 0}],
    "middle session deleted": [{"kind": "session_deleted", "place": 0.5}],
    "newest session deleted": [{"kind": "session_deleted", "place": 1}],
}


def supports(pair: Pair, kind: str) -> bool:
    """Return whether a paging fault can trigger for a list."""
    fault = kinds()[kind]
    return issubclass(fault, PagingFault) and fault.supports(pair[1])


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_careful_client_collects_every_row(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize(("pair", "failure"), cross(LISTS, [*FAILURES]), ids=name)
def test_careful_client_survives_failure(mock: SessionMock, pair: Pair, failure: str) -> None:
    page = 2 if pair in PAGED else 1
    fault = {**FAILURES[failure], "page": page, "times": 2}
    with strict_tenant(mock, pair[0], [fault]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        if failure in HARMLESS:
            tenant.faults.remove()
            tenant.faults.add(**{**fault, "times": 1})
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize(
    ("pair", "kind"), [(pair, kind) for pair in PAGED for kind in PAGING if supports(pair, kind)], ids=name
)
def test_careful_client_begins_wrong_list_anew(mock: SessionMock, pair: Pair, kind: str) -> None:
    page = "last" if kind == "no_end" else 2
    fault = {"kind": kind, "page": page, "times": 1}
    with strict_tenant(mock, pair[0], [fault]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize("limit", [0, 50])
@pytest.mark.parametrize(
    ("pair", "kind"), [(pair, kind) for pair in PAGED for kind in PAGING if supports(pair, kind)], ids=name
)
def test_careful_client_ends_list_that_never_ends(
    mock: SessionMock, pair: Pair, kind: str, limit: int
) -> None:
    with strict_tenant(mock, pair[0], [{"kind": kind}], loop_limit=limit) as tenant:
        with make_client(CarefulClient, tenant, pair) as client, suppress(GaveUp):
            client.collect()

        assert "endless-paging" not in find_errors(tenant)


@pytest.mark.parametrize(
    ("pair", "moment"),
    [
        *cross(PAGED, [*product((1, 2, 3), CHANGES)]),
        *cross([pair for pair in LISTS if pair not in PAGED], [(1, change) for change in CHANGES]),
    ],
    ids=name,
)
def test_careful_client_collects_list_that_changes(
    mock: SessionMock, pair: Pair, moment: tuple[int, str]
) -> None:
    page, change = moment
    faults = [{**event, "page": page, "times": 1} for event in CHANGES[change]]
    with (
        strict_tenant(mock, pair[0], faults) as tenant,
        make_client(RereadingClient, tenant, pair) as client,
    ):
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


def test_lists_change_by_every_world_event() -> None:
    world_events = {kind for kind, fault in kinds().items() if issubclass(fault, WorldEvent)}

    assert {event["kind"] for events in CHANGES.values() for event in events} == world_events


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_careful_client_may_keep_or_skip_rows_that_fault_changed(mock: SessionMock, pair: Pair) -> None:
    for change in ("missing", "null_value", "type", "unknown"):
        with strict_tenant(mock, pair[0], name="changed rows") as tenant:
            expected = list(tenant.expected_rows(pair[0].name, pair[1].name))
            filled = [name for name in expected[0] if all(row.get(name) is not None for row in expected)]
            own = next(name for name in filled if name not in pair[1].row_key)
            tenant.faults.add(
                "schema", field="risk_score" if change == "unknown" else own, change=change, share=0.4
            )
            with make_client(CarefulClient, tenant, pair) as client:
                rows = client.collect()
                changed = [row for row in rows if row not in expected]
                kept = [row for row in rows if row in expected]

                assert 0 < len(changed) < len(rows)
                assert find_difference(tenant, pair, rows) == ""
                assert find_difference(tenant, pair, kept) == ""
                assert "missing: " in find_difference(tenant, pair, kept[1:])
                assert find_errors(tenant) == []

                tenant.faults.remove()
                assert client.collect() == expected
                assert "missing: " in find_difference(tenant, pair, kept)


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_careful_client_gives_up_without_repeating_unauthorized_request(
    mock: SessionMock, pair: Pair
) -> None:
    fault = {"kind": "status", "status": 401, "page": 2}
    with strict_tenant(mock, pair[0], [fault]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        with pytest.raises(GaveUp):
            client.collect()

        assert tenant.journal.count(status=401) == 1
        assert find_errors(tenant) == []


@pytest.mark.parametrize("pair", [pair for pair in PAGED if strict_limits(*pair)], ids=name)
def test_careful_client_waits_for_limits(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0], behaviors=strict_limits(*pair)) as tenant:
        with make_client(CarefulClient, tenant, pair) as client:
            rows = client.collect()

        assert tenant.journal.count(status=429) > 0
        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []
