"""Faults in how a response is sent: late, slowly, in chunks, damaged, incomplete or not at all."""

from codecs import BOM_UTF8
from math import ceil, exp, inf
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from mockserver.server.faults.base import (
    Fault,
    FaultContext,
    Seconds,
    Share,
    WireFault,
)
from mockserver.server.http.chunked import Chunks
from mockserver.server.http.response import End, Response
from mockserver.server.tenancy.active_faults import FaultError

Where = Literal["before", "headers", "body"]
"""Where a response is cut: before the first byte, after the headers, or in the middle of the body."""


def _interrupt(response: Response, end: End, where: Where, share: float) -> Response:
    """Return a copy that ends early, while its headers declare the whole length.

    With *where* ``body``, it ends after *share* of the body. A response without headers stays without.
    """
    if not response.delivery.head and where != "before":
        return response
    return response.with_delivery(
        head=where != "before",
        sent=int(len(response.sent_body) * share) if where == "body" else 0,
        declared=response.declared_length,
        end=end,
    )


class Latency(WireFault, frozen=True, kw_only=True, tag="latency"):
    """Wait before the first byte: a fixed time, or a random one from a uniform or lognormal distribution.

    The time is real, independent of the tenant's clock. Several latencies add up.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "latency", "median": 0.01, "sigma": 0.4, "maximum": 0.05}

    seconds: Seconds | None = None
    """A fixed delay."""
    lower: Seconds | None = None
    """With ``upper``: the shortest delay of a uniform distribution."""
    upper: Seconds | None = None
    """With ``lower``: the longest delay of a uniform distribution."""
    median: Seconds | None = None
    """With ``sigma``: the median of a lognormal distribution."""
    sigma: Annotated[float, Meta(ge=0, le=5)] | None = None
    """With ``median``: the standard deviation of the delay's logarithm; with 0, every delay is the median."""
    maximum: Seconds = 60
    """Upper bound of lognormal delays."""

    def check(self) -> None:
        """Check also that exactly one of the three distributions is given."""
        super().check()
        ways = [
            self.seconds is not None,
            self.lower is not None or self.upper is not None,
            self.median is not None or self.sigma is not None,
        ]
        halves = (self.lower is None) != (self.upper is None) or (self.median is None) != (self.sigma is None)
        if sum(ways) != 1 or halves or (self.lower or 0) > (inf if self.upper is None else self.upper):
            raise FaultError(
                "latency: invalid combination of arguments; give either `seconds`,"
                " or `lower` and a greater `upper`, or `median` and `sigma`"
            )

    def after_response(self, context: FaultContext, response: Response) -> Response:
        return response.with_delivery(delay=response.delivery.delay + self._delay(context))

    def _delay(self, context: FaultContext) -> float:
        if self.seconds is not None:
            return self.seconds
        if self.lower is not None and self.upper is not None:
            return self.lower + (self.upper - self.lower) * context.draw("wait")
        uniform = min(max(context.draw("wait"), 1e-12), 1 - 1e-12)
        return min((self.median or 0) * exp((self.sigma or 0) * NormalDist().inv_cdf(uniform)), self.maximum)


class Reset(WireFault, frozen=True, kw_only=True, tag="reset"):
    """Close the connection with a TCP RST: before the first byte, after the headers, or within the body."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "reset", "where": "body", "share": 0.25}

    where: Where = "before"
    """Where the connection is reset."""
    share: Share = 0.5
    """With ``where`` = ``body``: the share of the body's bytes that is sent."""

    def transform(self, response: Response) -> Response:
        return _interrupt(response, "reset", self.where, self.share)


class Close(WireFault, frozen=True, kw_only=True, tag="close"):
    """Close the connection with a TCP FIN: before the first byte, after the headers, or within the body.

    The client sees an orderly end of the connection, unlike with ``reset``.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "close", "where": "headers"}

    where: Where = "before"
    """Where the connection is closed."""
    share: Share = 0.5
    """With ``where`` = ``body``: the share of the body's bytes that is sent."""

    def transform(self, response: Response) -> Response:
        return _interrupt(response, "close", self.where, self.share)


class Stall(WireFault, frozen=True, kw_only=True, tag="stall"):
    """Stop sending before the first byte, after the headers, or within the body.

    The connection ends when the client disconnects or the server stops. A response of which nothing is left
    to send, such as the body of a response to HEAD, is complete and does not stall.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stall", "where": "headers", "times": 1}

    where: Where = "before"
    """Where sending stops."""
    share: Share = 0.5
    """With ``where`` = ``body``: the share of the body's bytes that is sent."""

    def transform(self, response: Response) -> Response:
        return _interrupt(response, "stall", self.where, self.share)


class Dribble(WireFault, frozen=True, kw_only=True, tag="dribble"):
    """Send the complete body slowly, in pieces of about equal size with pauses between them."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "dribble", "pieces": 5, "pause": 0.002}

    pieces: Annotated[int, Meta(ge=2, le=100_000)] = 10
    """Number of pieces; a shorter body is sent byte by byte."""
    pause: Seconds = 0.1
    """Real seconds between two pieces."""

    def transform(self, response: Response) -> Response:
        return response.with_delivery(pieces=self.pieces, pause=self.pause, rate=None)


class Slow(WireFault, frozen=True, kw_only=True, tag="slow"):
    """Send the complete body at a number of bytes per second of real time.

    The bytes arrive steadily, so a timeout between two of them does not end the response.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "slow", "bytes_per_second": 1_000_000}

    bytes_per_second: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1000
    """Bytes of the body that are sent in each second, in up to 20 pieces; a body has at least two."""

    def transform(self, response: Response) -> Response:
        return response.with_delivery(rate=self.bytes_per_second)


class Truncate(WireFault, frozen=True, kw_only=True, tag="truncate"):
    """Truncate the body; Content-Length is either the truncated or the original length.

    With the original length, the connection is closed after the truncated body.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "truncate", "share": 0.9, "content_length": "true"}

    share: Share = 0.5
    """The share of the body's bytes that is sent."""
    content_length: Literal["true", "lying"] = "lying"
    """``true``: Content-Length is the truncated length; ``lying``: it is the original length."""

    def transform(self, response: Response) -> Response:
        if self.content_length == "lying":
            return _interrupt(response, "close", "body", self.share)
        # The declared length shrinks too, so that a body that another fault interrupted stays incomplete.
        declared = response.delivery.declared
        return response.with_delivery(
            sent=int(len(response.sent_body) * self.share),
            declared=None if declared is None else ceil(declared * self.share),
        )


ChunkSize = Annotated[int, Meta(ge=1, le=1 << 20)]


class Chunked(WireFault, frozen=True, kw_only=True, tag="chunked"):
    """Send the body in chunks without ``Content-Length``; optionally with an invalid chunk or without an end.

    Clients of HTTP/1.0 do not know chunks; for them, the end of the connection ends the body.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "chunked", "sizes": [1, 200], "damage": "no_last_chunk"}

    sizes: Annotated[tuple[ChunkSize, ...], Meta(min_length=1, max_length=1000)] = (1024,)
    """Bytes of each chunk; the last size repeats."""
    damage: Literal["none", "invalid_size", "no_last_chunk"] = "none"
    """``invalid_size``: one chunk has a size that is not a number; ``no_last_chunk``: the last chunk, which
    says that there are no more, is missing. The connection is closed after both."""
    share: Share = 0.5
    """With ``damage`` = ``invalid_size``: the share of the body's bytes before the invalid chunk."""

    def transform(self, response: Response) -> Response:
        chunks = Chunks(self.sizes, self.share if self.damage == "invalid_size" else None)
        if self.damage == "none":
            return response.with_delivery(chunks=chunks)
        end = response.delivery.end
        return response.with_delivery(chunks=chunks, end="close" if end == "complete" else end)


_INVALID_JSON: Final = b"{"
"""Replaces a body that is still valid JSON after the damage, such as a number."""


class Malformed(WireFault, frozen=True, kw_only=True, tag="malformed"):
    """Send a body that is not valid JSON, with unchanged status and content type."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "malformed", "how": "garbled"}

    how: Literal["cut", "garbled", "bom"] = "cut"
    """``cut``: the second half is missing; ``garbled``: every quotation mark is an apostrophe; ``bom``: a
    byte order mark precedes the JSON."""

    def transform(self, response: Response) -> Response:
        body = response.body
        match self.how:
            case "cut":
                body = body[: len(body) // 2]
            case "garbled":
                body = body.replace(b'"', b"'")
            case "bom":
                body = BOM_UTF8 + body
        return replace(response, body=_INVALID_JSON if _is_json(body) else body)


def _is_json(body: bytes) -> bool:
    try:
        json.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return False
    return True


class EmptyBody(WireFault, frozen=True, kw_only=True, tag="empty_body"):
    """Send the status and the headers of the response with an empty body."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_body", "page": "first"}

    def transform(self, response: Response) -> Response:
        return replace(response, body=b"").with_delivery(sent=None, declared=None)


FAULTS: Final[tuple[type[Fault], ...]] = (
    Latency,
    Reset,
    Close,
    Stall,
    Dribble,
    Slow,
    Truncate,
    Chunked,
    Malformed,
    EmptyBody,
)
