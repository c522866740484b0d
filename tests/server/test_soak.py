"""Many clients at once while much goes wrong.

No client gets another's rows, and nothing is lost or kept forever.
"""

from mockserver.server.faults.registry import read
from mockserver.server.tenancy.active_faults import ActiveFault
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


def test_active_fault_counts_attempts_of_most_recent_requests_only() -> None:
    active = ActiveFault(1, read({"kind": "latency", "seconds": 0})[0])
    for number in range(10_000):
        active.count_attempt(str(number))

    assert active.count_attempt("9999") == 2
    assert active.count_attempt("0") == 1
