"""Series and segments of Braze."""

import pytest
from visits.braze import Braze
from visits.retrying import GaveUp

from mockserver import TenantHandle

END = "2026-10-01T00:00:00Z"


def client(mock: TenantHandle) -> Braze:
    """A client of the test's tenant."""
    braze = mock.vendor("braze")
    return Braze(braze.base_url, braze.credentials["token"])


def test_days_are_those_of_the_world(session_mock: TenantHandle) -> None:
    """Each day's sessions are counted, and together they are all."""
    app = session_mock.vendor("braze").sites[0]
    points = client(session_mock).days(30, END, app)

    session_mock.reconcile(
        points, vendor="braze", endpoint="sessions_data_series", length=30, ending_at=END, app_id=app
    )
    assert sum(point["sessions"] for point in points) == session_mock.world.counts[0]


def test_the_limit_of_the_hour_is_waited_for(session_mock: TenantHandle, slept: list[float]) -> None:
    """The third request of an hour waits until the next, as the header of the limit says."""
    session_mock.limits.set("braze.shared", allowed=2)
    session_mock.clock.set("2026-09-15T12:50:00Z")
    braze, app = client(session_mock), session_mock.vendor("braze").sites[0]
    for length in (7, 14, 21):
        braze.days(length, END, app)

    assert slept == [600]
    assert session_mock.journal.count(status=429) == 1


@pytest.mark.session_mock(behaviors={"braze.permissions": "sessions.data_series"}, allow=["forbidden"])
def test_a_key_that_may_not_list_segments_is_told(session_mock: TenantHandle, slept: list[float]) -> None:
    """A refusal for good is not tried again."""
    with pytest.raises(GaveUp, match="403"):
        client(session_mock).segments()

    assert slept == []


@pytest.mark.session_mock(segments={f"country-{number}": {"country": "DE"} for number in range(95)})
def test_segments_fill_more_than_a_page(session_mock: TenantHandle) -> None:
    """The second page is asked for, and a third is not."""
    segments = client(session_mock).segments()

    assert {segment["id"] for segment in segments} == set(session_mock.vendor("braze").segments.values())
    assert session_mock.journal.count() == 2
