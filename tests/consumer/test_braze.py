"""Series and segments of Braze."""

import pytest
from visits.braze import Braze
from visits.retrying import GaveUp

from mockserver import TenantHandle

END = "2026-10-01T00:00:00Z"


def client(mock: TenantHandle) -> Braze:
    """Return a client of the test's tenant."""
    braze = mock.vendor("braze")
    return Braze(braze.base_url, braze.credentials["token"])


def test_days_sum_to_all_sessions(session_mock: TenantHandle) -> None:
    app = session_mock.vendor("braze").sites[0]
    points = client(session_mock).days(30, END, app)

    session_mock.reconcile(
        points, vendor="braze", endpoint="sessions_data_series", length=30, ending_at=END, app_id=app
    )
    assert sum(point["sessions"] for point in points) == session_mock.world.counts[0]


def test_client_waits_for_next_hour_after_limit(session_mock: TenantHandle, slept: list[float]) -> None:
    session_mock.limits.set("braze.shared", allowed=2)
    session_mock.clock.set("2026-09-15T12:50:00Z")
    braze, app = client(session_mock), session_mock.vendor("braze").sites[0]
    for length in (7, 14, 21):
        braze.days(length, END, app)

    assert slept == [600]
    assert session_mock.journal.count(status=429) == 1


@pytest.mark.session_mock(behaviors={"braze.permissions": "sessions.data_series"}, allow=["forbidden"])
def test_client_does_not_retry_forbidden_request(session_mock: TenantHandle, slept: list[float]) -> None:
    with pytest.raises(GaveUp, match="403"):
        client(session_mock).segments()

    assert slept == []


@pytest.mark.session_mock(segments={f"country-{number}": {"country": "DE"} for number in range(95)})
def test_client_reads_two_pages_of_segments(session_mock: TenantHandle) -> None:
    segments = client(session_mock).segments()

    assert {segment["id"] for segment in segments} == set(session_mock.vendor("braze").segments.values())
    assert session_mock.journal.count() == 2
