"""A header comes twice."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from mockserver.server.faults.fault import HeaderText, WireFault
from mockserver.server.wire import Reply

_LENGTH = "Content-Length"

Token = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$(?!\n)", description="the name of a header")]


class DuplicateHeader(WireFault, frozen=True, kw_only=True, tag="duplicate_header"):
    """Sends a header twice, the second time with the same value or with another."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "duplicate_header", "header": "Content-Length", "value": "1"}

    header: Token = "Content-Type"
    """Which; one that the answer does not have comes twice with ``value``."""
    value: HeaderText | None = None
    """The second value; the first one again where it is not given."""

    def spoilt(self, reply: Reply) -> Reply:
        """Say it again."""
        headers = reply.headers.copy()
        if self.header.lower() == _LENGTH.lower():  # The first is written where the body is.
            headers.add(_LENGTH, str(reply.claimed) if self.value is None else self.value)
        else:
            first = headers.setdefault(self.header, self.value or "")
            headers.add(self.header, first if self.value is None else self.value)
        return replace(reply, headers=headers)


FAULT = DuplicateHeader
