"""The cursor is no good any longer."""

from typing import Any, ClassVar, Final

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import OpaqueCursor
from mockserver.server.faults.fault import Meeting
from mockserver.server.faults.paged import PagingFault, sent_cursor, turn_to
from mockserver.server.pages import Pages

_NOBODYS: Final = "expired"
"""A cursor that nobody ever handed out."""


class ExpiredCursor(PagingFault, frozen=True, kw_only=True, tag="expired_cursor"):
    """Refuses the cursor that was sent, as the vendor refuses one that it never handed out; never on a first page."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "expired_cursor", "nth": 1}
    NEEDS: ClassVar[str] = "a list whose pages follow cursors"

    @classmethod
    def strikes_at(cls, endpoint: Endpoint) -> bool:
        """A list with cursors."""
        return endpoint.rows is not None and isinstance(endpoint.paging, OpaqueCursor)

    def on(self, meeting: Meeting, pages: Pages) -> bool:  # noqa: ARG002 -- what was sent says it
        """Any page that a cursor leads to."""
        return sent_cursor(meeting) is not None

    def ask(self, meeting: Meeting) -> None:
        """Ask with a cursor that cannot be."""
        turn_to(meeting, _NOBODYS)


FAULT = ExpiredCursor
