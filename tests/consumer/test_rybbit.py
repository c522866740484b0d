"""Sessions and events of Rybbit."""

import pytest
from visits.rybbit import Rybbit

from mockserver import TenantHandle

DAYS = ("2026-09-01", "2026-09-30", "UTC")


def client(mock: TenantHandle) -> Rybbit:
    """Return a client of the first site of the test's tenant."""
    rybbit = mock.vendor("rybbit")
    return Rybbit(rybbit.base_url, rybbit.credentials["token"], rybbit.sites[0])


@pytest.mark.parametrize("sessions", [0, 1, 99, 100, 101, 250])
def test_client_collects_every_session_once(session_mock: TenantHandle, sessions: int) -> None:
    session_mock.replace_world(sessions=sessions)
    with client(session_mock) as rybbit:
        rows = list(rybbit.sessions(*DAYS))

    session_mock.reconcile(rows, vendor="rybbit", endpoint="list_sessions")
    assert len(rows) == sessions


@pytest.mark.session_mock(sessions=450)
@pytest.mark.parametrize("kind", ["session_arrives", "session_arrives_late"])
def test_client_skips_rows_repeated_by_arriving_sessions(session_mock: TenantHandle, kind: str) -> None:
    session_mock.clock.set("2026-09-30T23:59:59Z")
    session_mock.faults.add(kind, page=3, times=1)
    with client(session_mock) as rybbit:
        rows = list(rybbit.sessions(*DAYS))

    session_mock.reconcile(
        rows,
        vendor="rybbit",
        endpoint="list_sessions",
        fields=[],
        start_date=DAYS[0],
        end_date=DAYS[1],
        time_zone=DAYS[2],
    )


def test_client_waits_longer_after_each_limit_error(session_mock: TenantHandle, slept: list[float]) -> None:
    session_mock.limits.set("rybbit.api", allowed=3, seconds=5)
    with client(session_mock) as rybbit:
        assert len(list(rybbit.sessions(*DAYS))) == 1000

    assert slept
    assert session_mock.journal.count(error="rate_limited") == len(slept)


def test_client_collects_all_events_of_session(session_mock: TenantHandle) -> None:
    with client(session_mock) as rybbit:
        rows = list(rybbit.sessions(*DAYS))
        longest = max(rows, key=lambda row: row["pageviews"] + row["events"])
        events = rybbit.events(longest["session_id"])

    assert len(events) > 5
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
