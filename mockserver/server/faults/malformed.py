"""The body does not parse."""

from typing import Any, ClassVar, Final, Literal

from msgspec import DecodeError, json
from msgspec.structs import replace

from mockserver.server.faults.fault import WireFault
from mockserver.server.wire import Reply

_UNFINISHED: Final = b"{"
"""For what parses whatever is done to it, such as a number."""


class Malformed(WireFault, frozen=True, kw_only=True, tag="malformed"):
    """Sends a body that is no JSON, and leaves the status and the content type as if it were."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "malformed", "how": "garbled"}

    how: Literal["cut", "garbled"] = "cut"
    """Whether the second half is missing, or every quotation mark is an apostrophe."""

    def spoilt(self, reply: Reply) -> Reply:
        """Break the body."""
        body = reply.body[: len(reply.body) // 2] if self.how == "cut" else reply.body.replace(b'"', b"'")
        return replace(reply, body=_UNFINISHED if _parses(body) else body)


def _parses(body: bytes) -> bool:
    try:
        json.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return False
    return True


FAULT = Malformed
