"""Keep credentials and control characters out of what the server logs: its own messages, aiohttp's, and the access log."""

import re
from asyncio import AbstractEventLoop
from collections.abc import MutableMapping
from logging import WARNING, Filter, Formatter, Logger, LoggerAdapter, LogRecord, getLevelName, getLogger
from typing import Any, Final
from weakref import WeakSet

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION
from aiohttp.http_exceptions import (
    BadHttpMethod,
    BadStatusLine,
    ContentLengthError,
    HttpProcessingError,
    InvalidURLError,
    LineTooLong,
    TransferEncodingError,
)
from aiohttp.web_log import AccessLogger

from mockserver._util.printable import encodable, printable
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import Secrets, secrets

ACCEPT_LOG_SECONDS: Final = 60
"""Seconds of real time between two messages about connections that cannot be accepted."""


class _Masking(LoggerAdapter[Logger]):
    """Mask the credentials of the request that is logged."""

    found = Secrets(())

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Mask and escape the line; its parts, which aiohttp passes as ``extra``, would show what the line masks."""
        line = printable(encodable(self.found.text(msg)), keep="")
        return line, {name: value for name, value in kwargs.items() if name != "extra"}


class AccessLog(AccessLogger):
    """The access log of a server: a key may stand anywhere in a request, and a log is for everybody."""

    known: KnownCredentials | None = None
    """The credentials of the server; see :func:`access_log`."""

    def __init__(self, logger: Logger, log_format: str = AccessLogger.LOG_FORMAT) -> None:
        """Write to a logger."""
        self._masking = _Masking(logger)
        super().__init__(self._masking, log_format)  # type: ignore[arg-type]  # it has all of a logger that is used

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write a line."""
        raw = RawRequest(request.method, request.raw_path, "", request.headers.get(AUTHORIZATION, ""), b"")
        self._masking.found = secrets(raw, request.headers, known=self.known)
        super().log(request, response, time)


def access_log(known: KnownCredentials) -> type[AccessLog]:
    """Return the class of a server's access log; aiohttp takes a class, and makes an instance of it for each connection."""
    return type("AccessLog", (AccessLog,), {"known": known})


_HTTP_2: Final = "it speaks HTTP/2, and this server HTTP/1.1"
_MALFORMED: Final[dict[type[HttpProcessingError], str]] = {
    InvalidURLError: "its target is neither a path nor a URL",
    LineTooLong: "its first line or a header is too long",
    BadHttpMethod: "its first line has no valid method; maybe it speaks TLS",
    BadStatusLine: "its first line is invalid",
    TransferEncodingError: "its chunked body is invalid",
    ContentLengthError: "its body is not as long as its Content-Length says",
}
_PARSER_SAYS: Final = re.compile(r"([A-Z][A-Za-z /'-]{3,50}):?\s*\n")
"""The first line of a message of the parser; what stands below it is of the request."""


def _describe_malformed(error: HttpProcessingError) -> str:
    """Say why a request cannot be parsed, without a byte of it."""
    found = _PARSER_SAYS.match(error.message)
    if found is not None and "PRI" in found[1]:
        return _HTTP_2
    if type(error) in _MALFORMED:
        return _MALFORMED[type(error)]
    return found[1].lower() if found is not None else "it is no HTTP"


class _Cleaning(Filter):
    """Mask the credentials of every server of this process, and escape control characters."""

    def __init__(self) -> None:
        super().__init__()
        self.known: WeakSet[KnownCredentials] = WeakSet()

    def filter(self, record: LogRecord) -> bool:
        """Clean the message, and the text of the exception."""
        record.msg, record.args = self._cleaned(record.getMessage()), ()
        if record.exc_info:
            record.exc_text, record.exc_info = (
                self._cleaned(Formatter().formatException(record.exc_info)),
                None,
            )
        return True

    def _cleaned(self, text: str) -> str:
        for known in list(self.known):
            text = Secrets((), known).text(text, ours=True)
        return printable(encodable(text))


class _Unparsed(_Cleaning):
    """Shorten what aiohttp logs of a malformed request to one line without its bytes, and mask credentials by name in all else."""

    def filter(self, record: LogRecord) -> bool:
        """Rewrite the message, and the text of the exception."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            refused = record.getMessage().replace("Error handling request", "refused a malformed request")
            record.msg = f"{refused} with {error.code}: {_describe_malformed(error)}"
            record.args = ()
            record.levelno = WARNING
            record.levelname = getLevelName(WARNING)
            record.exc_info = None
        return super().filter(record)

    def _cleaned(self, text: str) -> str:
        return super()._cleaned(Secrets(()).text(text))


_LOGGERS = {"mockserver": _Cleaning(), "mockserver.http": _Unparsed()}


def clean_logs(known: KnownCredentials) -> None:
    """Keep the credentials of a server out of the logs as long as the server lives."""
    for name, cleaning in _LOGGERS.items():
        cleaning.known.add(known)
        getLogger(name).addFilter(cleaning)  # Adding it again changes nothing.


class AcceptLog:
    """An exception handler of event loops that says once a minute that no connection can be accepted; asyncio says it at every try."""

    def __init__(self) -> None:
        self._tries = 0
        self._silent_until = 0.0

    def __call__(self, loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log a failure to accept, if none was logged for a while; all else is logged as usual."""
        error = context.get("exception")
        if not isinstance(error, OSError) or "socket.accept()" not in context.get("message", ""):
            loop.default_exception_handler(context)
            return
        self._tries += 1
        if loop.time() >= self._silent_until:
            remedy = "clients wait until others close their connections; allow more open files (ulimit -n)"
            server_log().error(
                "cannot accept connections: %s; %s; tries so far: %d", error.strerror, remedy, self._tries
            )
            self._silent_until = loop.time() + ACCEPT_LOG_SECONDS


def server_log() -> Logger:
    """The logger to which aiohttp writes what goes wrong."""
    return getLogger("mockserver.http")
