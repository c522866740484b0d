"""The connection is reset."""

from typing import Any, ClassVar

from mockserver.server.faults.fault import Share, WireFault
from mockserver.server.wire import Reply, Where


class Reset(WireFault, frozen=True, kw_only=True, tag="reset"):
    """Ends the connection with a TCP RST: before any byte, after the headers, or in the middle of the body."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "reset", "where": "body", "share": 0.25}

    where: Where = "before"
    """Where it is reset."""
    share: Share = 0.5
    """With ``where`` at ``body``: the share of its bytes that are sent first."""

    def spoilt(self, reply: Reply) -> Reply:
        """Break off with RST."""
        return reply.broken_off("reset", self.where, self.share)


FAULT = Reset
