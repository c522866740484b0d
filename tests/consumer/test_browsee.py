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
    """A client of the test's tenant."""
    browsee = mock.vendor("browsee")
    return Browsee(browsee.base_url, browsee.body)


@pytest.mark.parametrize(
    "profile", [pytest.param(name, marks=pytest.mark.session_mock(profile=name)) for name in PROFILES]
)
def test_every_session_arrives_once(session_mock: TenantHandle, profile: str) -> None:
    """No edge of paging loses or repeats a row."""
    rows = list(client(session_mock).sessions(0, SEPTEMBER[1]))

    session_mock.reconcile(rows, vendor="browsee", endpoint="export_sessions")
    assert bool(rows) == (profile != "empty")


def test_threads_share_a_client_that_asks_once_at_a_time(session_mock: CheckedTenant) -> None:
    """However many ask, one request is open."""
    browsee = client(session_mock)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: list(browsee.sessions(*SEPTEMBER)), range(4)))
    session_mock.allow("page-requested-twice")

    assert found[1:] == found[:1] * 3
    assert session_mock.journal.findings(finding="request-during-open") == []


@pytest.mark.session_mock(sessions=250)
@pytest.mark.parametrize("kind", ["same_page", "empty_page"])
def test_page_that_is_not_the_one_asked_for_is_noticed(session_mock: TenantHandle, kind: str) -> None:
    """No wrong page is taken for a right one."""
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
def test_what_passes_is_tried_again(
    session_mock: TenantHandle, fault: dict[str, Any], slept: list[float]
) -> None:
    """A failure in the middle of a crawl costs a wait, and no row."""
    session_mock.faults.add(**fault)
    rows = list(client(session_mock).sessions(*SEPTEMBER))

    session_mock.reconcile(
        rows, vendor="browsee", endpoint="export_sessions", start=SEPTEMBER[0], end=SEPTEMBER[1]
    )
    assert slept == [1.0, 2.0][: fault["times"]]


@pytest.mark.session_mock(faults=[{"kind": "status", "status": 500}])
def test_what_does_not_pass_is_given_up(session_mock: TenantHandle, slept: list[float]) -> None:
    """Four attempts are enough."""
    with pytest.raises(GaveUp, match="status 500"):
        list(client(session_mock).sessions(*SEPTEMBER))

    assert slept == [1.0, 2.0, 4.0]


def test_the_other_site_has_a_key_of_its_own(session_mock: TenantHandle) -> None:
    """A key names its site."""
    other = session_mock.vendor("browsee").for_site(1)
    rows = list(Browsee(other.base_url, other.body).sessions(*SEPTEMBER))

    session_mock.reconcile(rows, vendor="browsee", endpoint="export_sessions", site=1)
