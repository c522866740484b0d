"""A server starts and stops as often as it is told to, whatever its clients are doing."""

import socket
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import anyio
import httpx
import pytest

from mockserver import AdminError, SessionMock, VendorHandle
from mockserver.server.tenancy.config import ConfigError
from tests.library.crawling import LISTS, all_rows_params, send

PAIR = LISTS[0]
FIRST = datetime(2026, 9, 10, 12, tzinfo=UTC)


def port_of(mock: SessionMock) -> int:
    """The port that a server was given."""
    return int(mock.url.rpartition(":")[2])


def is_served(port: int) -> bool:
    """Whether somebody listens."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def test_server_serves_as_long_as_the_context_is_open() -> None:
    """The port is there inside, and nobody listens to it after."""
    with SessionMock(sessions=3) as mock:
        port, inside = port_of(mock), is_served(port_of(mock))

    assert (inside, is_served(port)) == (True, False)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_context_under_any_event_loop_starts_and_stops(backend: str) -> None:
    """Inside, HTTP requests of the same loop and calls of the handle both work."""

    async def use() -> tuple[int, int, int]:
        async with SessionMock(sessions=3) as mock, httpx.AsyncClient() as http:
            answer = await http.get(mock.url + "/__admin/health")
            mock.clock.advance(1)
            return port_of(mock), answer.status_code, mock.world.counts[0]

    port, *inside = anyio.run(use, backend=backend)

    assert (inside, is_served(port)) == ([200, 3], False)


def test_stopped_server_can_be_started_again() -> None:
    """It is a new server then: every part of the handle speaks to it, and stopping twice does nothing."""
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


def test_running_server_is_not_started_twice() -> None:
    """The second start is refused, and the first server goes on."""
    with SessionMock(sessions=3) as mock:
        with pytest.raises(RuntimeError, match=f"runs already, at {mock.url}"):
            mock.start()

        assert mock.admin.health().status == "healthy"


def test_taken_port_is_an_os_error() -> None:
    """It names the port, and whoever has it goes on."""
    with SessionMock(sessions=3) as mock:
        with pytest.raises(OSError, match=str(port_of(mock))):
            SessionMock(port=port_of(mock)).start()

        assert mock.admin.health().status == "healthy"


def ask(mock: SessionMock, name: str) -> None:
    """Use an attribute, and call it where it is a method."""
    found = getattr(mock, name)
    if callable(found):
        found()


@pytest.mark.parametrize("use", ["url", "clock", "world", "journal", "admin", "vendors", "label", "tenant"])
@pytest.mark.parametrize("stopped", [False, True])
def test_server_that_is_not_running_says_so(use: str, *, stopped: bool) -> None:
    """Whatever is asked of it before its start or after its end, the error tells what to do."""
    mock = SessionMock(sessions=3)
    if stopped:
        mock.start()
        mock.stop()
    with pytest.raises(RuntimeError, match="or after mock"):
        ask(mock, use)

    assert repr(mock) == "<SessionMock, not running>"


def test_part_that_outlives_its_server_says_so() -> None:
    """A clock, or a tenant, of a server that has stopped does not wait for an answer."""
    with SessionMock(sessions=3) as mock:
        clock, tenant = mock.clock, mock.tenant()
    for part, name in ((clock, "advance"), (tenant, "label")):
        with pytest.raises(RuntimeError, match="has stopped"):
            getattr(part, name)(*[1] * (part is clock))


def test_name_that_does_not_exist_is_an_attribute_error() -> None:
    """A misspelled name is one whether the server runs or not, and the server can be shown."""
    with SessionMock(sessions=3) as mock:
        assert not hasattr(mock, "wrold")
        assert repr(mock) == f"<SessionMock at {mock.url}>"

    assert not hasattr(mock, "wrold")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sesions": 3}, "did you mean 'sessions'"),
        ({"sessions": -1}, "sessions"),
        ({"profile": "emty"}, "did you mean 'empty'"),
        ({"now": datetime(2026, 9, 9)}, "has no time zone"),  # noqa: DTZ001 -- that is the point
        ({"vendor_ports": {"nobody": 0}}, "there is no vendor 'nobody'"),
        ({"host": "0.0.0.0"}, "is not loopback"),  # noqa: S104 -- it is refused
    ],
)
def test_setting_that_cannot_be_is_told(settings: dict[str, Any], says: str) -> None:
    """Nothing is started, and the error says which setting it is and what would be right."""
    before = threading.active_count()
    with pytest.raises(ValueError, match=says):
        SessionMock(**settings).start()

    assert threading.active_count() == before


def test_error_of_a_setting_has_its_public_class() -> None:
    """What the docstring promises is what is raised."""
    with pytest.raises(ConfigError):
        SessionMock(profile="emty").start()


def test_instants_may_be_datetimes() -> None:
    """A world's ends and the clock are read from datetimes, wherever they are given."""
    start, end, now = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 2))
    with SessionMock(sessions=100, start=start, end=end, now=now) as mock:
        own, created = mock.world.spec, mock.tenant(sessions=100, start=start, end=end, now=now)
        other = mock.tenant(now=now)
        other.replace_world(sessions=100, start=start, end=end)

        assert [each.clock.now for each in (mock, created, other)] == [now] * 3
        assert [each.world.spec["end"] for each in (created, other)] == [own["end"]] * 2
        assert 0 < mock.world.counts[0] < 100


def occupied(mock: SessionMock, stack: ExitStack) -> threading.Thread:
    """Open connections of all kinds: idle, kept alive, stalled in the middle of a request, and one that waits for its answer."""
    sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port_of(mock)))) for _ in range(15)]
    for each in sockets[5:10]:
        each.sendall(b"POST /anything HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\nhalf")
    for each in sockets[10:]:
        each.sendall(b"GET /__admin/health HTTP/1.1\r\nHost: here\r\n\r\n")
        each.recv(1)
    mock.faults.add("latency", seconds=60)
    asked = threading.Thread(target=ask_once, args=(mock.vendor(PAIR[0].name),))
    asked.start()
    while not mock.journal.count(vendor=PAIR[0].name):
        pass
    return asked


def ask_once(vendor: VendorHandle) -> None:
    """Send a request that may never be answered."""
    with suppress(httpx.HTTPError, OSError), httpx.Client(timeout=60) as http:
        send(http, vendor, PAIR[1], all_rows_params(PAIR[1]))


def test_server_stops_whatever_its_clients_are_doing() -> None:
    """Connections that are open, stalled, or wait for an answer hold nobody up: 50 ms are usual, 100 promised."""
    mock = SessionMock(sessions=3).start()
    with ExitStack() as stack:
        asked = occupied(mock, stack)
        began = perf_counter()
        mock.stop()
        took = perf_counter() - began
        asked.join(10)

        assert not asked.is_alive()
        assert took < 2  # The machine of a test may be busy.


def test_nobody_waits_for_a_server_that_stops() -> None:
    """Threads that steer while it stops get their answer or an error, and all of them end."""
    mock = SessionMock(sessions=3).start()
    tenant, ended, begun = mock.tenant(), [], threading.Barrier(5)

    def steer() -> None:
        begun.wait()
        try:
            while True:
                tenant.clock.advance(1)
        except RuntimeError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=steer) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    mock.stop()
    for thread in threads:
        thread.join(10)

    assert ["has stopped" in each for each in ended] == [True] * 4


def test_vendor_may_have_a_port_of_its_own() -> None:
    """Its clients are pointed there, and everybody else to the server's."""
    vendor, other = PAIR[0].name, next(pair[0].name for pair in LISTS if pair[0] is not PAIR[0])
    with SessionMock(sessions=3, vendor_ports={vendor: 0}) as mock, httpx.Client() as http:
        assert mock.vendor(vendor).base_url != mock.url == mock.vendor(other).base_url
        assert send(http, mock.vendor(vendor), PAIR[1], all_rows_params(PAIR[1])).status_code == 200


def test_connected_mock_is_usable_without_context() -> None:
    """It needs no start, can be stopped, and then names the way to connect again."""
    with SessionMock(sessions=3) as mock:
        remote = SessionMock.connect(mock.url)

        assert (remote.own, remote.world.counts, remote.vendors, repr(remote)) == (
            False,
            [3, 3],
            mock.vendors,
            repr(mock),
        )
        assert remote.start() is remote
        remote.stop()
        with pytest.raises(RuntimeError, match=f"connection to {mock.url} is closed.*mock.start()"):
            ask(remote, "clock")
        assert remote.start().clock.now == mock.clock.now
        remote.stop()


def test_connect_without_server_raises_at_once() -> None:
    """The error names the URL and a remedy."""
    with SessionMock() as mock:
        url = mock.url
    with pytest.raises(AdminError, match=f"at {url} .*is `session-mock serve` running there"):
        SessionMock.connect(url)


def test_running_server_is_used_from_elsewhere() -> None:
    """At its URL the same tenants are steered; leaving stops nothing, and it can be entered again."""
    with SessionMock(sessions=3) as mock:
        remote = SessionMock.connect(mock.url)
        with remote, remote.tenant("theirs", sessions=2) as tenant:
            inside = mock.admin.world("theirs").sites[0].sessions
            remote.clock.freeze(FIRST)
        with remote:
            again = remote.clock.now

        assert (mock.own, remote.own, inside, again) == (True, False, 2, FIRST)
        assert tenant.id not in [each.id for each in mock.admin.tenants()]


def test_server_that_asks_for_a_token_is_used_with_it() -> None:
    """Who has the token steers; in the same process nobody asks for it."""
    with SessionMock(sessions=3, admin_token="open") as mock:
        with pytest.raises(AdminError, match="Authorization: Bearer TOKEN"):
            SessionMock.connect(mock.url)
        with SessionMock.connect(mock.url, "open") as remote:
            assert remote.world.counts == mock.world.counts
