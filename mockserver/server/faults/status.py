"""The vendor answers with an error."""

from email.utils import formatdate
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta

from mockserver.server.faults.base import Fault, FaultContext
from mockserver.server.http.response import Response
from mockserver.server.requests.responses import injected_error

MOST_SECONDS: Final = 3_153_600_000
"""A hundred years: a clock ends in 2100, and a date in a header has a year of four figures."""


class Status(Fault, frozen=True, kw_only=True, tag="status"):
    """Answers with a status instead of the rows, in the vendor's own error shape; nothing that was sent is recorded."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "status",
        "status": 503,
        "retry_after": 30,
        "retry_form": "date",
        "times": 2,
    }

    status: Annotated[int, Meta(ge=300, le=599)] = 503
    """The status; the body is the vendor's for that status, or its most general one."""
    message: str = "injected by a fault"
    """What the error says, where the vendor's shape has room for it."""
    retry_after: Annotated[int, Meta(ge=0, le=MOST_SECONDS)] | None = None
    """Seconds of the tenant's clock to tell the client to wait, in the header ``Retry-After``."""
    retry_form: Literal["seconds", "date"] = "seconds"
    """Whether ``Retry-After`` says seconds or an HTTP date."""

    def before_response(self, meeting: FaultContext) -> Response:
        """Answer with the error."""
        headers, details = {}, dict[str, Any](message=self.message)
        if self.retry_after is not None:
            details["retryAfter"] = self.retry_after
            then = meeting.tenant.clock.now() // 1000 + self.retry_after
            headers["Retry-After"] = (
                formatdate(then, usegmt=True) if self.retry_form == "date" else str(self.retry_after)
            )
        return injected_error(meeting.reading, meeting.raw, self.status, details, headers)


FAULTS: Final[tuple[type[Fault], ...]] = (Status,)
"""The kinds of this module."""
