"""The body is cut short."""

from typing import Any, ClassVar, Literal

from msgspec.structs import replace

from mockserver.server.faults.fault import Share, WireFault
from mockserver.server.wire import Reply


class Truncate(WireFault, frozen=True, kw_only=True, tag="truncate"):
    """Sends only the beginning of the body: under its own length, or under that of the whole and then closes the connection."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "truncate", "share": 0.9, "content_length": "true"}

    share: Share = 0.5
    """The share of the body's bytes that are sent."""
    content_length: Literal["true", "lying"] = "lying"
    """Whether ``Content-Length`` says what is sent, or what the whole would have been."""

    def spoilt(self, reply: Reply) -> Reply:
        """Leave out the end."""
        if self.content_length == "lying":
            return reply.broken_off("close", "body", self.share)
        return replace(reply, sent=int(len(reply.carried) * self.share), declared=None)


FAULT = Truncate
