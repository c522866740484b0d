"""The answer never ends."""

from typing import Any, ClassVar

from mockserver.server.faults.fault import Share, WireFault
from mockserver.server.wire import Reply, Where


class Stall(WireFault, frozen=True, kw_only=True, tag="stall"):
    """Falls silent before any byte, after the headers, or in the middle of the body, until the client goes or the server stops."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stall", "where": "headers", "times": 1}

    where: Where = "before"
    """Where it falls silent."""
    share: Share = 0.5
    """With ``where`` at ``body``: the share of its bytes that are sent first."""

    def spoilt(self, reply: Reply) -> Reply:
        """Break off in silence."""
        return reply.broken_off("stall", self.where, self.share)


FAULT = Stall
