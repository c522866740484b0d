"""The page before comes again."""

from typing import Any, ClassVar

from mockserver.contract.paging import Offset, PageNumber
from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, turn_to
from mockserver.server.pages import Pages


class SamePage(PagingFault, frozen=True, kw_only=True, tag="same_page"):
    """Answers the page before the one that was asked for, as if that had been asked for; never on a first page.

    Where pages follow cursors, it strikes only a cursor that was handed out while the fault was armed.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "same_page", "page": 2, "times": 1}

    def on(self, meeting: Meeting, pages: Pages) -> bool:  # noqa: ARG002 -- the number says it
        """Any page but the first."""
        return pages.number is not None and pages.number > 1

    def ask(self, meeting: Meeting) -> None:
        """Answer the page before."""
        turn_to(meeting, _before(meeting))


def _before(meeting: Meeting) -> Any:
    """What asks for the page before; its offset, its number, or its cursor."""
    pages, paging = meeting.pages, meeting.reading.endpoint.paging
    number = pages.number if pages is not None and pages.number is not None else 1
    match paging:
        case Offset(offset=name):
            offset = int(meeting.fields[name])
            return max(offset - offset // (number - 1), 0)
        case PageNumber(page=name):
            return int(meeting.fields[name]) - 1
    numbers = meeting.tenant.faults.numbers_of(meeting.list_key)
    return next((cursor for cursor, known in reversed(numbers.items()) if known == number - 1), None)


FAULT = SamePage
