"""The bounds of a tenant end stalled responses and looping clients, and leave correct clients alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, Final

import httpx
import pytest

from mockserver import SessionMock, TenantHandle
from mockserver._util.json_paths import get_at
from mockserver.contract.limits import ConcurrencyLimit
from tests.conftest import QUICK
from tests.embedded.crawling import LISTS, SIZE, Pair, all_rows_params, crawl, name, send
from tests.support.limits import find_limits, has_limit
from tests.support.pages import next_page_params, with_page_number, with_page_size
from tests.support.tls import TLS

STALL: Final = 0.2
NEVER: Final = httpx.Timeout(None)
LIMIT: Final = 20
FAR: Final = 100
"""The number of requests without a new row after which a tenant without a limit reports a client."""
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
        if each.name in ("no-timeout", "endless-paging")
    }


def slot(pair: Pair) -> ConcurrencyLimit:
    """Return the concurrency limit of an endpoint."""
    [(_, _, limit)] = find_limits([pair], ConcurrencyLimit)
    return limit


def follow(tenant: TenantHandle, pair: Pair, most: int | None = None, **parameters: Any) -> None:
    """Request up to *most* pages until an error is raised, as a client that ignores the end of a list."""
    endpoint = pair[1]
    pagination = endpoint.pagination
    first = with_page_size(endpoint, {**all_rows_params(endpoint), **parameters}, SIZE)
    sent = first
    with httpx.Client(timeout=NEVER, verify=TLS) as http:
        for number in count(1) if most is None else range(1, most + 1):
            body = send(http, tenant.vendor(pair[0].name), endpoint, sent).raise_for_status().json()
            if pagination.has_cursors:
                sent = {**first, str(pagination.key_field): get_at(body, pagination.next)}
            else:
                sent = with_page_number(endpoint, first, number)


def page_params(tenant: TenantHandle, pair: Pair, size: int) -> list[dict[str, Any]]:
    """Read a list, and return the parameters of its pages."""
    endpoint = pair[1]
    parameters: dict[str, Any] | None = with_page_size(endpoint, all_rows_params(endpoint), size)
    pages = []
    while parameters is not None:
        pages.append(parameters)
        parameters = next_page_params(endpoint, parameters, ask(tenant, pair, **parameters).json())
    return pages


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
        "no-timeout": f"The response stalled for more than 0.2 s of real time (fault 1:{fault['kind']}),"
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
    assert "another request is holding the slot" in found(tenant)["no-timeout"]
    assert ask(tenant, pair).status_code == 200


@pytest.mark.parametrize("pair", QUEUED, ids=name)
def test_hold_above_stall_timeout_is_reset_and_reported(create: Create, pair: Pair) -> None:
    tenant = create(behaviors={slot(pair).hold: 60_000})
    with pytest.raises(httpx.TransportError):
        ask(tenant, pair)

    assert list(found(tenant)) == ["no-timeout"]


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


ENDLESS: Final = [
    pytest.param(pair, fault, id=f"{name(pair)}-{fault}")
    for pair in PAGED
    for fault in (None, "no_end", "stuck_cursor", "same_page", "changing_total")
    # Without a fault, the last response has no cursor, and the same page has the cursor of another.
    if not pair[1].pagination.has_cursors or fault in ("no_end", "stuck_cursor")
]


@pytest.mark.parametrize(("pair", "fault"), ENDLESS)
def test_requests_far_beyond_end_of_list_are_rejected_and_reported(
    create: Create, pair: Pair, fault: str | None
) -> None:
    tenant = create(faults=[{"kind": fault}] if fault else [])
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        follow(tenant, pair)
    [(name, message)] = found(tenant).items()

    assert name == "endless-paging"
    assert f"{LIMIT} consecutive requests to {pair[0].name} {pair[1].name} without a new row" in message
    assert "increase loop_limit" in message
    assert ask(tenant, LISTS[0]).text == message + "\n"
    assert len(tenant.journal) <= 30 / SIZE + LIMIT + 4


@pytest.mark.parametrize(("pair", "fault"), ENDLESS)
def test_endless_paging_is_reported_without_bounds(create: Create, pair: Pair, fault: str | None) -> None:
    stopping = create(loop_limit=0, faults=[{"kind": fault}] if fault else [])
    follow(stopping, pair, most=FAR)
    tenant = create(loop_limit=0, faults=[{"kind": fault}] if fault else [])
    follow(tenant, pair, most=30 // SIZE + FAR + 5)
    [(name, message)] = found(tenant).items()

    assert name == "endless-paging"
    assert f"{FAR} consecutive requests to {pair[0].name} {pair[1].name} without a new row" in message
    assert "rejects" not in message
    assert found(stopping) == {}
    assert ask(tenant, LISTS[0]).status_code == 200


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_endless_crawl_after_other_crawls_is_reported(create: Create, pair: Pair) -> None:
    tenant = create(loop_limit=0)
    for _ in range(10):
        crawl(tenant, pair)
    tenant.faults.add("no_end")
    follow(tenant, pair, most=30 // SIZE + FAR + 20)

    assert list(found(tenant)) == ["endless-paging"]


@pytest.mark.parametrize("bound", [0, LIMIT])
@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_many_clients_in_step_are_not_reported(create: Create, pair: Pair, bound: int) -> None:
    """Each client requests the same pages as the others, up to a page past the end."""
    tenant = create(loop_limit=bound)
    pages = page_params(tenant, pair, 20)
    if not pair[1].pagination.has_cursors:
        pages.append(with_page_number(pair[1], pages[0], len(pages)))
    for page in pages:
        for _ in range((bound or FAR) + 10):
            assert ask(tenant, pair, **page).status_code == 200

    assert found(tenant) == {}


@pytest.mark.parametrize("bound", [0, LIMIT])
@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_client_that_waits_for_new_rows_is_not_reported(create: Create, pair: Pair, bound: int) -> None:
    tenant = create(loop_limit=bound)
    page = page_params(tenant, pair, 20)[-1]
    for _ in range((bound or FAR) + 10):
        tenant.clock.advance(60)
        assert ask(tenant, pair, **page).status_code == 200

    assert found(tenant) == {}


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_client_that_ignores_errors_is_reset_and_reported(create: Create, pair: Pair) -> None:
    tenant = create(loop_limit=2, faults=[{"kind": "status", "status": 503}])
    with pytest.raises(httpx.TransportError):
        retry(tenant, pair)

    assert "200 consecutive identical requests" in found(tenant)["endless-paging"]
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
                None,
                **(
                    {str(PAGED[0][1].pagination.key_field): "x"} if PAGED[0][1].pagination.has_cursors else {}
                ),
            )
        assert list(found(tenant)) == ["endless-paging"]
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
