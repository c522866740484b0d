"""A line of log for each request, as aiohttp writes it, without credentials."""

from collections.abc import MutableMapping
from logging import Logger, LoggerAdapter
from typing import Any

from aiohttp.web_log import AccessLogger

from mockserver.server.redact import Secrets


class _Masking(LoggerAdapter[Logger]):
    """Masks whatever stands under the name of a credential."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Mask the line itself; that it has parts of its own is nobody's interest here."""
        return Secrets(()).text(msg), {name: value for name, value in kwargs.items() if name != "extra"}


class AccessLog(AccessLogger):
    """The access log of a server: a key may stand in a query, and a log is for everybody."""

    def __init__(self, logger: Logger, log_format: str = AccessLogger.LOG_FORMAT) -> None:
        """Write to a logger."""
        super().__init__(_Masking(logger), log_format)  # type: ignore[arg-type]  # it has all of a logger that is used
