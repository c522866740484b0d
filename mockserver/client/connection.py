"""Requests to the admin API over connections that are kept, from any thread."""

from collections import deque
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import MSG_PEEK
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from msgspec import DecodeError, json

from mockserver.steering import Problem

PREFIX: Final = "/__admin"
_PROBLEM: Final = 400
_NO_ANSWER: Final = 0
T = TypeVar("T")


class AdminError(Exception):
    """What stood in the way, and what would be right; status 0 where no server answered."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.title, self.detail = status, title, detail

    def __reduce__(self) -> tuple[type["AdminError"], tuple[int, str, str]]:
        return AdminError, (self.status, self.title, self.detail)


class Connection:
    """Sends requests to one server; each thread that asks at the same time has a socket of its own."""

    def __init__(self, url: str, token: str | None, seconds: float) -> None:
        """Ask at a server's URL, with or without ``/__admin``, and give up on a socket that is silent for so many seconds."""
        self._idle: deque[HTTPConnection] = deque()
        parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
        try:
            known = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known:
            raise ValueError(f"{url!r} is no URL of a server, such as http://127.0.0.1:8080")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port, self._seconds = parts.hostname or "", parts.port, seconds
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._path = parts.path.rstrip("/").removesuffix(PREFIX) + PREFIX
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def __del__(self) -> None:
        self.close()

    def ask(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and read its answer as a type; raises :class:`AdminError`."""
        answer, connection = self._answered(method, path, body)
        read = self._read(answer, connection)
        try:
            return json.decode(read or b"null", type=model)
        except DecodeError:
            raise self._foreign(answer.status, answer.reason) from None

    def whole(self, path: str) -> bytes:
        """Get an answer as it is."""
        return self._read(*self._answered("GET", path, None))

    def lines(self, path: str, body: Any) -> Iterator[Any]:
        """Post a request, and yield its answer, which is lines of JSON, as it comes."""
        answer, connection = self._answered("POST", path, body)
        whole = False
        try:
            for line in answer:
                yield json.decode(line)
            whole = True
        except (OSError, HTTPException, DecodeError) as error:
            raise self._silent(error) from None
        finally:
            if whole:
                self._idle.append(connection)
            else:
                connection.close()  # The rest is still on its way.

    def close(self) -> None:
        """Close every socket that nobody waits for."""
        while self._idle:
            self._idle.pop().close()

    def _answered(self, method: str, path: str, body: Any) -> tuple[HTTPResponse, HTTPConnection]:
        """Send a request, and raise its problem if that is the answer."""
        connection = self._connection()
        sent = None if body is None else json.encode(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, self._path + path, sent, {**self._headers, **kind})
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._silent(error) from None
        if answer.status >= _PROBLEM:
            raise self._problem(answer.status, answer.reason, self._read(answer, connection))
        return answer, connection

    def _read(self, answer: HTTPResponse, connection: HTTPConnection) -> bytes:
        try:
            read = answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._silent(error) from None
        self._idle.append(connection)
        return read

    def _connection(self) -> HTTPConnection:
        """A socket that is open still, or a new one."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break  # Another thread was faster.
            if _is_open(connection):
                return connection
            connection.close()
        return self._kind(self._host, self._port, timeout=self._seconds)

    def _silent(self, error: Exception) -> AdminError:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return AdminError(_NO_ANSWER, "No answer", f"no session-mock answers at {self.url} ({why}); is `session-mock serve` running there?")

    def _problem(self, status: int, reason: str, body: bytes) -> AdminError:
        try:
            problem = json.decode(body, type=Problem)
        except DecodeError:
            return self._foreign(status, reason)
        return AdminError(status, problem.title, problem.detail)

    def _foreign(self, status: int, reason: str) -> AdminError:
        return AdminError(status, reason, f"{self.url} does not answer as an admin API of session-mock does; is the URL right?")


def _is_open(connection: HTTPConnection) -> bool:
    """Whether a socket that waited is still there; a server closes it after a while."""
    if connection.sock is None:
        return False
    connection.sock.settimeout(0)
    try:
        connection.sock.recv(1, MSG_PEEK)
    except BlockingIOError:
        connection.sock.settimeout(connection.timeout)
        return True
    except OSError:
        pass
    return False
