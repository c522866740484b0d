"""How often a client may ask, as data. The numbers themselves are behaviors, so that a test can make them small."""

from typing import Literal

from msgspec import Struct


class ConcurrencyLimit(Struct, frozen=True, tag=True):
    """One open request for each site; ``busy`` says what happens to a second, ``hold`` how long the first lasts at least."""

    busy: str
    """Name of the behavior among ``queue`` and statuses."""
    hold: str
    """Name of the behavior in milliseconds of real time."""


class CountingLimit(Struct, frozen=True, kw_only=True):
    """A limit of so many requests on the tenant's clock, 0 for any number."""

    allowed: str
    """Name of the behavior that says how many."""
    pool: str
    """Endpoints that name the same pool share it."""
    headers: tuple[str, str, str] | None = None
    """Names of the headers that say limit, remaining and reset, on every answer."""
    tightest: tuple[str, str, str] | None = None
    """Names of headers that say the same of that one of an endpoint's limits that has the least left."""
    resets: Literal["instant", "after"] = "instant"
    """Whether the third header says the Unix second of the reset, or how many seconds it is away."""
    unkeyed: bool = True
    """Whether the headers are there, empty, as long as no key is known."""
    documented: int | None = None
    """How many the vendor documents, where it documents any; the behavior may be another number by default."""


class WindowLimit(CountingLimit, frozen=True, kw_only=True, tag=True):
    """So many requests in a window."""

    seconds: int
    opens: Literal["clock", "first", "idle"]
    """Whether windows begin at multiples of their length on the clock, with the first request after the last window, or anew with
    every request that is let through, so that only a pause of that length ends one."""


class TokenBucket(CountingLimit, frozen=True, kw_only=True, tag=True):
    """So many requests at once; each takes a token of a bucket that fills again, token by token."""

    refill: str
    """Name of the behavior that says how many tokens come back in a second."""


RateLimit = WindowLimit | TokenBucket
Limit = ConcurrencyLimit | RateLimit


def limit_name(vendor: str, endpoint: str, limit: Limit) -> str:
    """``<vendor>.<pool>`` for a limit that endpoints share, ``<vendor>.<endpoint>`` for one that an endpoint has alone."""
    return f"{vendor}.{endpoint if isinstance(limit, ConcurrencyLimit) else limit.pool}"
