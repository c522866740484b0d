"""The next page is this one."""

from typing import Any, ClassVar

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import Offset
from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, edited, next_path, sent_cursor
from mockserver.server.pages import Pages, put
from mockserver.server.wire import Reply


class StuckCursor(PagingFault, frozen=True, kw_only=True, tag="stuck_cursor"):
    """Names as the next cursor or offset the one that was sent, so that a client which follows it stays on the page.

    Never on the first page of a list with cursors: no cursor leads there.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stuck_cursor", "page": 2, "times": 3}
    NEEDS: ClassVar[str] = "a list whose answer names the next cursor or offset"

    @classmethod
    def strikes_at(cls, endpoint: Endpoint) -> bool:
        """A list whose answer names the next page."""
        return next_path(endpoint) is not None

    def on(self, meeting: Meeting, pages: Pages) -> bool:  # noqa: ARG002 -- what was sent says it
        """Any page that something leads to."""
        return isinstance(meeting.reading.endpoint.paging, Offset) or sent_cursor(meeting) is not None

    def tell(self, meeting: Meeting, reply: Reply) -> Reply:
        """Answer the page, and name it as the next."""
        endpoint, sent = meeting.reading.endpoint, sent_cursor(meeting)
        if isinstance(endpoint.paging, Offset):
            sent = int(meeting.fields.get(endpoint.paging.offset, 0))
        return edited(reply, lambda answer: put(answer, next_path(endpoint) or "", sent))


FAULT = StuckCursor
