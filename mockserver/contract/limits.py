"""Rate and concurrency limits, as data. Their numbers are behaviors, so that a test can lower them."""

from typing import Literal

from msgspec import Struct


class ConcurrencyLimit(Struct, frozen=True, tag=True):
    """One open request per site."""

    busy: str
    """Name of the behavior that decides about a second request: ``queue``, or the status of its error."""
    hold: str
    """Name of the behavior with the minimum duration of a request, in milliseconds of real time."""

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Names of the behaviors that configure it."""
        return (self.busy, self.hold)

    @property
    def error(self) -> str:
        """Name of the error template of refused requests."""
        return "busy"


class CountingLimit(Struct, frozen=True, kw_only=True):
    """A limit on the number of requests, measured by the tenant's clock; 0 means unlimited."""

    allowed: str
    """Name of the behavior with the number of requests."""
    pool: str
    """Endpoints whose limits have the same pool are counted together."""
    headers: tuple[str, str, str] | None = None
    """Names of the headers for limit, remaining requests and reset, sent with every response."""
    tightest: tuple[str, str, str] | None = None
    """Names of the same headers for the one of an endpoint's limits with the fewest remaining requests."""
    resets: Literal["instant", "after"] = "instant"
    """Value of the third header: the Unix time of the reset, or the seconds until then."""
    unkeyed: bool = True
    """If True, the headers are sent without a value while the key is unknown."""
    documented: int | None = None
    """The number in the vendor's documentation, if there is one; the behavior's default may differ."""

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Names of the behaviors that configure it."""
        return (self.allowed,)

    @property
    def error(self) -> str:
        """Name of the error template of refused requests."""
        return "rate_limited"

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of all headers that it adds to responses."""
        return (*(self.headers or ()), *(self.tightest or ()))


class WindowLimit(CountingLimit, frozen=True, kw_only=True, tag=True):
    """A number of requests per window of time."""

    seconds: int
    opens: Literal["clock", "first", "idle"]
    """When a window begins.

    ``clock``: at multiples of its length. ``first``: with the first request after the previous window.
    ``idle``: again with every accepted request, so that a window only ends after a pause of its length."""


class TokenBucket(CountingLimit, frozen=True, kw_only=True, tag=True):
    """Each request takes a token from a bucket that is refilled at a constant rate."""

    refill: str
    """Name of the behavior with the number of tokens added per second."""

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Names of the behaviors that configure it."""
        return (self.allowed, self.refill)


RateLimit = WindowLimit | TokenBucket
Limit = ConcurrencyLimit | RateLimit


def limit_name(vendor: str, endpoint: str, limit: Limit) -> str:
    """Return ``<vendor>.<pool>`` for a limit that endpoints share, otherwise ``<vendor>.<endpoint>``."""
    return f"{vendor}.{endpoint if isinstance(limit, ConcurrencyLimit) else limit.pool}"
