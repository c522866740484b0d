"""The way to the admin API of a server in the same process: no socket, the same words."""

from collections.abc import Callable, Generator, Iterator, Mapping
from types import NoneType
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl

from msgspec import json, to_builtins

from mockserver._util.printable import printable
from mockserver.client.http_transport import AdminError, is_refusal
from mockserver.client.plain_values import plain
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.dispatch import AdminRequest, dispatch
from mockserver.server.admin.problem_details import Problem
from mockserver.server.admin.routing import Created, StreamingBody
from mockserver.server.http.redaction import Secrets
from mockserver.server.runner import Running

__tracebackhide__ = is_refusal
T = TypeVar("T")


class Server(Protocol):
    """A server in this process."""

    @property
    def running(self) -> Running:
        """What it serves, and where."""

    def call(self, function: Callable[[], T]) -> T:
        """Call a function where its state may be touched."""


class Local:
    """Asks in the server's thread, one request after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._server.running.url

    def ask(self, method: str, path: str, model: type[T], body: Any = None) -> T:
        """Ask, and read the answer as a type; raises :class:`AdminError`."""
        told = self._called(lambda: self._told(method, path, body))
        if isinstance(told, StreamingBody):
            return json.decode(b"".join(self._streamed(told)), type=model)
        return json.decode(json.encode(None if model is NoneType else told), type=model)

    def whole(self, path: str, media: str) -> bytes:  # noqa: ARG002 -- who is asked is known
        """Get an answer as it is."""
        return b"".join(self._pieces("GET", path, None))

    def lines(self, path: str, body: Any) -> Generator[Any]:
        """Ask, and yield the answer, which is lines of JSON, piece by piece."""
        for piece in self._pieces("POST", path, body):
            for line in piece.splitlines():
                yield json.decode(line)

    def close(self) -> None:
        """Do nothing: nothing is kept."""

    def _called(self, function: Callable[[], Any]) -> Any:
        """Call a function in the server's thread; a refusal is told without the way through the thread."""
        try:
            return self._server.call(function)
        except AdminError as error:
            raise error.with_traceback(None) from None

    def _told(self, method: str, path: str, body: Any) -> Any:
        running = self._server.running
        target, _, query = path.partition("?")
        asked: Mapping[str, str] = dict(parse_qsl(query, keep_blank_values=True))
        order = AdminRequest(
            method, PREFIX + target, asked, {} if body is None else to_builtins(plain(body), str_keys=True)
        )
        try:
            _, told = dispatch(running.served, running.addresses, order)
        except Problem as problem:
            problem.masked(Secrets((), running.served.known))
            raise AdminError(problem.status, problem.told.title, printable(problem.told.detail)) from None
        return told.body if isinstance(told, Created) else told

    def _pieces(self, method: str, path: str, body: Any) -> Iterator[bytes]:
        stream = self._called(lambda: self._told(method, path, body))
        if not isinstance(stream, StreamingBody):
            yield json.encode(stream)
            return
        yield from self._streamed(stream)

    def _streamed(self, stream: StreamingBody) -> Iterator[bytes]:
        """Yield the pieces of a stream; the server may answer others between two."""
        while (piece := self._server.call(lambda: next(stream.pieces, None))) is not None:
            yield piece
