"""The total is another on every page."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import Offset
from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, edited
from mockserver.server.pages import at, put
from mockserver.server.wire import Reply


def total_path(endpoint: Endpoint) -> str | None:
    """The dotted path at which the answer tells how many rows a list has."""
    return endpoint.paging.total if endpoint.rows is not None and isinstance(endpoint.paging, Offset) else None


class ChangingTotal(PagingFault, frozen=True, kw_only=True, tag="changing_total"):
    """Tells a total that grows with every strike, while the rows stay as they are."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "changing_total", "by": 10}
    NEEDS: ClassVar[str] = "a list whose answer tells a total"

    by: Annotated[int, Meta(ge=1)] = 1
    """How much more each strike adds."""

    @classmethod
    def strikes_at(cls, endpoint: Endpoint) -> bool:
        """A list with a total."""
        return total_path(endpoint) is not None

    def tell(self, meeting: Meeting, reply: Reply) -> Reply:
        """Answer with more than there is."""
        path, more = total_path(meeting.reading.endpoint) or "", self.by * meeting.struck
        return edited(reply, lambda answer: put(answer, path, at(answer, path) + more))


FAULT = ChangingTotal
