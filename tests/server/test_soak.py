"""Many clients at once while much goes wrong: nobody gets another's rows, and nothing is lost or kept for ever."""

from types import SimpleNamespace
from typing import cast

from mockserver.server.faults.base import FaultContext
from mockserver.server.faults.registry import ActiveFault, read
from tests.bench.soak import LISTS, SHORT, SITES, TENANTS, soak


def test_many_clients_in_spite_of_faults_get_all_that_is_theirs() -> None:
    """Each has its tenant's expected, journals count every request without a gap, slots are free, memory stays within its bound."""
    seen = soak(SHORT)

    assert seen.broken == []
    assert seen.complete.total() == SHORT.clients * (SHORT.crawls or 0) * 3
    assert seen.triggered.total() > seen.requests.total() / 10
    assert len(seen.requests) == TENANTS


def test_the_short_load_reaches_every_list() -> None:
    """Each tenant has at least a client for each list of each vendor."""
    assert SHORT.clients // TENANTS >= len(LISTS)
    assert SITES > 1


def test_attempts_are_counted_for_the_requests_that_were_met_last() -> None:
    """However many requests a fault meets, it remembers a bounded number of them; one met lately is at its second attempt."""
    active = ActiveFault(1, read({"kind": "latency", "seconds": 0})[0])

    def attempt(key: str) -> int:
        meeting = SimpleNamespace(reading=None, key=key, attempts={}, triggers={})
        active.triggers(cast("FaultContext", meeting))
        return int(meeting.attempts[1])

    for number in range(10_000):
        attempt(str(number))

    assert attempt("9999") == 2
    assert attempt("0") == 1
