"""The last page does not say that it is the last."""

from typing import Any, ClassVar

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import Offset, OpaqueCursor
from mockserver.server.faults.changing_total import total_path
from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, edited, sent_cursor
from mockserver.server.pages import Pages, at, put
from mockserver.server.wire import Reply


class NoEnd(PagingFault, frozen=True, kw_only=True, tag="no_end"):
    """Promises more on the last page: a total beyond the last row, or a next cursor, which leads to the last page again.

    A list with cursors that has only one page keeps its end: no cursor leads to that page.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "no_end", "times": 3}
    NEEDS: ClassVar[str] = "a list whose answer tells a total or names the next cursor"

    @classmethod
    def strikes_at(cls, endpoint: Endpoint) -> bool:
        """A list whose answer says where it ends."""
        return total_path(endpoint) is not None or (endpoint.rows is not None and isinstance(endpoint.paging, OpaqueCursor))

    def on(self, meeting: Meeting, pages: Pages) -> bool:
        """The last page, and those that are asked for after it."""
        return pages.last and (isinstance(meeting.reading.endpoint.paging, Offset) or sent_cursor(meeting) is not None)

    def tell(self, meeting: Meeting, reply: Reply) -> Reply:
        """Answer the last page without its end mark."""
        return edited(reply, lambda answer: _unended(meeting, answer))


def _unended(meeting: Meeting, answer: Any) -> None:
    endpoint = meeting.reading.endpoint
    match endpoint.paging:
        case Offset(offset=offset, size=size, total=str() as total):
            put(answer, total, int(meeting.fields.get(offset, 0)) + len(at(answer, endpoint.rows)) + size)
        case OpaqueCursor(next=path):
            put(answer, path, sent_cursor(meeting))


FAULT = NoEnd
