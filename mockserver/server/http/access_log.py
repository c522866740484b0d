"""Keep credentials and control characters out of the server's logs, including aiohttp's."""

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
from mockserver.server.http.redaction import Secrets, collect_secrets

ACCEPT_LOG_SECONDS: Final = 60
"""Seconds of real time between two messages about connections that cannot be accepted."""


class _MaskingAdapter(LoggerAdapter[Logger]):
    """Mask the credentials of the request that is logged."""

    secrets = Secrets(())

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Mask and escape the line; drop its parts, which aiohttp passes unmasked as ``extra``."""
        line = printable(encodable(self.secrets.mask_text(msg)), keep="")
        return line, {name: value for name, value in kwargs.items() if name != "extra"}


class AccessLog(AccessLogger):
    """The access log of a server, without credentials, which may be anywhere in a request."""

    known: KnownCredentials | None = None
    """The credentials of the server; see :func:`create_access_log`."""

    def __init__(self, logger: Logger, log_format: str = AccessLogger.LOG_FORMAT) -> None:
        self._adapter = _MaskingAdapter(logger)
        super().__init__(self._adapter, log_format)  # type: ignore[arg-type]  # it has the used methods

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write a line."""
        raw = RawRequest(request.method, request.raw_path, "", request.headers.get(AUTHORIZATION, ""), b"")
        self._adapter.secrets = collect_secrets(raw, request.headers, known=self.known)
        super().log(request, response, time)


def create_access_log(known: KnownCredentials) -> type[AccessLog]:
    """Return a server's access log class.

    Aiohttp takes a class, and creates an instance for each connection.
    """
    return type("AccessLog", (AccessLog,), {"known": known})


_HTTP_2: Final = "it is HTTP/2, and this server supports only HTTP/1.1"
_MALFORMED: Final[dict[type[HttpProcessingError], str]] = {
    InvalidURLError: "its target is neither a path nor a URL",
    LineTooLong: "its first line or a header is too long",
    BadHttpMethod: "its first line has no valid method; maybe it is TLS",
    BadStatusLine: "its first line is invalid",
    TransferEncodingError: "its chunked body is invalid",
    ContentLengthError: "its body does not have the length that its Content-Length says",
}
_PARSER_MESSAGE: Final = re.compile(r"([A-Z][A-Za-z /'-]{3,50}):?\s*\n")
"""The first line of a message of the parser; the lines below it quote the request."""


def _describe_malformed(error: HttpProcessingError) -> str:
    """Describe why a request cannot be parsed, without quoting it."""
    match = _PARSER_MESSAGE.match(error.message)
    if match is not None and "PRI" in match[1]:
        return _HTTP_2
    if type(error) in _MALFORMED:
        return _MALFORMED[type(error)]
    return match[1].lower() if match is not None else "it is not HTTP"


class _CleaningFilter(Filter):
    """Mask the credentials of all servers of this process, and escape control characters."""

    def __init__(self) -> None:
        super().__init__()
        self.known: WeakSet[KnownCredentials] = WeakSet()

    def filter(self, record: LogRecord) -> bool:
        """Clean the message and the text of the exception."""
        record.msg = self._clean(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = self._clean(Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

    def _clean(self, text: str) -> str:
        for known in list(self.known):
            text = Secrets((), known).mask_text(text, ours=True)
        return printable(encodable(text))


class _MalformedRequestFilter(_CleaningFilter):
    """Reduce what aiohttp logs of a malformed request to one line that does not quote it.

    Mask credentials by name elsewhere.
    """

    def filter(self, record: LogRecord) -> bool:
        """Rewrite the message and the text of the exception."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            message = record.getMessage().replace("Error handling request", "rejected a malformed request")
            record.msg = f"{message} with {error.code}: {_describe_malformed(error)}"
            record.args = ()
            record.levelno = WARNING
            record.levelname = getLevelName(WARNING)
            record.exc_info = None
        return super().filter(record)

    def _clean(self, text: str) -> str:
        return super()._clean(Secrets(()).mask_text(text))


_FILTERS = {"mockserver": _CleaningFilter(), "mockserver.http": _MalformedRequestFilter()}


def clean_logs(known: KnownCredentials) -> None:
    """Keep the credentials of a server out of the logs as long as the server exists."""
    for name, log_filter in _FILTERS.items():
        log_filter.known.add(known)
        getLogger(name).addFilter(log_filter)  # Adding it again changes nothing.


class AcceptLog:
    """An exception handler for event loops that logs failures to accept once a minute.

    Asyncio logs every attempt.
    """

    def __init__(self) -> None:
        self._attempts = 0
        self._silent_until = 0.0

    def __call__(self, loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log a failure to accept unless one was logged lately; log anything else as usual."""
        error = context.get("exception")
        if not isinstance(error, OSError) or "socket.accept()" not in context.get("message", ""):
            loop.default_exception_handler(context)
            return
        self._attempts += 1
        if loop.time() >= self._silent_until:
            server_log().error(
                "cannot accept connections: %s; clients wait until others close their connections; "
                "allow more open files (ulimit -n); attempts so far: %d",
                error.strerror,
                self._attempts,
            )
            self._silent_until = loop.time() + ACCEPT_LOG_SECONDS


def server_log() -> Logger:
    """Return the logger to which aiohttp writes errors."""
    return getLogger("mockserver.http")
