"""Many concurrent clients with many faults: each gets its own rows, and nothing is lost or leaked."""

from types import SimpleNamespace
from typing import cast

from mockserver.server.faults.base import FaultContext
from mockserver.server.faults.registry import ActiveFault, read
from tests.bench.soak import LISTS, SHORT, SITES, TENANTS, soak


def test_many_clients_with_faults_get_their_expected_rows() -> None:
    """Journals have no gaps, slots are released, and memory stays within its bound."""
    seen = soak(SHORT)

    assert seen.broken == []
    assert seen.complete.total() == SHORT.clients * (SHORT.crawls or 0) * 3
    assert seen.triggered.total() > seen.requests.total() / 10
    assert len(seen.requests) == TENANTS


def test_short_load_reaches_every_list() -> None:
    """Each tenant has at least one client for each list of each vendor."""
    assert SHORT.clients // TENANTS >= len(LISTS)
    assert SITES > 1


def test_fault_counts_attempts_of_a_bounded_number_of_requests() -> None:
    """A recent request is at its second attempt, an old one at its first again."""
    active = ActiveFault(1, read({"kind": "latency", "seconds": 0})[0])

    def attempt(key: str) -> int:
        meeting = SimpleNamespace(reading=None, key=key, attempts={}, triggers={})
        active.triggers(cast("FaultContext", meeting))
        return int(meeting.attempts[1])

    for number in range(10_000):
        attempt(str(number))

    assert attempt("9999") == 2
    assert attempt("0") == 1
