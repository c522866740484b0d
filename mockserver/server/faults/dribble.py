"""The body comes piece by piece."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from mockserver.server.faults.fault import Seconds, WireFault
from mockserver.server.wire import Reply


class Dribble(WireFault, frozen=True, kw_only=True, tag="dribble"):
    """Sends the body in pieces of about equal size with a pause between each two; the answer itself is whole."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "dribble", "pieces": 5, "pause": 0.002}

    pieces: Annotated[int, Meta(ge=2, le=100_000)] = 10
    """How many; a shorter body goes byte by byte."""
    pause: Seconds = 0.1
    """Seconds of real time between two pieces."""

    def spoilt(self, reply: Reply) -> Reply:
        """Send slowly."""
        return replace(reply, pieces=self.pieces, pause=self.pause)


FAULT = Dribble
