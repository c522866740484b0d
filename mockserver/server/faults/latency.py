"""The answer comes late."""

from math import exp, inf
from statistics import NormalDist
from typing import Annotated, Any, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from mockserver.server.faults.fault import FaultError, Meeting, Seconds, WireFault
from mockserver.server.wire import Reply


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
            raise FaultError("latency: give `seconds`, or `lower` and `upper` (lower first), or `median` and `sigma`")

    def tell(self, meeting: Meeting, reply: Reply) -> Reply:
        """Answer later."""
        return replace(reply, delay=reply.delay + self._wait(meeting))

    def _wait(self, meeting: Meeting) -> float:
        if self.seconds is not None:
            return self.seconds
        if self.lower is not None and self.upper is not None:
            return self.lower + (self.upper - self.lower) * meeting.drawn("wait")
        even = min(max(meeting.drawn("wait"), 1e-12), 1 - 1e-12)
        return min((self.median or 0) * exp((self.sigma or 0) * NormalDist().inv_cdf(even)), self.maximum)


FAULT = Latency
