"""Faults strike what they are meant for, as often as they say, and nothing else."""

from typing import Any

import pytest

from mockserver.server.faults import read
from mockserver.server.faults.fault import FaultError
from mockserver.vendors import load

LISTS = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.starts]


def name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].name}.{pair[1].name}"


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_status_strikes_so_many_times_in_the_vendors_shape(serve: Any, pair: Any) -> None:
    """The second page answers 503 twice, other pages and other endpoints never."""
    mock = await serve()
    vendor, endpoint = pair
    mock.tenant.faults.add(read({"kind": "status", "status": 503, "endpoint": endpoint.name, "page": "first", "times": 2}))
    statuses = [(await mock.ask(vendor, endpoint, dict(endpoint.example)))[0] for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert [exchange.faults for exchange in mock.tenant.journal] == [("1:status",), ("1:status",), ()]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"kind": "latencyy"}, "did you mean 'latency'"),
        ({"kind": "latency", "secnds": 1}, "did you mean 'seconds'"),
        ({"kind": "latency"}, "give `seconds`"),
        ({"kind": "latency", "seconds": -1}, ">= 0.0"),
        ({"kind": "status", "vendor": "brwsee"}, "did you mean"),
        ({"kind": "status", "endpoint": "list_session"}, "did you mean 'list_sessions'"),
        ({"kind": "status", "since": "yesterday"}, "since"),
        ([1], "a fault is an object"),
    ],
)
def test_unknown_words_are_refused_with_the_nearest(raw: Any, says: str) -> None:
    """A fault that cannot be says what would be right."""
    with pytest.raises(FaultError, match=says):
        read(raw)
