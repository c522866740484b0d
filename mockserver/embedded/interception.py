"""Send the requests of this process to the vendors' real hosts to a mock server instead.

Clients need no settings. All of them resolve names, connect and start TLS with the standard library, so three
places are patched: the vendors' hosts resolve to an address that is reserved for documentation, connections
to that address go to the server, and TLS for these hosts trusts the server's certificate authority.
"""

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp.abc import ResolveResult
from aiohttp.resolver import AsyncResolver
from msgspec import Struct

from mockserver.client import AdminClient
from mockserver.server.configuration.toml_files import ConfigError
from mockserver.vendors import load

_HTTPS: Final = 443
_RESERVED: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of the vendors' hosts, by family; both are reserved for documentation."""
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- the key is not bound
_PROXY_EXCEPTIONS: Final = ("NO_PROXY", "no_proxy")


class _Interception(Struct, frozen=True, eq=False):
    """A server to which requests are sent."""

    family: socket.AddressFamily
    address: str
    port: int
    tls_port: int
    context: ssl.SSLContext
    """Trusts the server's certificate authority."""

    def redirect(self, port: Any) -> tuple[str, int]:
        """Return where to connect to instead of a port of a vendor's host."""
        return self.address, self.tls_port if port == _HTTPS else self.port


_lock: Final = Lock()
_active: Final[list[_Interception]] = []
"""The last one wins."""


@contextmanager
def intercept(client: AdminClient) -> Iterator[None]:
    """Send requests to the vendors' hosts to the server of a client until the end of the context.

    If contexts are nested, the innermost one wins; each end restores what was before. Raises
    :class:`~mockserver.AdminError` for a server of another process without https.
    """
    interception = _find_server(client)
    with _lock:
        if not _active:
            _patches.apply()
        _active.append(interception)
    try:
        yield
    finally:
        with _lock:
            _active.remove(interception)
            if not _active:
                _patches.restore()


def _find_server(client: AdminClient) -> _Interception:
    client.start_tls()
    access = client.tenant()
    if access.tls_url is None:
        raise ConfigError(f"the server at {access.url} has no https; start it with --tls")
    http = urlsplit(access.url)
    tls = urlsplit(access.tls_url)
    host = tls.hostname or ""
    address = _LOOPBACK.get(host, host)
    infos = socket.getaddrinfo(address, tls.port, type=socket.SOCK_STREAM)
    family, _, _, _, found = infos[0]
    context = ssl.create_default_context(cadata=client.ca_pem().decode())
    return _Interception(family, str(found[0]), http.port or 80, tls.port or _HTTPS, context)


def _is_vendor_host(host: Any) -> bool:
    """Return whether a name, as clients write it, is that of a vendor's host."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    return isinstance(host, str) and host.lower().rstrip(".") in _hosts


_hosts: Final = frozenset(host for vendor in load() for host in vendor.contract.hosts)


def _current() -> _Interception | None:
    return _active[-1] if _active else None


def _redirect(address: Any) -> Any:
    current = _current()
    if current is None or not isinstance(address, tuple):
        return address
    host, port, *_ = address
    return current.redirect(port) if host in _RESERVED.values() or _is_vendor_host(host) else address


def _patch_getaddrinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        current = _current()
        if current is not None and _is_vendor_host(host):
            host = _RESERVED[current.family]
        return original(host, *args, **options)

    return getaddrinfo


def _patch_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        return original(self, _redirect(address))

    return connect


def _patch_wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that starts TLS with a context that trusts the server, unless the client trusts all."""

    def wrap(self: ssl.SSLContext, *args: Any, **options: Any) -> Any:
        current = _current()
        if (
            current is not None
            and _is_vendor_host(options.get("server_hostname"))
            and self.verify_mode is not ssl.CERT_NONE
        ):
            options.pop("session", None)  # It belongs to another context.
            self = current.context
        return original(self, *args, **options)

    return wrap


def _patch_resolve(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method of aiohttp's resolver that does not use the standard library."""

    async def resolve(
        self: AsyncResolver, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        current = _current()
        if current is None or not _is_vendor_host(host):
            found: list[ResolveResult] = await original(self, host, port, family)
            return found
        address = _RESERVED[current.family]
        flags = socket.AI_NUMERICHOST
        result = ResolveResult(
            hostname=host, host=address, port=port, family=current.family, proto=0, flags=flags
        )
        return [result]

    return resolve


class _Patches:
    """The replaced functions, and what they were before."""

    _TARGETS: Final = (
        (socket, "getaddrinfo", _patch_getaddrinfo),
        (socket.socket, "connect", _patch_connect),
        (socket.socket, "connect_ex", _patch_connect),
        (ssl.SSLContext, "wrap_socket", _patch_wrap),
        (ssl.SSLContext, "wrap_bio", _patch_wrap),
        (AsyncResolver, "resolve", _patch_resolve),
    )

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def apply(self) -> None:
        for owner, name, patch in self._TARGETS:
            inherited = name not in vars(owner)
            original = getattr(owner, name)
            replacement = patch(original)
            setattr(owner, name, replacement)
            self._undo.append(_undo_attribute(owner, name, replacement, None if inherited else original))
        self._bypass_proxies()

    def restore(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _bypass_proxies(self) -> None:
        """Let clients connect to the vendors' hosts without the proxies of the environment."""
        before = {name: os.environ.get(name) for name in _PROXY_EXCEPTIONS}
        exceptions = [value for value in before.values() if value]
        value = ",".join([*exceptions[:1], *sorted(_hosts)])
        for name in _PROXY_EXCEPTIONS:
            os.environ[name] = value
            self._undo.append(_undo_variable(name, value, before[name]))


def _undo_attribute(owner: Any, name: str, replacement: Any, original: Any) -> Callable[[], None]:
    """Return a function that restores an attribute, unless other code has replaced it since."""

    def undo() -> None:
        if vars(owner).get(name) is not replacement:
            return  # That code calls this function, which calls the original one.
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)

    return undo


def _undo_variable(name: str, value: str, before: str | None) -> Callable[[], None]:
    def undo() -> None:
        if os.environ.get(name) != value:
            return  # It was changed in the meantime.
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before

    return undo


_patches: Final = _Patches()
