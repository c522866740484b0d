"""What the faults of paging share: which endpoints they can strike, and how they change a question or an answer."""

from collections.abc import Callable
from math import inf
from typing import Any, ClassVar

from msgspec import json
from msgspec.structs import fields, replace

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import Offset, OpaqueCursor
from mockserver.server.faults.fault import OK, Fault, FaultError, Meeting
from mockserver.server.pages import Pages, page_field
from mockserver.server.reading import Reading
from mockserver.server.wire import Reply
from mockserver.vendors import every


class PagingFault(Fault, frozen=True, kw_only=True):
    """A fault of the way in which a list is cut into pages; it never matches where there is no such list."""

    NEEDS: ClassVar[str] = "a list in pages"
    """What an endpoint must have, in words."""

    def check(self) -> None:
        """It must be able to strike what it names."""
        super().check()
        listed = [(vendor.name, endpoint) for vendor in every() for endpoint in vendor.contract.endpoints]
        able = list(dict.fromkeys(f"{vendor}.{endpoint.name}" for vendor, endpoint in listed if self.strikes_at(endpoint)))
        meant = [
            f"{vendor}.{endpoint.name}"
            for vendor, endpoint in listed
            if self.vendor in (None, vendor) and self.endpoint in (None, endpoint.name)
        ]
        if not set(meant) & set(able):
            kind, named = type(self).__struct_config__.tag, self.endpoint or self.vendor
            raise FaultError(f"{kind} needs {self.NEEDS}, such as {', '.join(able)}; there is none at {named!r}")

    @classmethod
    def strikes_at(cls, endpoint: Endpoint) -> bool:
        """Whether an endpoint is one that it can strike: any list in pages, unless a kind says otherwise."""
        return endpoint.rows is not None and page_field(endpoint.paging) is not None

    def on(self, meeting: Meeting, pages: Pages) -> bool:  # noqa: ARG002 -- kinds that are particular override this
        """Whether a page is one that it can strike."""
        return True

    def means_endpoint(self, vendor: str, endpoint: Endpoint) -> bool:
        """One with lists that it can strike."""
        return super().means_endpoint(vendor, endpoint) and self.strikes_at(endpoint)

    def means(self, reading: Reading) -> bool:  # noqa: ARG002 -- of any
        """Any page: all are looked at, so that it is known which page a cursor leads to."""
        return True

    @property
    def window(self) -> tuple[float, float]:
        """All of time, for the same reason."""
        return -inf, inf

    def matches(self, meeting: Meeting) -> bool:
        """Whether an exchange is one of those it is meant for, and can be."""
        pages, (since, until) = meeting.pages, super().window
        if pages is None or not since <= meeting.now < until or not self.means_fields(meeting.reading):
            return False
        return super().matches(meeting) and self.on(meeting, pages)


def next_path(endpoint: Endpoint) -> str | None:
    """The dotted path at which an answer names the next cursor or offset."""
    return endpoint.paging.next if endpoint.rows is not None and isinstance(endpoint.paging, Offset | OpaqueCursor) else None


def sent_cursor(meeting: Meeting) -> Any:
    """The cursor that a request carries; ``None`` for the first page, and where pages have no cursors."""
    paging = meeting.reading.endpoint.paging
    return meeting.fields.get(paging.cursor) or None if isinstance(paging, OpaqueCursor) else None


def turn_to(meeting: Meeting, value: Any) -> None:
    """Let the request ask for another page: replace the field that says which."""
    reading, name = meeting.reading, page_field(meeting.reading.endpoint.paging)
    for place in ("query", "body"):
        model = getattr(reading, place)
        for field in () if model is None else fields(model):
            if field.encode_name == name:
                meeting.reading = replace(reading, **{place: replace(model, **{field.name: value})})


def edited(reply: Reply, edit: Callable[[Any], None]) -> Reply:
    """A good answer with something else in it; a refusal as it is."""
    if reply.status != OK:
        return reply
    answer = json.decode(reply.body)
    edit(answer)
    return replace(reply, body=json.encode(answer))
