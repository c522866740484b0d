"""What aiohttp logs, without credentials: a line for each request, and what it says of those that it cannot parse."""

from collections.abc import MutableMapping
from logging import Filter, Formatter, Logger, LoggerAdapter, LogRecord, getLogger
from typing import Any, Final

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION
from aiohttp.web_log import AccessLogger

from mockserver.server.raw import Raw
from mockserver.server.redact import Secrets, secrets

SECRETS: Final[Any] = web.RequestKey("secrets", tuple)
"""Where a request keeps the credentials that stand where none belongs."""


class _Masking(LoggerAdapter[Logger]):
    """Masks the credentials of the request that is logged."""

    found = Secrets(())

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Mask the line itself; that it has parts of its own is nobody's interest here."""
        return self.found.text(msg), {name: value for name, value in kwargs.items() if name != "extra"}


class AccessLog(AccessLogger):
    """The access log of a server: a key may stand anywhere in a request, and a log is for everybody."""

    def __init__(self, logger: Logger, log_format: str = AccessLogger.LOG_FORMAT) -> None:
        """Write to a logger."""
        self._masking = _Masking(logger)
        super().__init__(self._masking, log_format)  # type: ignore[arg-type]  # it has all of a logger that is used

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write a line."""
        raw = Raw(request.method, request.raw_path, "", request.headers.get(AUTHORIZATION, ""), b"")
        self._masking.found = secrets(raw, request.headers, request.get(SECRETS, ()))
        super().log(request, response, time)


class _Unparsed(Filter):
    """Masks whatever stands under the name of a credential in what is said of a request that could not be parsed."""

    def filter(self, record: LogRecord) -> bool:
        """Mask the message, and the text of the exception."""
        found = Secrets(())
        record.msg, record.args = found.text(record.getMessage()), ()
        if record.exc_info:
            record.exc_text, record.exc_info = found.text(Formatter().formatException(record.exc_info)), None
        return True


def server_log() -> Logger:
    """The logger to which aiohttp writes what goes wrong."""
    logger = getLogger("mockserver.http")
    if not any(isinstance(each, _Unparsed) for each in logger.filters):
        logger.addFilter(_Unparsed())
    return logger
