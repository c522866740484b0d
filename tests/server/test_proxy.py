"""The server as a forward proxy, and https: certificates, tunnels, other hosts, and failures on the wire."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

import pytest

from mockserver import SessionMock
from mockserver.embedded.interception import intercept
from mockserver.server.configuration.toml_files import ConfigError
from mockserver.vendors import load
from tests.support.requests_to_hosts import HostRequest, requests_to_hosts

SECONDS: Final = 20
UNKNOWN: Final = "other.example"


@pytest.fixture(name="mock", scope="module")
def _mock() -> Iterator[SessionMock]:
    """Start a proxy that also serves https, and passes requests on to this computer under another name."""
    with SessionMock(sessions=5, tls=True, proxy=True, pass_hosts=["127.0.0.2"]) as mock:
        yield mock


def _connect(url: str | None) -> socket.socket:
    address = (url or "").rpartition("/")[2].rpartition(":")
    return socket.create_connection((address[0], int(address[2])), timeout=SECONDS)


def _read_head(connection: socket.socket) -> str:
    """Read the head of a response, and nothing after it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = connection.recv(1)
        if not received:
            break
        head += received
    return head.decode()


def _read_all(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def _ask(url: str | None, text: str) -> bytes:
    """Send a request, and return everything until the end of the connection."""
    with closing(_connect(url)) as connection:
        connection.sendall(text.encode())
        return _read_all(connection)


@contextmanager
def _open_tls(mock: SessionMock, host: str, *, tunnel: bool) -> Iterator[ssl.SSLSocket]:
    """Connect to a host by https: through the proxy, or on the port with https."""
    connection = _connect(mock.proxy_url if tunnel else mock.tls_url)
    if tunnel:
        connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert _read_head(connection).startswith("HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=mock.ca_file)
    with context.wrap_socket(connection, server_hostname=host) as secure:
        yield secure


def _write(sent: HostRequest) -> bytes:
    """Return a request as bytes, which ends its connection."""
    body = sent.body or b""
    headers = {"Host": sent.host, **sent.headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"{sent.method} {sent.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _unmatched(mock: SessionMock) -> list[dict[str, Any]]:
    return [json.loads(line) for line in mock.admin.export_journal("ndjson", None).splitlines()]


def test_every_host_has_certificate_in_tunnel_and_on_port(mock: SessionMock) -> None:
    sent = requests_to_hosts(mock)
    mock.journal.clear()
    for request in sent:
        for tunnel in (True, False):
            with _open_tls(mock, request.host, tunnel=tunnel) as connection:
                connection.sendall(_write(request))
                assert _read_all(connection).startswith(b"HTTP/1.1 200 "), request
    urls = [entry["request"]["url"] for entry in mock.journal.har()["log"]["entries"]]

    assert [url.partition("?")[0] for url in urls] == [
        request.url.partition("?")[0] for request in sent for _ in range(2)
    ]
    assert len(sent) >= len(load())


def test_own_names_have_certificate(mock: SessionMock) -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        with _open_tls(mock, host, tunnel=False) as connection:
            assert connection.version() == "TLSv1.3"


def test_several_requests_share_tunnel_and_early_data_arrives(mock: SessionMock) -> None:
    [sent, *_] = requests_to_hosts(mock)
    request = _write(sent).replace(b"Connection: close\r\n", b"")
    with _open_tls(mock, sent.host, tunnel=True) as connection:
        connection.sendall(request)
        assert _read_head(connection).startswith("HTTP/1.1 200 ")
        connection.sendall(request + _write(sent))
        assert _read_all(connection).count(b"HTTP/1.1 200 ") == 2


def test_plain_http_is_answered_by_host_of_url_and_in_tunnel(mock: SessionMock) -> None:
    [sent, *_] = requests_to_hosts(mock)
    absolute = _write(sent).decode().replace(sent.path, f"http://{sent.host}{sent.path}", 1)
    with closing(_connect(mock.proxy_url)) as connection:
        connection.sendall(f"CONNECT {sent.host}:80 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert _read_head(connection).startswith("HTTP/1.1 200 ")
        connection.sendall(_write(sent))
        in_tunnel = _read_all(connection)
    by_url = _ask(mock.proxy_url, absolute.replace(f"Host: {sent.host}", f"Host: {UNKNOWN}"))
    own = _ask(mock.proxy_url, f"GET {mock.url}/__admin/health HTTP/1.0\r\nHost: localhost\r\n\r\n")

    assert [answer.split(b" ")[1] for answer in (in_tunnel, by_url, own)] == [b"200"] * 3


@pytest.mark.parametrize(
    ("request_line", "named"),
    [
        (f"CONNECT {UNKNOWN}:443", "--pass other.example"),
        (f"GET http://{UNKNOWN}/x", "--pass other.example"),
        (f"CONNECT {load()[0].contract.hosts[0]}:8443", "port 8443"),
        (f"CONNECT {UNKNOWN}", "--pass other.example"),
        ("CONNECT 127.0.0.2:1", "cannot connect to 127.0.0.2:1"),
    ],
)
def test_other_hosts_are_refused_with_list_of_known_ones(
    mock: SessionMock, request_line: str, named: str
) -> None:
    mock.admin.clear_journal(None)
    answer = _ask(mock.proxy_url, f"{request_line} HTTP/1.0\r\nHost: {UNKNOWN}\r\n\r\n").decode()
    [exchange] = _unmatched(mock)

    assert answer.startswith("HTTP/1.0 502 ")
    assert named in answer
    assert all(host in answer for host in load()[0].contract.hosts) or UNKNOWN not in request_line
    assert exchange["response"]["status"] == 502
    assert exchange["error"] in ("unknown_host", "unreachable_host")


@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnel", "port"])
def test_failures_on_wire_are_seen_through_tls(mock: SessionMock, *, tunnel: bool) -> None:
    [sent, *_] = requests_to_hosts(mock)
    for kind, fault in (
        ("reset", {"kind": "reset"}),
        ("truncate", {"kind": "truncate"}),
        ("dribble", {"kind": "dribble", "pieces": 3, "pause": 0}),
    ):
        with mock.create_tenant(sessions=5, faults=[fault]) as tenant:
            [request] = [each for each in requests_to_hosts(tenant) if each.host == sent.host]
            with _open_tls(mock, sent.host, tunnel=tunnel) as connection:
                connection.sendall(_write(request))
                if kind == "reset":  # Python's TLS takes a reset for an end.
                    with socket.socket(fileno=os.dup(connection.fileno())) as raw:
                        raw.settimeout(SECONDS)
                        with pytest.raises(ConnectionResetError):
                            _read_all(raw)
                    continue
                head, _, body = _read_all(connection).partition(b"\r\n\r\n")
            [length] = [
                int(line.split(b" ")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")
            ]

        assert (len(body) < length) == (kind == "truncate"), kind


def test_tunnel_with_early_data_is_refused(mock: SessionMock) -> None:
    host = load()[0].contract.hosts[0]
    answer = _ask(
        mock.proxy_url, f"CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n\x16\x03"
    )

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"wait for the response" in answer


def test_client_that_does_not_trust_certificate_is_told_in_log(
    mock: SessionMock, caplog: pytest.LogCaptureFixture
) -> None:
    [sent, *_] = requests_to_hosts(mock)
    with closing(_connect(mock.proxy_url)) as connection:
        connection.sendall(f"CONNECT {sent.host}:443 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        _read_head(connection)
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(connection, server_hostname=sent.host)
    with closing(_connect(mock.proxy_url)) as connection:
        connection.sendall(f"CONNECT {sent.host}:443 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        _read_head(connection)
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert _read_all(connection)[:1] in (b"", b"\x15")  # An alert of TLS, or only the end.

    assert sent.host in caplog.text
    assert "admin env" in caplog.text
    assert "Traceback" not in caplog.text


class _Other:
    """Another host: echoes what it receives until the end, then sends its own end; or resets."""

    def __init__(self, *, reset: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.2", 0))
        self.port: int = self._listener.getsockname()[1]
        self._reset = reset
        self._thread = Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            if self._reset:
                connection.recv(1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                return
            received = connection.recv(65_536)
            if not received:
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + received)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass


def test_passed_host_gets_request_as_origin_and_tunnel_as_it_is(mock: SessionMock) -> None:
    with _Other() as other:
        answer = _ask(
            mock.proxy_url,
            f"POST http://127.0.0.2:{other.port}/a?b=1 HTTP/1.1\r\nHost: 127.0.0.2:{other.port}\r\n"
            "Proxy-Connection: keep-alive\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nhi",
        ).decode()
    with _Other() as other, closing(_connect(mock.proxy_url)) as connection:
        connection.sendall(f"CONNECT 127.0.0.2:{other.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert _read_head(connection).startswith("HTTP/1.1 200 ")
        connection.sendall(b"\x00raw")
        connection.shutdown(socket.SHUT_WR)
        tunnelled = _read_all(connection)
    with _Other(reset=True) as other, closing(_connect(mock.proxy_url)) as connection:
        connection.sendall(f"CONNECT 127.0.0.2:{other.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        _read_head(connection)
        connection.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            _read_all(connection)

    assert answer.startswith("HTTP/1.1 200 OK\r\n\r\nPOST /a?b=1 HTTP/1.1\r\nHost: 127.0.0.2")
    assert answer.endswith("X-Own: 1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
    assert tunnelled == b"HTTP/1.1 200 OK\r\n\r\n\x00raw"


def test_end_of_server_closes_tunnels_and_removes_files() -> None:
    with _Other() as other, SessionMock(sessions=3, proxy=True, pass_hosts=["127.0.0.2"]) as mock:
        host = load()[0].contract.hosts[0]
        connections = [_connect(mock.proxy_url) for _ in range(3)]
        for connection, target in zip(
            connections, (f"{host}:80", f"{host}:443", f"127.0.0.2:{other.port}"), strict=True
        ):
            connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert _read_head(connection).startswith("HTTP/1.1 200 ")
        folder = Path(mock.ca_file or "").parent
        assert folder.is_dir()
        mock.stop()
        for connection in connections:
            with connection:
                assert connection.recv(1) == b""

    assert not folder.exists()


def test_missing_package_is_explained_with_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    both: list[dict[str, Any]] = [{"tls": True}, {"proxy": True}]
    for settings in both:
        with pytest.raises(ConfigError, match=r"trustme.*pip install 'session-mock\[tls\]'"):
            SessionMock(**settings).start()
    with SessionMock(sessions=3) as mock:
        with pytest.raises(ConfigError, match="trustme"), intercept(mock.admin):
            pass
        assert mock.admin.health().status == "healthy"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"pass_hosts": ["a.example"]}, "pass_hosts: .*set proxy too"),
        ({"proxy": True, "pass_hosts": ["http://a.example"]}, "pass_hosts"),
        ({"answer_hosts": ["a.example"]}, "answer_hosts: .*without proxy or tls"),
        ({"tls": True, "answer_hosts": ["a b"]}, "answer_hosts"),
        (
            {"proxy": True, "pass_hosts": ["a.example"], "answer_hosts": ["A.example"]},
            "answer_hosts: 'a.example' is one of pass_hosts too",
        ),
        ({"tls": True, "tls_port": 70_000}, "tls_port"),
    ],
)
def test_invalid_settings_are_rejected(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        SessionMock(**settings)


def test_start_without_tls_imports_nothing_for_it() -> None:
    code = (
        "import sys\nfrom mockserver import SessionMock\n"
        "with SessionMock(sessions=3): pass\n"
        "print([name for name in sys.modules if name in ('trustme', 'certifi', 'cryptography')"
        " or name.startswith(('mockserver.server.proxy', 'mockserver.server.certificates',"
        " 'mockserver.embedded.interception'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
