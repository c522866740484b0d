"""Exports of Browsee."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from visits.browsee import Browsee, Moved
from visits.retrying import GaveUp

from mockserver import TenantHandle
from mockserver.pytest_plugin.checked_tenant import CheckedTenant

SEPTEMBER = (1_788_220_800, 1_790_812_800)
PROFILES = ["empty", "single", "page-exact", "page-plus-one", "awkward"]


def client(mock: TenantHandle) -> Browsee:
    """Return a client of the test's tenant."""
    browsee = mock.vendor("browsee")
    return Browsee(browsee.base_url, browsee.body)


@pytest.mark.parametrize(
    "profile", [pytest.param(name, marks=pytest.mark.session_mock(profile=name)) for name in PROFILES]
)
def test_client_collects_every_session_once(session_mock: TenantHandle, profile: str) -> None:
    rows = list(client(session_mock).sessions(0, SEPTEMBER[1]))

    session_mock.reconcile(rows, vendor="browsee", endpoint="export_sessions")
    assert bool(rows) == (profile != "empty")


def test_shared_client_sends_one_request_at_a_time(session_mock: CheckedTenant) -> None:
    browsee = client(session_mock)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: list(browsee.sessions(*SEPTEMBER)), range(4)))

    assert found[1:] == found[:1] * 3
    assert session_mock.journal.findings(finding="request-during-open") == []


@pytest.mark.session_mock(sessions=250)
@pytest.mark.parametrize("kind", ["same_page", "empty_page"])
def test_client_notices_wrong_page(session_mock: TenantHandle, kind: str) -> None:
    session_mock.faults.add(kind, page=2, times=1)
    with pytest.raises(Moved):
        list(client(session_mock).sessions(*SEPTEMBER))


@pytest.mark.session_mock(sessions=250)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "page": 3, "times": 2},
        {"kind": "reset", "where": "before", "page": 2, "times": 1},
        {"kind": "truncate", "page": 2, "times": 1},
        {"kind": "malformed", "page": 1, "times": 1},
        {"kind": "empty_body", "page": "last", "times": 1},
    ],
    ids=lambda fault: fault["kind"],
)
def test_client_retries_temporary_error(
    session_mock: TenantHandle, fault: dict[str, Any], slept: list[float]
) -> None:
    session_mock.faults.add(**fault)
    rows = list(client(session_mock).sessions(*SEPTEMBER))

    session_mock.reconcile(
        rows, vendor="browsee", endpoint="export_sessions", start=SEPTEMBER[0], end=SEPTEMBER[1]
    )
    assert slept == [1.0, 2.0][: fault["times"]]


@pytest.mark.session_mock(faults=[{"kind": "status", "status": 500}])
def test_client_gives_up_after_four_attempts(session_mock: TenantHandle, slept: list[float]) -> None:
    with pytest.raises(GaveUp, match="status 500"):
        list(client(session_mock).sessions(*SEPTEMBER))

    assert slept == [1.0, 2.0, 4.0]


def test_other_site_has_own_key(session_mock: TenantHandle) -> None:
    other = session_mock.vendor("browsee").for_site(1)
    rows = list(Browsee(other.base_url, other.body).sessions(*SEPTEMBER))

    session_mock.reconcile(rows, vendor="browsee", endpoint="export_sessions", site=1)
