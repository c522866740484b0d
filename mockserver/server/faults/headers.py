"""Faults in the headers of a response."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final

from aiohttp.hdrs import CONTENT_TYPE, DATE, SERVER
from msgspec import Meta
from msgspec.structs import replace

from mockserver.server.faults.base import HeaderText, WireFault
from mockserver.server.http.response import Response
from mockserver.server.tenancy.active_faults import FaultError

Token = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$(?!\n)", description="a header name")]
Headers = dict[Token, HeaderText | tuple[HeaderText, ...]]
"""Headers by name, each with one value or several."""
_LENGTH: Final = "Content-Length"
_ALWAYS_ADDED: Final = frozenset({CONTENT_TYPE, DATE, SERVER})
"""Headers that the server adds to responses without them."""
_VALUE: Final = "{value}"
_FRAMING: Final = {
    "content-length": "`truncate`, `chunked` or `duplicate_header`",
    "transfer-encoding": "`chunked`",
    "connection": "`close` or `reset`",
}
"""Headers that a client needs to find the end of a response, with the kinds of faults that change it."""


def check_framing(kind: str, names: Iterable[str]) -> None:
    """Raise :class:`FaultError` if a header cannot be changed without making the connection unreadable."""
    for name in names:
        if name.lower() in _FRAMING:
            raise FaultError(
                f"{kind}: {name} says where the response ends, so it cannot be changed alone;"
                f" use the fault {_FRAMING[name.lower()]}"
            )


def each_header(headers: Mapping[str, str | tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Yield each header with each of its values."""
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            yield name, value


class ContentType(WireFault, frozen=True, kw_only=True, tag="content_type"):
    """Send the response with another ``Content-Type``; the body is unchanged."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "content_type", "content_type": "text/html; charset=utf-8"}

    content_type: HeaderText = "text/html"
    """The value of the header."""

    def transform(self, response: Response) -> Response:
        headers = response.headers.copy()
        headers["Content-Type"] = self.content_type
        return replace(response, headers=headers)


class DuplicateHeader(WireFault, frozen=True, kw_only=True, tag="duplicate_header"):
    """Send a header twice, with the same value or with another one."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "duplicate_header", "header": "Content-Length", "value": "1"}

    header: Token = "Content-Type"
    """Name of the header; one that the response does not have is sent twice with ``value``."""
    value: HeaderText | None = None
    """The second value; by default the first one."""

    def transform(self, response: Response) -> Response:
        headers = response.headers.copy()
        if self.header.lower() == _LENGTH.lower():  # The first one is added when the body is sent.
            headers.add(_LENGTH, str(response.declared_length) if self.value is None else self.value)
        else:
            first = headers.setdefault(self.header, self.value or "")
            headers.add(self.header, first if self.value is None else self.value)
        return replace(response, headers=headers)


class Header(WireFault, frozen=True, kw_only=True, tag="header"):
    """Set, add, drop or repeat headers of a response, also of an error, in this order."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "header",
        "set": {"Retry-After": "0.5"},
        "add": {"Set-Cookie": ["a=1", "b=2"]},
        "drop": ["Server"],
        "repeat": ["Content-Type"],
    }

    set: dict[Token, HeaderText] = {}  # noqa: RUF012 -- msgspec copies it
    """Headers by name that replace those of the response. In a value, ``{value}`` stands for the replaced
    one: ``{"X-RateLimit-Reset": "{value}000"}`` sends a reset in milliseconds, and nothing without one."""
    add: Headers = {}  # noqa: RUF012 -- msgspec copies it
    """Headers by name that are sent in addition, each with one value or a list of values."""
    drop: tuple[Token, ...] = ()
    """Names of headers that are not sent."""
    repeat: tuple[Token, ...] = ()
    """Names of headers that are sent twice, with the same value."""

    def check(self) -> None:
        """Check also that there is a change, and that it does not touch a header that frames the message."""
        super().check()
        names = [*self.set, *self.add, *self.drop, *self.repeat]
        if not names:
            raise FaultError("header: nothing to change; give `set`, `add`, `drop` or `repeat`")
        check_framing(self.kind, names)

    def transform(self, response: Response) -> Response:
        headers = response.headers.copy()
        for name, value in self.set.items():
            if name in response.headers or _VALUE not in value:
                headers[name] = value.replace(_VALUE, response.headers.get(name, ""))
        for name, value in each_header(self.add):
            headers.add(name, value)
        omitted = {*response.delivery.omitted} - {name.title() for name in headers}
        for name in self.drop:
            was_sent = headers.popall(name, None) is not None
            if name.title() == DATE or (was_sent and name.title() in _ALWAYS_ADDED):
                omitted.add(name.title())
        for name in self.repeat:
            if name in headers:
                headers.add(name, headers[name])
        return replace(response, headers=headers).with_delivery(omitted=tuple(sorted(omitted)))


FAULTS: Final[tuple[type[WireFault], ...]] = (ContentType, DuplicateHeader, Header)
