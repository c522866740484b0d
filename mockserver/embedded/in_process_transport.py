"""A transport of the admin client for a server in the same process, without a socket."""

from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl

from msgspec import json, to_builtins

from mockserver._util.printable import printable
from mockserver.client.http_transport import AdminError, is_admin_error
from mockserver.client.plain_values import to_plain
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.dispatch import AdminRequest, dispatch
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.admin.routing import Created, StreamingBody
from mockserver.server.http.redaction import Secrets
from mockserver.server.runner import Running

__tracebackhide__ = is_admin_error
T = TypeVar("T")


class InProcessServer(Protocol):
    """A server in this process."""

    @property
    def running(self) -> Running:
        """The server's ports and tenants."""

    def call(self, function: Callable[[], T]) -> T:
        """Call *function* when and where it may access the server's state."""

    def start_tls(self) -> None:
        """Accept https, unless the server does so."""


class InProcessTransport:
    """Calls the admin API in the server's thread, one request at a time."""

    def __init__(self, server: InProcessServer) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """The server's URL."""
        return self._server.running.url

    def request(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Send a request and decode the response as *model*; raises :class:`AdminError`."""
        return json.decode(b"".join(self._read_pieces(method, path, body)), type=model)

    def get_bytes(self, path: str, media: str) -> bytes:  # noqa: ARG002 -- this server has the right media type
        """Return a response body as bytes."""
        return b"".join(self._read_pieces("GET", path, None))

    def stream_lines(self, path: str, body: Any) -> Generator[Any]:
        """Send a request and yield the decoded lines of the response piece by piece."""
        for piece in self._read_pieces("POST", path, body):
            for line in piece.splitlines():
                yield json.decode(line)

    def start_tls(self) -> None:
        """Let the server accept https, unless it does so."""
        self._server.start_tls()

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _dispatch(self, method: str, path: str, body: Any) -> Any:
        running = self._server.running
        target, _, query = path.partition("?")
        request = AdminRequest(
            method,
            PREFIX + target,
            dict(parse_qsl(query, keep_blank_values=True)),
            {} if body is None else to_builtins(to_plain(body), str_keys=True),
        )
        try:
            _, result = dispatch(running.served, running.addresses, request)
        except ProblemError as problem:
            problem.mask(Secrets((), running.served.known))
            raise AdminError(problem.status, problem.body.title, printable(problem.body.detail)) from None
        return result.body if isinstance(result, Created) else result

    def _read_pieces(self, method: str, path: str, body: Any) -> Iterator[bytes]:
        """Yield a response body; the server may handle other requests between two pieces of a stream."""
        try:
            result = self._server.call(lambda: self._dispatch(method, path, body))
        except AdminError as error:
            raise error.with_traceback(None) from None  # Without the frames of the server's thread.
        if not isinstance(result, StreamingBody):
            yield json.encode(result)
            return
        while (piece := self._server.call(lambda: next(result.pieces, None))) is not None:
            yield piece
