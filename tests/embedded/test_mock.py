"""Start and stop of servers, and connections to running ones."""

import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import anyio
import httpx
import pytest

from mockserver import AdminError, SessionMock, VendorHandle
from mockserver.embedded import server_thread
from mockserver.server.configuration.config import ConfigError
from mockserver.server.runner import serving
from tests.embedded.crawling import LISTS, all_rows_params, send
from tests.support.tls import TLS

PAIR = LISTS[0]
FIRST = datetime(2026, 9, 10, 12, tzinfo=UTC)


def port_of(mock: SessionMock) -> int:
    """Return the port of a server."""
    return int(mock.url.rpartition(":")[2])


def is_served(port: int) -> bool:
    """Return True if a server listens on a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def test_server_listens_only_inside_context() -> None:
    with SessionMock(sessions=3) as mock:
        port, inside = port_of(mock), is_served(port_of(mock))

    assert (inside, is_served(port)) == (True, False)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_context_starts_and_stops_server(backend: str) -> None:
    async def use() -> tuple[int, int, int]:
        async with SessionMock(sessions=3) as mock, httpx.AsyncClient(verify=TLS) as http:
            answer = await http.get(mock.url + "/__admin/health")
            mock.clock.advance(1)
            return port_of(mock), answer.status_code, mock.world.counts[0]

    port, *inside = anyio.run(use, backend=backend)

    assert (inside, is_served(port)) == ([200, 3], False)


def test_stopped_server_restarts_with_initial_state() -> None:
    mock = SessionMock(sessions=3, now=FIRST)
    mock.start()
    clock = mock.clock
    clock.advance(60)
    mock.stop()
    mock.stop()
    with mock:
        assert (mock.clock.now, mock.world.counts[0] <= 3, list(mock.faults), len(mock.journal)) == (
            FIRST,
            True,
            [],
            0,
        )


def test_start_of_running_server_raises() -> None:
    with SessionMock(sessions=3) as mock:
        with pytest.raises(RuntimeError, match=f"is already running at {mock.url}"):
            mock.start()

        assert mock.admin.health().status == "healthy"


def test_port_in_use_raises_os_error() -> None:
    with SessionMock(sessions=3) as mock:
        with pytest.raises(OSError, match=str(port_of(mock))):
            SessionMock(port=port_of(mock)).start()

        assert mock.admin.health().status == "healthy"


def use_attribute(mock: SessionMock, name: str) -> None:
    """Read an attribute, and call it if it is a method."""
    value = getattr(mock, name)
    if callable(value):
        value()


@pytest.mark.parametrize(
    "use", ["url", "clock", "world", "journal", "admin", "vendors", "verify", "create_tenant"]
)
@pytest.mark.parametrize("stopped", [False, True])
def test_attribute_of_stopped_server_raises_with_remedy(use: str, *, stopped: bool) -> None:
    mock = SessionMock(sessions=3)
    if stopped:
        mock.start()
        mock.stop()
    with pytest.raises(RuntimeError, match="or after mock"):
        use_attribute(mock, use)

    assert repr(mock) == "<SessionMock, not running>"


def test_part_of_stopped_server_raises() -> None:
    with SessionMock(sessions=3) as mock:
        clock, tenant = mock.clock, mock.create_tenant()
    for part, name in ((clock, "advance"), (tenant, "verify")):
        with pytest.raises(RuntimeError, match="has stopped"):
            getattr(part, name)(*[1] * (part is clock))


def test_misspelled_attribute_raises_attribute_error() -> None:
    with SessionMock(sessions=3) as mock:
        assert not hasattr(mock, "wrold")
        assert repr(mock) == f"<SessionMock at {mock.url}>"

    assert not hasattr(mock, "wrold")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sesions": 3}, "did you mean 'sessions'"),
        ({"sessions": -1}, "sessions"),
        ({"profile": "emty"}, "did you mean 'empty'"),
        ({"now": datetime(2026, 9, 9)}, "has no time zone"),  # noqa: DTZ001 -- that is the point
        ({"vendor_ports": {"nobody": 0}}, "vendor.*'nobody'"),
        ({"host": "0.0.0.0"}, "loopback"),  # noqa: S104 -- it is refused
    ],
)
def test_invalid_setting_raises_before_start(settings: dict[str, Any], message: str) -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match=message):
        SessionMock(**settings).start()

    assert threading.active_count() == before


def test_invalid_setting_raises_config_error() -> None:
    with pytest.raises(ConfigError):
        SessionMock(profile="emty").start()


def test_datetimes_are_accepted_as_instants() -> None:
    start, end, now = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 2))
    with SessionMock(sessions=100, start=start, end=end, now=now) as mock:
        own, created = mock.world.spec, mock.create_tenant(sessions=100, start=start, end=end, now=now)
        other = mock.create_tenant(now=now)
        other.replace_world(sessions=100, start=start, end=end)

        assert [tenant.clock.now for tenant in (mock, created, other)] == [now] * 3
        assert [tenant.world.spec["end"] for tenant in (created, other)] == [own["end"]] * 2
        assert 0 < mock.world.counts[0] < 100


def occupied(mock: SessionMock, stack: ExitStack) -> threading.Thread:
    """Open idle, kept-alive and stalled connections, and return a thread that waits for a delayed response."""
    sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port_of(mock)))) for _ in range(15)]
    for connection in sockets[5:10]:
        connection.sendall(b"POST /anything HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\nhalf")
    for connection in sockets[10:]:
        connection.sendall(b"GET /__admin/health HTTP/1.1\r\nHost: here\r\n\r\n")
        connection.recv(1)
    mock.faults.add("latency", seconds=60)
    client = threading.Thread(target=ask_once, args=(mock.vendor(PAIR[0].name),))
    client.start()
    while not mock.journal.count(vendor=PAIR[0].name):
        pass
    return client


def ask_once(vendor: VendorHandle) -> None:
    """Send a request that may get no response."""
    with suppress(httpx.HTTPError, OSError), httpx.Client(timeout=60, verify=TLS) as http:
        send(http, vendor, PAIR[1], all_rows_params(PAIR[1]))


def test_interrupt_during_start_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = threading.Event()

    @asynccontextmanager
    async def interrupted(*arguments: Any, **options: Any) -> AsyncIterator[Any]:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        ready.wait(10)
        async with serving(*arguments, **options) as running:
            yield running

    def wait_for_interrupt(*_: Any) -> None:
        ready.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(server_thread, "serving", interrupted)
    previous = signal.signal(signal.SIGINT, wait_for_interrupt)
    before = set(threading.enumerate())
    try:
        with pytest.raises(KeyboardInterrupt):
            SessionMock().start()
        left = {thread.name for thread in set(threading.enumerate()) - before}
    finally:
        signal.signal(signal.SIGINT, previous)

    assert left == set()


def test_stop_with_open_connections_is_fast() -> None:
    """Idle, stalled and waiting connections do not delay the stop.

    It usually takes 50 ms, and 100 ms are promised.
    """
    mock = SessionMock(sessions=3).start()
    with ExitStack() as stack:
        client = occupied(mock, stack)
        start_time = perf_counter()
        mock.stop()
        duration = perf_counter() - start_time
        client.join(10)

        assert not client.is_alive()
        assert duration < 2  # The machine of a test may be busy.


def test_stop_ends_waiting_calls() -> None:
    mock = SessionMock(sessions=3).start()
    tenant, ended, started = mock.create_tenant(), [], threading.Barrier(5)

    def steer() -> None:
        started.wait()
        try:
            while True:
                tenant.clock.advance(1)
        except RuntimeError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=steer) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    mock.stop()
    for thread in threads:
        thread.join(10)

    assert ["has stopped" in message for message in ended] == [True] * 4


def test_vendor_port_serves_vendor_separately() -> None:
    vendor, other = PAIR[0].name, next(pair[0].name for pair in LISTS if pair[0] is not PAIR[0])
    with SessionMock(sessions=3, vendor_ports={vendor: 0}) as mock, httpx.Client(verify=TLS) as http:
        assert mock.vendor(vendor).base_url != mock.url == mock.vendor(other).base_url
        assert send(http, mock.vendor(vendor), PAIR[1], all_rows_params(PAIR[1])).status_code == 200


def test_connected_mock_works_without_context() -> None:
    with SessionMock(sessions=3) as mock:
        remote = SessionMock.connect(mock.url)

        assert (remote.owns_server, remote.world.counts, remote.vendors, repr(remote)) == (
            False,
            [3, 3],
            mock.vendors,
            repr(mock),
        )
        assert remote.start() is remote
        remote.stop()
        with pytest.raises(RuntimeError, match=f"connection to {mock.url} is closed.*mock.start()"):
            use_attribute(remote, "clock")
        assert remote.start().clock.now == mock.clock.now
        remote.stop()


def test_connect_without_server_raises() -> None:
    with SessionMock() as mock:
        url = mock.url
    with pytest.raises(AdminError, match=f"no response from {url} .*is `session-mock serve` running there"):
        SessionMock.connect(url)


def test_connected_mock_controls_running_server() -> None:
    with SessionMock(sessions=3) as mock:
        remote = SessionMock.connect(mock.url)
        with remote, remote.create_tenant("theirs", sessions=2) as tenant:
            inside = mock.admin.world("theirs").sites[0].sessions
            remote.clock.freeze(FIRST)
        with remote:
            again = remote.clock.now

        assert (mock.owns_server, remote.owns_server, inside, again) == (True, False, 2, FIRST)
        assert tenant.id not in [access.id for access in mock.admin.tenants()]


def test_connect_requires_admin_token() -> None:
    with SessionMock(sessions=3, admin_token="open") as mock:
        with pytest.raises(AdminError, match="Authorization: Bearer TOKEN"):
            SessionMock.connect(mock.url)
        with SessionMock.connect(mock.url, "open") as remote:
            assert remote.world.counts == mock.world.counts
