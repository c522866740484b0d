"""The fault that responds with anything."""

import binascii
from base64 import b64decode
from typing import Annotated, Any, ClassVar, Final

from aiohttp.hdrs import CONTENT_TYPE
from msgspec import UNSET, Meta
from msgspec import json as json_format
from multidict import CIMultiDict

from mockserver.server.faults.base import Fault, FaultContext
from mockserver.server.faults.headers import Headers, check_framing, each_header
from mockserver.server.http.response import BODILESS_STATUSES, Response
from mockserver.server.requests.responses import SERVER
from mockserver.server.tenancy.active_faults import FaultError

_FINAL: Final = 200
_TYPES: Final = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "base64": "application/octet-stream",
}
"""The content type of each kind of body."""


class Respond(Fault, frozen=True, kw_only=True, tag="respond"):
    """Respond with any status, headers and body instead of the vendor; data that was sent is not recorded.

    Give at most one of ``json``, ``text``, ``html``, ``base64`` and ``file``; without any, the body is empty.
    The response has the headers that report the limits of the endpoint, unless ``headers`` replaces them.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "respond",
        "json": {"error": "backend unavailable"},
        "headers": {"X-Request-Id": "42"},
    }

    status: Annotated[int, Meta(ge=100, le=599)] = 200
    """The status, from 200 on; a lower one only announces a response."""
    headers: Headers = {}  # noqa: RUF012 -- msgspec copies it
    """Headers by name, each with one value or a list of values; ``Content-Type`` follows from the body."""
    json: Any = UNSET
    """The body as a JSON value."""
    text: str | None = None
    """The body as a text."""
    html: str | None = None
    """The body as an HTML page."""
    base64: str | None = None
    """The body as bytes in base64."""
    file: str | None = None
    """Path of a file with the body. The command line and the Python library read it and send ``base64``; the
    admin API reads no files."""

    def check(self) -> None:
        """Check also that there is at most one body, and that the response can have it."""
        super().check()
        if self.file is not None:
            raise FaultError(
                "respond: the server reads no files, and `file` is only for the command line and the Python"
                " library, which read it; send the body as `base64`, `text`, `html` or `json`"
            )
        bodies = self._bodies()
        if len(bodies) > 1:
            raise FaultError(f"respond: {' and '.join(bodies)} exclude each other; give one of them")
        if self.status < _FINAL:
            raise FaultError(
                f"respond: a client that gets {self.status} waits for the response that it announces;"
                " use a status from 200 to 599"
            )
        if bodies and self.status in BODILESS_STATUSES:
            raise FaultError(f"respond: a response with status {self.status} has no body; remove {bodies[0]}")
        check_framing(self.kind, self.headers)
        if self.base64 is not None:
            try:
                b64decode(self.base64, validate=True)
            except (binascii.Error, ValueError) as error:
                raise FaultError(
                    f"respond: base64 is invalid: {error}; encode the bytes of the body"
                ) from None

    def _bodies(self) -> list[str]:
        """Return the names of the arguments that give a body."""
        return [name for name in _TYPES if getattr(self, name) is not (UNSET if name == "json" else None)]

    def before_response(self, context: FaultContext) -> Response:
        own = CIMultiDict(each_header(self.headers))
        headers = CIMultiDict({"Server": SERVER, **context.headers})
        for name in self._bodies():
            headers[CONTENT_TYPE] = _TYPES[name]
        for name in own:
            headers.popall(name, None)
        headers.extend(own)
        return Response(status=self.status, headers=headers, body=self._encode_body())

    def _encode_body(self) -> bytes:
        if self.json is not UNSET:
            return json_format.encode(self.json)
        if self.base64 is not None:
            return b64decode(self.base64)
        return (self.text or self.html or "").encode("utf-8", "surrogatepass")


FAULTS: Final[tuple[type[Fault], ...]] = (Respond,)
