"""A page without rows in the middle of a list."""

from typing import Any, ClassVar

from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, edited
from mockserver.server.pages import Pages, put
from mockserver.server.wire import Reply


class EmptyPage(PagingFault, frozen=True, kw_only=True, tag="empty_page"):
    """Leaves the rows out of a page that is not the last; a total, and what leads to the next page, stay as they are."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_page", "page": 2, "times": 1}

    def on(self, meeting: Meeting, pages: Pages) -> bool:  # noqa: ARG002 -- the page says it
        """Any page but the last."""
        return not pages.last

    def tell(self, meeting: Meeting, reply: Reply) -> Reply:
        """Answer without rows."""
        return edited(reply, lambda answer: put(answer, meeting.reading.endpoint.rows or "", []))


FAULT = EmptyPage
