"""The bounds of a tenant end stalled responses and looping clients, and leave correct clients alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from ssl import create_default_context
from typing import Any, Final

import httpx
import pytest

from mockserver import SessionMock, TenantHandle
from mockserver._util.json_paths import get_at
from mockserver.contract.limits import ConcurrencyLimit
from tests.conftest import QUICK
from tests.embedded.crawling import LISTS, SIZE, Pair, all_rows_params, crawl, name, send
from tests.support.limits import find_limits, has_limit
from tests.support.pages import with_page_number, with_page_size

STALL: Final = 0.2
NEVER: Final = httpx.Timeout(None)
TLS: Final = create_default_context()  # A client makes one of its own otherwise, which takes longest.
LIMIT: Final = 20
PAGED: Final = [pair for pair in LISTS if pair[1].pagination.key_field]
QUEUED: Final = [pair for pair in LISTS if has_limit(pair[1])]
STALLS: Final = (
    {"kind": "stall", "where": "before"},
    {"kind": "stall", "where": "headers"},
    {"kind": "stall", "where": "body"},
    {"kind": "latency", "seconds": 3000},
    {"kind": "dribble", "pieces": 2, "pause": 3000},
)
Create = Callable[..., TenantHandle]


@pytest.fixture(name="create")
def _mint() -> Iterator[Create]:
    """Return a function that creates tenants with small bounds."""
    with SessionMock() as mock:

        def create(**fields: Any) -> TenantHandle:
            bounds = {"stall_timeout": STALL, "loop_limit": LIMIT, "behaviors": QUICK, "sessions": 30}
            return mock.create_tenant(**{**bounds, **fields})

        yield create


def ask(tenant: TenantHandle, pair: Pair, seconds: float | None = None, **parameters: Any) -> httpx.Response:
    """Send one request, by default as a client without a timeout."""
    with httpx.Client(timeout=seconds, verify=TLS) as http:
        return send(http, tenant.vendor(pair[0].name), pair[1], {**all_rows_params(pair[1]), **parameters})


def found(tenant: TenantHandle) -> dict[str, str]:
    """Return the findings about clients that the mock stopped."""
    return {
        each.name: each.message
        for each in tenant.verify().findings
        if each.name in ("stalled", "endless-loop")
    }


def slot(pair: Pair) -> ConcurrencyLimit:
    """Return the concurrency limit of an endpoint."""
    [(_, _, limit)] = find_limits([pair], ConcurrencyLimit)
    return limit


def follow(tenant: TenantHandle, pair: Pair, **parameters: Any) -> None:
    """Request further pages until an error is raised, as a client that ignores the end of a list."""
    endpoint = pair[1]
    pagination = endpoint.pagination
    first = with_page_size(endpoint, {**all_rows_params(endpoint), **parameters}, SIZE)
    sent = first
    with httpx.Client(timeout=NEVER, verify=TLS) as http:
        for number in count(1):
            body = send(http, tenant.vendor(pair[0].name), endpoint, sent).raise_for_status().json()
            if pagination.has_cursors:
                sent = {**first, str(pagination.key_field): get_at(body, pagination.next)}
            else:
                sent = with_page_number(endpoint, first, number)


def retry(tenant: TenantHandle, pair: Pair) -> None:
    """Send the same request until an error is raised, as a client that ignores every response."""
    vendor, parameters = tenant.vendor(pair[0].name), all_rows_params(pair[1])
    with httpx.Client(timeout=NEVER, verify=TLS) as http:
        for _ in count():
            send(http, vendor, pair[1], parameters)


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("fault", STALLS, ids=lambda fault: "-".join(map(str, list(fault.values())[:2])))
def test_stalled_response_is_reset_and_reported(create: Create, pair: Pair, fault: dict[str, Any]) -> None:
    tenant = create(faults=[fault])
    with pytest.raises(httpx.TransportError):
        ask(tenant, pair)

    assert found(tenant) == {
        "stalled": f"The response stalled for more than 0.2 s of real time (fault 1:{fault['kind']}),"
        " so the server reset the connection; give the client a shorter timeout, or increase stall_timeout."
    }


@pytest.mark.parametrize("pair", QUEUED, ids=name)
def test_wait_for_slot_is_reset_and_reported(create: Create, pair: Pair) -> None:
    limit = slot(pair)
    tenant = create(
        behaviors={limit.busy: "queue", limit.hold: 0},
        faults=[{"kind": "dribble", "pieces": 30, "pause": 0.1, "times": 1}],
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, tenant, pair)
        while not len(tenant.journal):
            pass
        with pytest.raises(httpx.TransportError):
            ask(tenant, pair)

    assert first.result().status_code == 200
    assert "another request is holding the slot" in found(tenant)["stalled"]
    assert ask(tenant, pair).status_code == 200


@pytest.mark.parametrize("pair", QUEUED, ids=name)
def test_hold_above_stall_timeout_is_reset_and_reported(create: Create, pair: Pair) -> None:
    tenant = create(behaviors={slot(pair).hold: 60_000})
    with pytest.raises(httpx.TransportError):
        ask(tenant, pair)

    assert list(found(tenant)) == ["stalled"]


def test_retry_after_stall_is_reset_immediately(create: Create) -> None:
    tenant = create(faults=[{"kind": "stall"}], stall_timeout=1)
    for _ in range(100):
        with pytest.raises(httpx.TransportError):
            ask(tenant, LISTS[0])
    waits = [exchange["duration_ms"] for exchange in tenant.journal.exchanges()]

    assert waits[0] >= 1000
    assert sum(waits[1:]) < 30_000


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_correct_client_is_not_reported_as_stalled(create: Create, pair: Pair) -> None:
    slow = [
        {"kind": "latency", "seconds": 0.1, "nth": 1},
        {"kind": "dribble", "pieces": 8, "pause": 0.1, "nth": 2},
    ]
    tenant = create(faults=[*slow, {"kind": "stall", "nth": 3}], stall_timeout=0.5)

    assert ask(tenant, pair).status_code == 200
    assert ask(tenant, pair).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        ask(tenant, pair, 0.05)
    assert ask(tenant, pair).status_code == 200
    assert found(tenant) == {}


@pytest.mark.parametrize("fault", [None, "no_end", "stuck_cursor", "same_page", "changing_total"])
@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_requests_far_beyond_end_of_list_are_rejected_and_reported(
    create: Create, pair: Pair, fault: str | None
) -> None:
    if pair[1].pagination.has_cursors and fault not in ("no_end", "stuck_cursor"):
        pytest.skip("the response has no cursor beyond the end, and the same page has the cursor of another")
    tenant = create(faults=[{"kind": fault}] if fault else [])
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        follow(tenant, pair)
    [(name, message)] = found(tenant).items()

    assert name == "endless-loop"
    assert f"{LIMIT} consecutive requests to {pair[0].name} {pair[1].name} without a new row" in message
    assert "increase loop_limit" in message
    assert ask(tenant, LISTS[0]).text == message + "\n"
    assert len(tenant.journal) <= 30 / SIZE + LIMIT + 4


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_client_that_ignores_errors_is_reset_and_reported(create: Create, pair: Pair) -> None:
    tenant = create(faults=[{"kind": "status", "status": 503}])
    with pytest.raises(httpx.TransportError):
        retry(tenant, pair)

    assert f"{LIMIT * 10} consecutive identical requests" in found(tenant)["endless-loop"]
    with pytest.raises(httpx.TransportError):
        ask(tenant, pair)


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_correct_client_is_not_reported_as_looping(create: Create, pair: Pair) -> None:
    tenant = create(faults=[{"kind": "status", "status": 503, "times": 60}])
    for number in range(60 + 2 * LIMIT):
        assert ask(tenant, pair).status_code == (503 if number < 60 else 200)
    for _ in range(50):
        crawl(tenant, pair)

    assert found(tenant) == {}


def test_reset_clears_reached_bounds(create: Create) -> None:
    tenant = create()
    for _ in range(2):
        with pytest.raises(httpx.HTTPStatusError):
            follow(
                tenant,
                PAGED[0],
                **(
                    {str(PAGED[0][1].pagination.key_field): "x"} if PAGED[0][1].pagination.has_cursors else {}
                ),
            )
        assert list(found(tenant)) == ["endless-loop"]
        tenant.reset()
        assert ask(tenant, PAGED[0]).status_code == 200


def test_client_of_tenant_without_bounds_is_not_stopped(create: Create) -> None:
    tenant = create(stall_timeout=0, loop_limit=0, faults=[{"kind": "stall"}])
    with pytest.raises(httpx.ReadTimeout):
        ask(tenant, LISTS[0], 1)
    tenant.faults.remove()
    for _ in range(LIMIT * 10 + 1):
        assert ask(tenant, LISTS[0]).status_code == 200

    assert found(tenant) == {}
