"""HTTP transport of the admin client: keeps connections open, and can be used by many threads."""

import os
from collections import deque
from collections.abc import Generator, Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from selectors import EVENT_READ, DefaultSelector
from types import NoneType
from typing import Any, Final, Protocol, SupportsIndex, TypeVar

from msgspec import DecodeError, json

from mockserver._util import parsers
from mockserver._util.printable import printable
from mockserver.admin_schemas.server import Problem
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client.plain_values import to_plain

PREFIX: Final = "/__admin"
LINES: Final = "application/x-ndjson"
PEM: Final = "application/x-pem-file"
_FIRST_ERROR_STATUS: Final = 400
_NO_RESPONSE: Final = 0
_CHUNK_SIZE: Final = 1 << 16
_FAILURES: Final = (OSError, HTTPException, UnicodeError)
"""Errors that prevent a response; UnicodeError is raised for an impossible host name."""
T = TypeVar("T")


class AdminError(Exception):
    """The server rejected a request, or did not respond (then ``status`` is 0)."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail

    def __reduce__(self) -> tuple[type["AdminError"], tuple[int, str, str]]:
        return AdminError, (self.status, self.title, self.detail)


def is_admin_error(info: Any) -> bool:
    """Return True if pytest reports an :class:`AdminError`.

    Modules have this function as their ``__tracebackhide__``: pytest then hides their frames, so that the
    traceback ends at the line of the test.
    """
    return isinstance(getattr(info, "value", None), AdminError)


__tracebackhide__ = is_admin_error


class NotPicklable:
    """Base class of objects that belong to one process; pickling raises ``TypeError``."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise TypeError(
            f"cannot pickle a {type(self).__name__}: it belongs to this process;"
            " pass the server's `url`, or the result of `tenant.vendor(name)`,"
            " and use SessionMock.connect(url) or AdminClient(url, token) in the other process"
        )


class Transport(Protocol):
    """Sends requests to the admin API of one server."""

    @property
    def url(self) -> str:
        """The URL of the server."""

    def request(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and decode its response as *model*; raises :class:`AdminError`."""

    def get_bytes(self, path: str, media: str) -> bytes:
        """Return the body of a GET response, which must have the media type *media*."""

    def stream_lines(self, path: str, body: Any) -> Generator[Any]:
        """Send a POST request and yield each line of its JSON-lines response as it arrives."""

    def start_tls(self) -> None:
        """Let the server accept https; raises :class:`AdminError` if that is impossible."""

    def close(self) -> None:
        """Release resources; the transport can still be used."""


class Connection:
    """Sends HTTP requests to one server; concurrent requests use separate sockets."""

    def __init__(self, url: str, token: str | None, seconds: float) -> None:
        """Use the server at *url*, with or without ``/__admin``; *seconds* is the timeout of a socket."""
        self._idle: deque[HTTPConnection] = deque()
        self._pid = os.getpid()
        parts = parsers.split_url(to_plain(url))
        self._host = parts.hostname or ""
        self._port = parts.port
        self._seconds = seconds
        self._connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        base = parts.path.rstrip("/").removesuffix(PREFIX)
        self.url = f"{parts.scheme}://{parts.netloc}{base}"
        self._path = base + PREFIX
        self._headers = (
            {}
            if token is None
            else {"Authorization": f"Bearer {parsers.check_token(to_plain(token))}".encode()}
        )

    def __del__(self) -> None:
        self.close()

    def request(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and decode its response as *model*; raises :class:`AdminError`."""
        response, connection = self._send(method, path, body)
        content = self._read(response, connection)
        if model is NoneType and response.status != HTTPStatus.NO_CONTENT:
            raise self._not_session_mock(response.status, response.reason)
        try:
            return json.decode(content or b"null", type=model)
        except DecodeError:
            raise self._not_session_mock(response.status, response.reason) from None

    def get_bytes(self, path: str, media: str) -> bytes:
        """Return the body of a GET response, which must have the media type *media*."""
        response, connection = self._send("GET", path, None)
        content = self._read(response, connection)
        if response.headers.get_content_type() != media:
            raise self._not_session_mock(response.status, response.reason)
        return content

    def stream_lines(self, path: str, body: Any) -> Generator[Any]:
        """Send a POST request and yield each line of its JSON-lines response as it arrives."""
        response, connection = self._send("POST", path, body)
        is_complete = False
        try:
            if response.headers.get_content_type() != LINES:
                raise self._not_session_mock(response.status, response.reason)
            for line in _iter_lines(response):
                yield json.decode(line)
            is_complete = True
        except (*_FAILURES, DecodeError) as error:
            raise AdminError(
                _NO_RESPONSE,
                "Incomplete response",
                f"the response of {self.url} ended early ({_describe(error)}); send the request again",
            ) from None
        finally:
            if is_complete:
                self._idle.append(connection)
            else:  # The rest of this response would be taken for the next one.
                response.close()  # It owns the socket if it has no length.
                connection.close()

    def start_tls(self) -> None:
        """Raise :class:`AdminError` if the server does not accept https."""
        tenants = self.request("GET", "/tenants", list[TenantAccess])
        if tenants[0].tls_url is None:
            raise AdminError(
                _NO_RESPONSE, "No https", f"the server at {self.url} has none; start it with --tls"
            )

    def close(self) -> None:
        """Close all idle sockets."""
        while (connection := self._pop_idle()) is not None:
            connection.close()

    def _send(self, method: str, path: str, body: Any) -> tuple[HTTPResponse, HTTPConnection]:
        """Send a request and return its response; raises :class:`AdminError` for an error response."""
        content = None if body is None else json.encode(to_plain(body))
        content_type = {} if body is None else {"Content-Type": "application/json"}
        connection: HTTPConnection | None = None
        try:
            connection = self._connect()
            connection.request(method, self._path + path, content, {**self._headers, **content_type})
            response = connection.getresponse()
        except BaseException as error:
            if connection is not None:
                connection.close()  # Otherwise a late response would be taken for the next one.
            if isinstance(error, _FAILURES):
                raise self._no_response(error) from None
            raise
        if response.status >= _FIRST_ERROR_STATUS:
            raise self._problem(response.status, response.reason, self._read(response, connection))
        return response, connection

    def _read(self, response: HTTPResponse, connection: HTTPConnection) -> bytes:
        try:
            content = response.read()
        except BaseException as error:
            response.close()
            connection.close()
            if isinstance(error, _FAILURES):
                raise self._no_response(error) from None
            raise
        self._idle.append(connection)
        return content

    def _connect(self) -> HTTPConnection:
        """Return an idle connection that is still open, or a new one; a forked process opens its own."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.close()
        while (connection := self._pop_idle()) is not None:
            if _is_open(connection):
                return connection
            connection.close()
        return self._connection_type(self._host, self._port, timeout=self._seconds)

    def _pop_idle(self) -> HTTPConnection | None:
        """Return the most recently used idle connection, or None."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _no_response(self, error: BaseException) -> AdminError:
        return AdminError(
            _NO_RESPONSE,
            "Server unavailable",
            f"no response from {self.url} ({_describe(error)}); is `session-mock serve` running there?",
        )

    def _problem(self, status: int, reason: str, body: bytes) -> AdminError:
        try:
            problem = json.decode(body, type=Problem)
        except DecodeError:
            return self._not_session_mock(status, reason)
        return AdminError(status, printable(problem.title), printable(problem.detail))

    def _not_session_mock(self, status: int, reason: str) -> AdminError:
        return AdminError(
            status,
            reason,
            f"the response of {self.url} is not one of session-mock's admin API; is the URL right?",
        )


def _iter_lines(response: HTTPResponse) -> Iterator[bytes]:
    """Yield lines as they arrive; raises IncompleteRead if the last is cut, which HTTPResponse ignores."""
    rest = b""
    while chunk := response.read1(_CHUNK_SIZE):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        raise IncompleteRead(rest)


def _describe(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _is_open(connection: HTTPConnection) -> bool:
    """Return False if the server has closed an idle connection: then its end can be read."""
    if connection.sock is None:
        return False
    try:
        with DefaultSelector() as selector:
            selector.register(connection.sock, EVENT_READ)
            return not selector.select(0)
    except OSError:  # The process is out of descriptors; do not keep this one.
        connection.close()
        raise
