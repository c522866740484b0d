"""The body is missing."""

from typing import Any, ClassVar

from msgspec.structs import replace

from mockserver.server.faults.fault import WireFault
from mockserver.server.wire import Reply


class EmptyBody(WireFault, frozen=True, kw_only=True, tag="empty_body"):
    """Sends the status and the headers of the answer with a body of no bytes."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_body", "page": "first"}

    def spoilt(self, reply: Reply) -> Reply:
        """Leave out the body."""
        return replace(reply, body=b"", sent=None, declared=None)


FAULT = EmptyBody
