"""Requests to the admin API over connections that are kept, from any thread."""

import os
from collections import deque
from collections.abc import Generator, Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from selectors import EVENT_READ, DefaultSelector
from types import NoneType
from typing import Any, Final, Protocol, SupportsIndex, TypeVar

from msgspec import DecodeError, json

from mockserver._util import parsers as forms
from mockserver._util.printable import printable
from mockserver.admin_schemas import Problem
from mockserver.client.plain_values import plain

PREFIX: Final = "/__admin"
LINES: Final = "application/x-ndjson"
_PROBLEM: Final = 400
_NO_ANSWER: Final = 0
_PIECE: Final = 1 << 16
_FAILURES: Final = (OSError, HTTPException, UnicodeError)
"""What stands in the way of an answer; the last is a host whose name cannot be one."""
T = TypeVar("T")


class AdminError(Exception):
    """What stood in the way, and what would be right; status 0 where no server answered."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.title, self.detail = status, title, detail

    def __reduce__(self) -> tuple[type["AdminError"], tuple[int, str, str]]:
        return AdminError, (self.status, self.title, self.detail)


def is_refusal(told: Any) -> bool:
    """Whether what pytest tells of is a refusal: then the last line of its traceback is the one that asked, and none of ours.

    A module whose frames are on the way has this function as its ``__tracebackhide__``.
    """
    return isinstance(getattr(told, "value", None), AdminError)


__tracebackhide__ = is_refusal


class NotPicklable:
    """A base class of what belongs to one process; pickling it raises ``TypeError`` with the remedy."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise TypeError(
            f"cannot pickle a {type(self).__name__}: it belongs to this process; pass the server's `url`, or the result of"
            " `tenant.vendor(name)`, and use SessionMock.connect(url) or AdminClient(url, token) in the other process"
        )


class Transport(Protocol):
    """A way to a server's admin API."""

    @property
    def url(self) -> str:
        """Where the server is."""

    def ask(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and read its answer as a type; raises :class:`AdminError`."""

    def whole(self, path: str, media: str) -> bytes:
        """Get an answer as it is, which is of a media type."""

    def lines(self, path: str, body: Any) -> Generator[Any]:
        """Post a request, and yield its answer, which is lines of JSON, as it comes."""

    def close(self) -> None:
        """Let go of what is kept."""


class Connection:
    """Sends requests to one server; each thread that asks at the same time has a socket of its own."""

    def __init__(self, url: str, token: str | None, seconds: float) -> None:
        """Ask at a server's URL, with or without ``/__admin``, and give up on a socket that is silent for so many seconds."""
        self._idle: deque[HTTPConnection] = deque()
        self._pid = os.getpid()
        parts = forms.parts(plain(url))
        self._host, self._port, self._seconds = parts.hostname or "", parts.port, seconds
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        base = parts.path.rstrip("/").removesuffix(PREFIX)
        self.url, self._path = f"{parts.scheme}://{parts.netloc}{base}", base + PREFIX
        self._headers = (
            {} if token is None else {"Authorization": f"Bearer {forms.token(plain(token))}".encode()}
        )

    def __del__(self) -> None:
        self.close()

    def ask(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and read its answer as a type; raises :class:`AdminError`."""
        answer, connection = self._answered(method, path, body)
        read = self._read(answer, connection)
        if model is NoneType and answer.status != HTTPStatus.NO_CONTENT:
            raise self._foreign(answer.status, answer.reason)
        try:
            return json.decode(read or b"null", type=model)
        except DecodeError:
            raise self._foreign(answer.status, answer.reason) from None

    def whole(self, path: str, media: str) -> bytes:
        """Get an answer as it is, which is of a media type."""
        answer, connection = self._answered("GET", path, None)
        read = self._read(answer, connection)
        if answer.headers.get_content_type() != media:
            raise self._foreign(answer.status, answer.reason)
        return read

    def lines(self, path: str, body: Any) -> Generator[Any]:
        """Post a request, and yield its answer, which is lines of JSON, as it comes."""
        answer, connection = self._answered("POST", path, body)
        whole = False
        try:
            if answer.headers.get_content_type() != LINES:
                raise self._foreign(answer.status, answer.reason)
            for line in _lines(answer):
                yield json.decode(line)
            whole = True
        except (*_FAILURES, DecodeError) as error:
            raise AdminError(
                _NO_ANSWER,
                "Half an answer",
                f"{self.url} broke off in the middle of an answer ({_why(error)})",
            ) from None
        finally:
            if whole:
                self._idle.append(connection)
            else:  # The rest is still on its way; an answer without an end has its socket to itself.
                answer.close()
                connection.close()

    def close(self) -> None:
        """Close every socket that nobody waits for."""
        while (connection := self._waiting()) is not None:
            connection.close()

    def _answered(self, method: str, path: str, body: Any) -> tuple[HTTPResponse, HTTPConnection]:
        """Send a request, and raise its problem if that is the answer."""
        sent = None if body is None else json.encode(plain(body))
        kind = {} if body is None else {"Content-Type": "application/json"}
        connection: HTTPConnection | None = None
        try:
            connection = self._connection()
            connection.request(method, self._path + path, sent, {**self._headers, **kind})
            answer = connection.getresponse()
        except BaseException as error:
            if connection is not None:
                connection.close()  # Its answer may be on its way.
            if isinstance(error, _FAILURES):
                raise self._silent(error) from None
            raise
        if answer.status >= _PROBLEM:
            raise self._problem(answer.status, answer.reason, self._read(answer, connection))
        return answer, connection

    def _read(self, answer: HTTPResponse, connection: HTTPConnection) -> bytes:
        try:
            read = answer.read()
        except BaseException as error:
            answer.close()
            connection.close()
            if isinstance(error, _FAILURES):
                raise self._silent(error) from None
            raise
        self._idle.append(connection)
        return read

    def _connection(self) -> HTTPConnection:
        """Return an idle connection that is still open, or a new one; a forked child shares none with its parent."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.close()
        while (connection := self._waiting()) is not None:
            if _is_open(connection):
                return connection
            connection.close()
        return self._kind(self._host, self._port, timeout=self._seconds)

    def _waiting(self) -> HTTPConnection | None:
        """The socket that was used last of those that nobody waits for."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _silent(self, error: BaseException) -> AdminError:
        why = _why(error)
        return AdminError(
            _NO_ANSWER,
            "No answer",
            f"no session-mock answers at {self.url} ({why}); is `session-mock serve` running there?",
        )

    def _problem(self, status: int, reason: str, body: bytes) -> AdminError:
        try:
            problem = json.decode(body, type=Problem)
        except DecodeError:
            return self._foreign(status, reason)
        return AdminError(status, printable(problem.title), printable(problem.detail))

    def _foreign(self, status: int, reason: str) -> AdminError:
        return AdminError(
            status,
            reason,
            f"{self.url} does not answer as an admin API of session-mock does; is the URL right?",
        )


def _lines(answer: HTTPResponse) -> Iterator[bytes]:
    """The lines of an answer as they come; where chunks are missing they break off, while those of `HTTPResponse` just end."""
    begun = b""
    while piece := answer.read1(_PIECE):
        *whole, begun = (begun + piece).split(b"\n")
        yield from whole
    if begun:
        raise IncompleteRead(begun)


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _is_open(connection: HTTPConnection) -> bool:
    """Whether a socket that waited is still there; a server closes it after a while, and then there is its end to be read."""
    if connection.sock is None:
        return False
    try:
        with DefaultSelector() as selector:
            selector.register(connection.sock, EVENT_READ)
            return not selector.select(0)
    except OSError:  # The process is out of descriptors: the socket must not stay open unnoticed.
        connection.close()
        raise
