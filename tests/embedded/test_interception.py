"""Unmodified clients in this process reach the mock at the vendors' real hosts, and nothing is left of it."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import anyio
import httpx
import pytest
import requests
import urllib3
from aiohttp.resolver import AsyncResolver

from mockserver import AdminError, SessionMock
from tests.support.requests_to_hosts import HostRequest, requests_to_hosts


@pytest.fixture(name="tls", scope="module")
def _tls() -> Iterator[SessionMock]:
    """Start a server whose certificates and port no other test uses."""
    with SessionMock(sessions=10) as mock:
        yield mock


def _send_with_requests(sent: HostRequest) -> int:
    return requests.request(
        sent.method, sent.url, headers=sent.headers, data=sent.body, timeout=20
    ).status_code


def _send_with_httpx(sent: HostRequest) -> int:
    return httpx.request(sent.method, sent.url, headers=sent.headers, content=sent.body).status_code


def _send_with_async_httpx(sent: HostRequest) -> int:
    async def send() -> int:
        async with httpx.AsyncClient() as client:
            response = await client.request(sent.method, sent.url, headers=sent.headers, content=sent.body)
            return response.status_code

    statuses = {asyncio.run(send()), anyio.run(send, backend="trio")}
    return statuses.pop() if len(statuses) == 1 else 0


def _send_with_urllib(sent: HostRequest) -> int:
    request = urllib.request.Request(sent.url, sent.body, sent.headers, method=sent.method)  # noqa: S310 -- https
    with urllib.request.urlopen(request) as response:  # noqa: S310 -- as above
        return int(response.status)


def _send_with_http_client(sent: HostRequest) -> int:
    connection = http.client.HTTPSConnection(sent.host)
    connection.request(sent.method, sent.path, sent.body, sent.headers)
    status = connection.getresponse().status
    connection.close()
    return status


def _send_with_urllib3(sent: HostRequest) -> int:
    with urllib3.PoolManager() as pool:
        return pool.request(sent.method, sent.url, sent.body, headers=sent.headers, retries=False).status


def _send_with_aiohttp(sent: HostRequest) -> int:
    async def send() -> int:
        async with aiohttp.ClientSession() as session:
            response = await session.request(sent.method, sent.url, headers=sent.headers, data=sent.body)
            await response.read()
            return response.status

    return asyncio.run(send())


CLIENTS: Final[dict[str, Callable[[HostRequest], int]]] = {
    "requests": _send_with_requests,
    "httpx": _send_with_httpx,
    "httpx, asynchronous": _send_with_async_httpx,
    "urllib": _send_with_urllib,
    "http.client": _send_with_http_client,
    "urllib3": _send_with_urllib3,
    "aiohttp": _send_with_aiohttp,
}
PATCHED: Final = (
    (socket, "getaddrinfo"),
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (ssl.SSLContext, "wrap_socket"),
    (ssl.SSLContext, "wrap_bio"),
    (AsyncResolver, "resolve"),
)


def _state() -> tuple[Any, ...]:
    """Return everything that an interception changes."""
    return dict(os.environ), [vars(owner).get(name) for owner, name in PATCHED]


@pytest.mark.parametrize("client", CLIENTS)
def test_unmodified_client_reaches_mock_at_host_of_every_vendor(tls: SessionMock, client: str) -> None:
    before = _state()
    with tls.create_tenant(sessions=5) as tenant:
        first_hosts = {each.vendor: each for each in reversed(requests_to_hosts(tenant))}
        sent = list(first_hosts.values())
        with tenant.intercept():
            assert tenant.tls_url is not None
            statuses = {each.host: CLIENTS[client](each) for each in sent}
        journal = tenant.journal.har()["log"]["entries"]

    assert statuses == dict.fromkeys(statuses, 200)
    assert {entry["request"]["url"].partition("?")[0] for entry in journal} == {
        each.url.partition("?")[0] for each in sent
    }
    assert _state() == before


def test_end_of_interception_restores_everything_after_exception(
    tls: SessionMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "intern.example")
    monkeypatch.delenv("no_proxy", raising=False)
    before = _state()
    with suppress(ZeroDivisionError), tls.intercept():
        during = _state()
        raise ZeroDivisionError

    assert during[0]["NO_PROXY"].startswith("intern.example,")
    assert not any(one is other for one, other in zip(during[1], before[1], strict=True))
    assert _state() == before


def test_innermost_of_nested_interceptions_wins(tls: SessionMock) -> None:
    """Tenants of one server are told apart by their credentials; of two servers, the last one gets all."""
    before = _state()
    with (
        SessionMock(sessions=5, seed=99) as other,
        tls.create_tenant() as first,
        tls.create_tenant() as second,
    ):
        to_tls, to_other = (requests_to_hosts(tenant)[0] for tenant in (tls, other))
        to_first, to_second = (requests_to_hosts(tenant)[0] for tenant in (first, second))
        with first.intercept():
            with second.intercept():
                assert [_send_with_requests(sent) for sent in (to_first, to_second)] == [200, 200]
            with other.intercept():
                assert _send_with_requests(to_other) == 200
                assert _send_with_requests(to_tls) >= 400
            assert _send_with_requests(to_tls) == 200
        assert [len(list(tenant.journal)) for tenant in (first, second)] == [1, 1]
        with ExitStack() as outer, ExitStack() as inner:
            outer.enter_context(tls.intercept())
            inner.enter_context(other.intercept())
            outer.close()
            assert _send_with_requests(to_other) == 200
    assert _state() == before


def test_interception_keeps_replacements_of_other_code(
    tls: SessionMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", original)  # Restored by monkeypatch at the end.
    with tls.intercept():
        intercepted = socket.getaddrinfo
        replacement = partial(intercepted)
        monkeypatch.setattr(socket, "getaddrinfo", replacement)
        status = _send_with_http_client(requests_to_hosts(tls)[0])

    assert status == 200
    assert socket.getaddrinfo is replacement
    assert socket.getaddrinfo("127.0.0.1", 80) == original("127.0.0.1", 80)


def test_interception_leaves_other_hosts_and_untrusting_clients_alone(tls: SessionMock) -> None:
    sent = requests_to_hosts(tls)[0]
    with tls.intercept():
        assert requests.get(f"{tls.url}/__admin/health", timeout=20).status_code == 200
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{tls.tls_url}/__admin/health").close()  # noqa: S310 -- https
        with urllib3.PoolManager(cert_reqs="CERT_NONE") as pool, pytest.warns(urllib3.exceptions.HTTPWarning):
            response = pool.request(sent.method, sent.url, sent.body, headers=sent.headers)
        assert response.status == 200


def test_resolver_of_aiohttp_that_asks_name_servers_itself_is_intercepted(tls: SessionMock) -> None:
    host = requests_to_hosts(tls)[0].host
    resolver = object.__new__(AsyncResolver)  # Its constructor needs aiodns.
    with tls.intercept():
        [found] = asyncio.run(resolver.resolve(host, 443))

    assert (found["hostname"], found["port"]) == (host, 443)
    assert found["host"].startswith("192.0.2.")


def test_connected_server_without_https_is_refused(tls: SessionMock) -> None:
    with SessionMock(sessions=3) as plain:
        remote = SessionMock.connect(plain.url)
        before = _state()
        with pytest.raises(AdminError, match="start it with --tls"), remote.intercept():
            pass
        remote.stop()
    assert _state() == before

    with tls.intercept():
        pass
    remote = SessionMock.connect(tls.url)
    sent = requests_to_hosts(remote)[0]
    with remote.intercept():
        status = _send_with_httpx(sent)
    remote.stop()

    assert status == 200


def test_tenant_describes_https_as_json(tls: SessionMock) -> None:
    with tls.intercept():
        described = requests.get(f"{tls.url}/__admin/tenants/default", timeout=20).json()
    secure = requests.get(
        f"{described['tls_url']}/__admin/tenants/default", verify=described["ca_file"], timeout=20
    )
    pem = requests.get(f"{tls.url}/__admin/ca.pem", timeout=20)

    assert secure.json() == described
    assert json.dumps(described).count("https://") == 1
    assert pem.headers["content-type"].startswith("application/x-pem-file")
    assert pem.content in Path(described["ca_bundle"]).read_bytes()
