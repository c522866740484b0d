"""The fault that makes a vendor respond with an error."""

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta

from mockserver.contract.limits import RETRY_AFTER
from mockserver.server.faults.base import Fault, FaultContext
from mockserver.server.http.dates import format_seconds
from mockserver.server.http.response import Response
from mockserver.server.requests.responses import injected_error

_TOO_MANY: Final = 429
MAX_RETRY_AFTER: Final = 3_153_600_000
"""A hundred years in seconds: clocks end in 2100, and the year in an HTTP date has four digits."""


class Status(Fault, frozen=True, kw_only=True, tag="status"):
    """Respond with an error status in the vendor's own error format; data that was sent is not recorded."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "status",
        "status": 503,
        "retry_after": 30,
        "retry_form": "date",
        "times": 2,
    }

    status: Annotated[int, Meta(ge=300, le=599)] = 503
    """The status; the body is the vendor's error for this status, or its most general error."""
    message: str = "injected by a fault"
    """The error message, if the vendor's format has one."""
    retry_after: Annotated[int, Meta(ge=0, le=MAX_RETRY_AFTER)] | None = None
    """Seconds of the tenant's clock for the header ``Retry-After``, and in a 429 for the reset of the limit.

    By default, a 429 has the headers of the vendor's own 429, and other errors have no ``Retry-After``."""
    retry_form: Literal["seconds", "date"] = "seconds"
    """The format of ``Retry-After``: seconds or an HTTP date."""

    def before_response(self, context: FaultContext) -> Response:
        request = context.request
        now = context.tenant.clock.now()
        wait = self.retry_after
        common_headers = context.headers
        if self.status == _TOO_MANY:
            wait = 1 if wait is None and request.adds_retry_after else wait
            for limit in request.rates[:1]:
                common_headers = limit.refuse(common_headers, now, wait)
        headers: dict[str, str] = {}
        details: dict[str, Any] = {"message": self.message}
        if wait is not None:
            details["retryAfter"] = wait
            headers[RETRY_AFTER] = (
                format_seconds(now // 1000 + wait) if self.retry_form == "date" else str(wait)
            )
        return injected_error(
            request, context.raw, self.status, details, headers, common_headers=common_headers
        )


FAULTS: Final[tuple[type[Fault], ...]] = (Status,)
