"""The fault that makes a vendor respond with an error."""

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta

from mockserver.server.faults.base import Fault, FaultContext
from mockserver.server.http.dates import format_seconds
from mockserver.server.http.response import Response
from mockserver.server.requests.responses import injected_error

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
    """Seconds of the tenant's clock for the header ``Retry-After``; no header by default."""
    retry_form: Literal["seconds", "date"] = "seconds"
    """The format of ``Retry-After``: seconds or an HTTP date."""

    def before_response(self, context: FaultContext) -> Response:
        headers: dict[str, str] = {}
        details: dict[str, Any] = {"message": self.message}
        if self.retry_after is not None:
            details["retryAfter"] = self.retry_after
            retry_at = context.tenant.clock.now() // 1000 + self.retry_after
            headers["Retry-After"] = (
                format_seconds(retry_at) if self.retry_form == "date" else str(self.retry_after)
            )
        return injected_error(context.request, context.raw, self.status, details, headers)


FAULTS: Final[tuple[type[Fault], ...]] = (Status,)
