"""The content type is wrong."""

from typing import Any, ClassVar

from msgspec.structs import replace

from mockserver.server.faults.fault import HeaderText, WireFault
from mockserver.server.wire import Reply


class ContentType(WireFault, frozen=True, kw_only=True, tag="content_type"):
    """Sends the answer under another ``Content-Type``; the body stays what it is."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "content_type", "content_type": "text/html; charset=utf-8"}

    content_type: HeaderText = "text/html"
    """What the header says."""

    def spoilt(self, reply: Reply) -> Reply:
        """Call it something else."""
        headers = reply.headers.copy()
        headers["Content-Type"] = self.content_type
        return replace(reply, headers=headers)


FAULT = ContentType
