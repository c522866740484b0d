"""A forward proxy that answers requests to the vendors' hosts itself."""

import asyncio
import ssl
from collections.abc import Collection
from typing import NamedTuple

from aiohttp import web
from aiohttp.hdrs import METH_CONNECT
from aiohttp.typedefs import Handler as RequestHandler
from aiohttp.typedefs import Middleware

from mockserver.contract.errors import VendorError
from mockserver.server.certificates import LOCAL_HOSTS, Authority
from mockserver.server.handler import Handler
from mockserver.server.http.access_log import server_log
from mockserver.server.http.raw_request import is_url
from mockserver.server.proxy.relay import Pipe, read_as_origin
from mockserver.server.tenancy.urls import Ports

_HTTP = 80
_HTTPS = 443
_MAX_LOGGED = 20
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class _Target(NamedTuple):
    """The host that a client asks its proxy for."""

    host: str
    port: int
    is_tunnel: bool


class _Buffer(asyncio.Protocol):
    """Keeps what arrives with the end of a TLS handshake, until the protocol of the connection is ready."""

    def __init__(self) -> None:
        self.received = b""
        self.is_lost = False

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- the interface of asyncio
        self.is_lost = True


class Proxy:
    """Decides what happens to the requests that clients send to the server as a proxy.

    Hosts in *answered*, such as the vendors', are answered by the mock, also in a tunnel: the connection of
    the client becomes a connection of the server, with TLS on it, so failures on the wire reach the client.
    Hosts in *passed* get the requests themselves. All others are refused.
    """

    def __init__(
        self,
        authority: Authority,
        ports: Ports,
        host: str,
        answered: frozenset[str],
        passed: Collection[str],
    ) -> None:
        """Use the certificates of an authority, and recognize the server's own *host* and *ports*."""
        self._authority = authority
        self._ports = ports
        self._own_hosts = frozenset({*LOCAL_HOSTS, host.lower()})
        self._answered = answered
        self._passed = frozenset(name.lower() for name in passed)
        self._refused: set[str] = set()
        """Unknown hosts with a line in the log; bounded, because clients name them."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._pipes: set[Pipe] = set()
        self.server: web.Server | None = None
        """Creates the protocol of a connection; set when the port is open."""

    def create_middleware(self, vendor_handler: Handler) -> Middleware:
        """Return a middleware for the server's application; *vendor_handler* journals what is refused."""

        @web.middleware
        async def middleware(request: web.Request, handler: RequestHandler) -> web.StreamResponse:
            target = _parse_target(request)
            if target is None:
                return await handler(request)
            if target.is_tunnel and _has_early_data(request):
                message = (
                    "the request is followed by data; wait for the response to CONNECT before sending more"
                )
                return await vendor_handler.reject(
                    request, VendorError("early_data", {"message": message}), 400
                )
            if self._is_passed(target):
                return await self._pass(request, target, vendor_handler)
            if not target.is_tunnel and target.host in self._answered | self._own_hosts:
                return await handler(request)
            if target.is_tunnel and target.host in self._answered and target.port in (_HTTP, _HTTPS):
                return await self._serve_tunnel(request, target)
            return await self._refuse(request, target, vendor_handler)

        return middleware

    async def close(self) -> None:
        """Close the connections that do not belong to the server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pipe in list(self._pipes):
            _abort(pipe)

    def _is_passed(self, target: _Target) -> bool:
        if target.host in self._passed:
            return True
        ports = {self._ports.port, self._ports.tls_port, *self._ports.vendor_ports.values()}
        return target.is_tunnel and target.host in self._own_hosts and target.port in ports

    async def _refuse(self, request: web.Request, target: _Target, handler: Handler) -> web.StreamResponse:
        if target.host in self._answered:
            problem = f"port {target.port} of {target.host} is not known; use {_HTTPS} or {_HTTP}"
        else:
            known = "\n".join(f"  {host}" for host in sorted({*self._answered, *self._passed}))
            problem = (
                f"the host {target.host} is not known to this proxy;"
                f" --answer {target.host} answers it, --pass {target.host} lets it through\n"
                f"Known hosts are:\n{known}\n"
            )
            self._log_refusal(target)
        return await handler.reject(request, VendorError("unknown_host", {"message": problem}), 502)

    def _log_refusal(self, target: _Target) -> None:
        """Log an unknown host once; clients do not show the response to CONNECT."""
        if target.is_tunnel and target.host not in self._refused and len(self._refused) < _MAX_LOGGED:
            self._refused.add(target.host)
            server_log().warning(
                "the proxy refused a connection to %s, which is not a vendor's host;"
                " --answer %s answers it, --pass %s lets it through",
                *[target.host] * 3,
            )

    async def _serve_tunnel(self, request: web.Request, target: _Target) -> web.StreamResponse:
        """Make the connection of the client a connection of the server, with TLS on port 443."""
        if self.server is None:
            raise RuntimeError("the proxy has no server")
        protocol = self.server()
        transport = _take_over(request)
        if transport is None:
            raise asyncio.CancelledError
        transport.write(_ESTABLISHED)
        if target.port == _HTTP:
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            transport.resume_reading()
        else:
            task = asyncio.get_running_loop().create_task(self._serve_tls(transport, target.host, protocol))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        raise asyncio.CancelledError

    async def _serve_tls(self, transport: asyncio.Transport, host: str, protocol: web.RequestHandler) -> None:
        """Serve https on a connection; clients that do not trust the certificate get a line in the log."""
        buffer = _Buffer()
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(transport, buffer, self._authority.context, server_side=True)
        except ssl.SSLError as error:
            server_log().warning(
                "a client broke off the TLS handshake for %s: %s; let it trust the certificate authority of"
                " this server: `session-mock admin env` prints the variables",
                host,
                error.reason,
            )
        except OSError:  # The client has disconnected.
            transport.abort()
        else:
            if secure is None or buffer.is_lost:
                transport.abort()
                return
            secure.set_protocol(protocol)
            protocol.connection_made(secure)
            if buffer.received:
                protocol.data_received(buffer.received)

    async def _pass(self, request: web.Request, target: _Target, handler: Handler) -> web.StreamResponse:
        """Relay the connection of the client to another host."""
        first = [] if target.is_tunnel else await read_as_origin(request)
        loop = asyncio.get_running_loop()
        far = Pipe(self._pipes.discard)
        try:
            await loop.create_connection(lambda: far, target.host, target.port)
        except OSError as error:
            reason = error.strerror or error
            message = f"cannot connect to {target.host}:{target.port}: {reason}; check the host and its port"
            return await handler.reject(request, VendorError("unreachable_host", {"message": message}), 502)
        near = Pipe(self._pipes.discard)
        self._pipes.update((near, far))
        transport = _take_over(request)
        if transport is None:
            _abort(far)
        else:
            if target.is_tunnel:
                transport.write(_ESTABLISHED)
            elif far.transport is not None:
                far.transport.writelines(first)
            far.join(transport, near)
        raise asyncio.CancelledError


def _parse_target(request: web.Request) -> _Target | None:
    """Return the host that a client asks its proxy for, or None if it asks the server itself."""
    path = request.raw_path
    if request.method == METH_CONNECT:
        host, _, port = path.rpartition(":") if ":" in path else (path, "", "")
        return _Target(host.strip("[]").lower(), int(port) if port.isdecimal() else 0, is_tunnel=True)
    url = request.url
    if not is_url(request) or url.host is None:
        return None
    return _Target(url.host.lower(), url.port or _HTTP, is_tunnel=False)


def _has_early_data(request: web.Request) -> bool:
    """Return whether a client has sent something in addition to its request."""
    return bool(getattr(request.protocol, "_message_tail", b""))


def _take_over(request: web.Request) -> asyncio.Transport | None:
    """Take the connection of a request from aiohttp, which regards it as closed; it is paused.

    Return None if the client has disconnected. The caller must raise ``CancelledError`` then, as aiohttp
    expects it from a request whose connection is closed.
    """
    protocol = request.protocol
    transport = request.transport
    if transport is None:
        return None
    transport.pause_reading()
    protocol.transport = None
    protocol.connection_lost(None)
    return transport


def _abort(pipe: Pipe) -> None:
    if pipe.transport is not None:
        pipe.transport.abort()
