"""The answer comes late."""

from math import exp, inf
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from mockserver.server.faults.base import (
    Fault,
    FaultContext,
    FaultError,
    HeaderText,
    Seconds,
    Share,
    WireFault,
)
from mockserver.server.http.response import Response, Where


class Latency(WireFault, frozen=True, kw_only=True, tag="latency"):
    """Waits before the first byte: a fixed time, or one drawn evenly between two, or from a lognormal distribution.

    Real seconds, whatever the tenant's clock says. Several latencies add up.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "latency", "median": 0.01, "sigma": 0.4, "maximum": 0.05}

    seconds: Seconds | None = None
    """A fixed time."""
    lower: Seconds | None = None
    """With ``upper``: the shortest wait; any time between the two is as likely."""
    upper: Seconds | None = None
    """With ``lower``: the longest wait."""
    median: Seconds | None = None
    """With ``sigma``: half of the exchanges wait less; some wait much longer."""
    sigma: Annotated[float, Meta(ge=0, le=5)] | None = None
    """With ``median``: the standard deviation of the wait's logarithm; 0 always waits the median."""
    maximum: Seconds = 60
    """No lognormal wait is longer."""

    def check(self) -> None:
        """Exactly one of the three ways must be given."""
        super().check()
        ways = [
            self.seconds is not None,
            self.lower is not None or self.upper is not None,
            self.median is not None or self.sigma is not None,
        ]
        halves = (self.lower is None) != (self.upper is None) or (self.median is None) != (self.sigma is None)
        if sum(ways) != 1 or halves or (self.lower or 0) > (inf if self.upper is None else self.upper):
            raise FaultError(
                "latency: give `seconds`, or `lower` and `upper` (lower first), or `median` and `sigma`"
            )

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:
        """Answer later."""
        return replace(reply, delay=reply.delay + self._wait(meeting))

    def _wait(self, meeting: FaultContext) -> float:
        if self.seconds is not None:
            return self.seconds
        if self.lower is not None and self.upper is not None:
            return self.lower + (self.upper - self.lower) * meeting.draw("wait")
        even = min(max(meeting.draw("wait"), 1e-12), 1 - 1e-12)
        return min((self.median or 0) * exp((self.sigma or 0) * NormalDist().inv_cdf(even)), self.maximum)


class Reset(WireFault, frozen=True, kw_only=True, tag="reset"):
    """Ends the connection with a TCP RST: before any byte, after the headers, or in the middle of the body."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "reset", "where": "body", "share": 0.25}

    where: Where = "before"
    """Where it is reset."""
    share: Share = 0.5
    """With ``where`` at ``body``: the share of its bytes that are sent first."""

    def transform(self, reply: Response) -> Response:
        """Break off with RST."""
        return reply.interrupted("reset", self.where, self.share)


class Stall(WireFault, frozen=True, kw_only=True, tag="stall"):
    """Falls silent before any byte, after the headers, or in the middle of the body, until the client goes or the server stops."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stall", "where": "headers", "times": 1}

    where: Where = "before"
    """Where it falls silent."""
    share: Share = 0.5
    """With ``where`` at ``body``: the share of its bytes that are sent first."""

    def transform(self, reply: Response) -> Response:
        """Break off in silence."""
        return reply.interrupted("stall", self.where, self.share)


class Dribble(WireFault, frozen=True, kw_only=True, tag="dribble"):
    """Sends the body in pieces of about equal size with a pause between each two; the answer itself is whole."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "dribble", "pieces": 5, "pause": 0.002}

    pieces: Annotated[int, Meta(ge=2, le=100_000)] = 10
    """How many; a shorter body goes byte by byte."""
    pause: Seconds = 0.1
    """Seconds of real time between two pieces."""

    def transform(self, reply: Response) -> Response:
        """Send slowly."""
        return replace(reply, pieces=self.pieces, pause=self.pause)


class Truncate(WireFault, frozen=True, kw_only=True, tag="truncate"):
    """Sends only the beginning of the body: under its own length, or under that of the whole and then closes the connection."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "truncate", "share": 0.9, "content_length": "true"}

    share: Share = 0.5
    """The share of the body's bytes that are sent."""
    content_length: Literal["true", "lying"] = "lying"
    """Whether ``Content-Length`` says what is sent, or what the whole would have been."""

    def transform(self, reply: Response) -> Response:
        """Leave out the end."""
        if self.content_length == "lying":
            return reply.interrupted("close", "body", self.share)
        return replace(reply, sent=int(len(reply.sent_body) * self.share), declared=None)


_UNFINISHED: Final = b"{"
"""For what parses whatever is done to it, such as a number."""


class Malformed(WireFault, frozen=True, kw_only=True, tag="malformed"):
    """Sends a body that is no JSON, and leaves the status and the content type as if it were."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "malformed", "how": "garbled"}

    how: Literal["cut", "garbled"] = "cut"
    """Whether the second half is missing, or every quotation mark is an apostrophe."""

    def transform(self, reply: Response) -> Response:
        """Break the body."""
        body = reply.body[: len(reply.body) // 2] if self.how == "cut" else reply.body.replace(b'"', b"'")
        return replace(reply, body=_UNFINISHED if _parses(body) else body)


def _parses(body: bytes) -> bool:
    try:
        json.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return False
    return True


class EmptyBody(WireFault, frozen=True, kw_only=True, tag="empty_body"):
    """Sends the status and the headers of the answer with a body of no bytes."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_body", "page": "first"}

    def transform(self, reply: Response) -> Response:
        """Leave out the body."""
        return replace(reply, body=b"", sent=None, declared=None)


class ContentType(WireFault, frozen=True, kw_only=True, tag="content_type"):
    """Sends the answer under another ``Content-Type``; the body stays what it is."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "content_type", "content_type": "text/html; charset=utf-8"}

    content_type: HeaderText = "text/html"
    """What the header says."""

    def transform(self, reply: Response) -> Response:
        """Call it something else."""
        headers = reply.headers.copy()
        headers["Content-Type"] = self.content_type
        return replace(reply, headers=headers)


_LENGTH = "Content-Length"

Token = Annotated[
    str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$(?!\n)", description="the name of a header")
]


class DuplicateHeader(WireFault, frozen=True, kw_only=True, tag="duplicate_header"):
    """Sends a header twice, the second time with the same value or with another."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "duplicate_header", "header": "Content-Length", "value": "1"}

    header: Token = "Content-Type"
    """Which; one that the answer does not have comes twice with ``value``."""
    value: HeaderText | None = None
    """The second value; the first one again where it is not given."""

    def transform(self, reply: Response) -> Response:
        """Say it again."""
        headers = reply.headers.copy()
        if self.header.lower() == _LENGTH.lower():  # The first is written where the body is.
            headers.add(_LENGTH, str(reply.declared_length) if self.value is None else self.value)
        else:
            first = headers.setdefault(self.header, self.value or "")
            headers.add(self.header, first if self.value is None else self.value)
        return replace(reply, headers=headers)


FAULTS: Final[tuple[type[Fault], ...]] = (
    Latency,
    Reset,
    Stall,
    Dribble,
    Truncate,
    Malformed,
    EmptyBody,
    ContentType,
    DuplicateHeader,
)
"""The kinds of this module."""
