"""Rate and concurrency limits. Their numbers are behaviors, so that a test can lower them.

A limit computes with counters and behaviors that it is given: tenants hold them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, Protocol

from msgspec import Struct

from mockserver.contract.behaviors import Behavior, short_name
from mockserver.contract.errors import VendorError

Behaviors = Mapping[str, Any]
"""The values of a vendor's behaviors by short name."""
Counter = tuple[int, int]
"""Two numbers that a rate limit keeps for a key; their meaning depends on the kind of limit."""
HeaderNames = tuple[str, str, str]
"""Names of the headers for limit, remaining requests and reset."""

RETRY_AFTER: Final = "Retry-After"
_NEVER: Final = 31_536_000
"""Reported seconds until a bucket without refill is full."""
_TOKEN: Final = 1000
"""Tokens are counted in thousandths, because one token per second is one thousandth per millisecond."""
_OPENS: Final = {
    "clock": "fixed windows, aligned to the clock",
    "first": "a window starts with the first request after the previous one",
    "idle": "every request restarts the window",
}


class LimitStatus(Struct, frozen=True):
    """State of a limit for a key after a request."""

    limit: "RateLimit"
    allowed: int
    """0 for unlimited."""
    remaining: int
    reset: int
    """Unix second at which the window ends, or the bucket is full."""
    wait: int
    """Seconds until a request is allowed."""
    refused: bool = False

    def error(self, behaviors: Behaviors) -> VendorError:
        """Return the error for a request that exceeds the limit."""
        message = f"over {self.allowed} requests {self.limit.explain_refusal(self)}"
        details = {"message": message, "scope": self.limit.pool}
        headers = {RETRY_AFTER: str(self.wait)} if self.limit.adds_retry_after(behaviors) else {}
        numbers = {"limit": self.allowed, "retryAfter": self.wait}
        return VendorError("rate_limited", details, headers, numbers)

    def headers(self, names: HeaderNames, now: int) -> dict[str, str]:
        """Return headers with the limit, the remaining requests and the reset, in this order of *names*."""
        reset = self.reset if self.limit.resets == "instant" else max(self.reset - now // 1000, 0)
        return dict(zip(names, (str(self.allowed), str(self.remaining), str(reset)), strict=True))


class LimitUsage(Protocol):
    """How much of its limits the clients of a tenant use."""

    def held_slots(self) -> int:
        """Return the number of open requests to endpoints with a concurrency limit."""

    def requests_by_site(self, limit: "RateLimit") -> Mapping[str, int]:
        """Return the requests that a limit counts now, by site."""


def retry_after_behavior(name: str) -> Behavior:
    """Return a behavior that adds ``Retry-After`` to refusals, for a vendor that documents no such header."""
    return Behavior(
        name=name,
        description="If a request that a limit rejects gets the header Retry-After.",
        default="none",
        options={
            "none": "No: none is documented.",
            "seconds": "Yes, in seconds; an injected 429 without a retry_after of its own gets 1.",
        },
    )


class _BaseLimit(Struct, frozen=True, kw_only=True):
    kind: ClassVar[str]
    """Name of the kind in the admin API."""
    error: ClassVar[str]
    """Name of the error template of refused requests."""

    retry_after: str | None = None
    """Name of the :func:`retry_after_behavior`; None if the vendor documents when to retry."""

    def adds_retry_after(self, behaviors: Behaviors) -> bool:
        """Return whether refusals get the header ``Retry-After``, although the vendor documents none."""
        return self.retry_after is not None and behaviors[short_name(self.retry_after)] == "seconds"

    @property
    def behaviors(self) -> dict[str, str]:
        """Names of the behaviors that configure it, by the names of settings in the admin API."""
        raise NotImplementedError

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings in the admin API."""
        return ("enabled", *self.behaviors)

    @property
    def documented(self) -> int | None:
        """The number of requests in the vendor's documentation, if there is one."""
        return None

    @property
    def opens(self) -> str | None:
        """When a window begins; None if there are no windows."""
        return None

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of all headers that it adds to responses."""
        return ()

    def values(self, behaviors: Behaviors) -> dict[str, Any]:
        """Return the values of its behaviors, by the names of settings."""
        return {setting: behaviors[short_name(name)] for setting, name in self.behaviors.items()}


class ConcurrencyLimit(_BaseLimit, frozen=True, kw_only=True, tag=True):
    """One open request per site."""

    kind = "one_at_a_time"
    error = "busy"

    busy: str
    """Name of the behavior that decides about a second request: ``queue``, or the status of its error."""
    hold: str
    """Name of the behavior with the minimum duration of a request, in milliseconds of real time."""

    @property
    def behaviors(self) -> dict[str, str]:
        return {"busy": self.busy, "hold": self.hold}

    @property
    def description(self) -> str:
        """One or two sentences in Markdown."""
        return (
            f"One open request per site: `{self.busy}` decides about a second one, "
            f"`{self.hold}` is the minimum duration of the first."
        )

    def name(self, vendor: str, endpoint: str) -> str:
        """Return the name in the admin API: each endpoint has its own limit."""
        return f"{vendor}.{endpoint}"

    def state(self, behaviors: Behaviors, usage: LimitUsage) -> dict[str, Any]:
        """Return its state in the admin API."""
        return {**self.values(behaviors), "held": usage.held_slots()}


class RateLimit(_BaseLimit, frozen=True, kw_only=True):
    """A limit on the number of requests, measured by the tenant's clock; 0 means unlimited."""

    error = "rate_limited"

    allowed: str
    """Name of the behavior with the number of requests."""
    pool: str
    """Endpoints whose limits have the same pool are counted together."""
    headers: HeaderNames | None = None
    """Sent with every response."""
    tightest: HeaderNames | None = None
    """Sent for the one of an endpoint's limits with the fewest remaining requests."""
    resets: Literal["instant", "after"] = "instant"
    """Value of the third header: the Unix time of the reset, or the seconds until then."""
    unkeyed: bool = True
    """If True, the headers are sent without a value while the key is unknown."""
    documented: int | None = None
    """The number in the vendor's documentation, if there is one; the behavior's default may differ."""

    @property
    def behaviors(self) -> dict[str, str]:
        return {"allowed": self.allowed}

    @property
    def header_names(self) -> tuple[str, ...]:
        return (*(self.headers or ()), *(self.tightest or ()))

    def name(self, vendor: str, endpoint: str) -> str:  # noqa: ARG002 -- as for other limits
        """Return the name in the admin API: endpoints share the limit of a pool."""
        return f"{vendor}.{self.pool}"

    def state(self, behaviors: Behaviors, usage: LimitUsage) -> dict[str, Any]:
        """Return its state in the admin API."""
        used = usage.requests_by_site(self)
        return {**self.values(behaviors), "documented": self.documented, "used": used}

    def charge(
        self, counter: Counter | None, behaviors: Behaviors, now: int, *, counts: bool
    ) -> tuple[Counter | None, LimitStatus]:
        """Return the counter and the status after a request, which is counted if it is allowed.

        With *counts* false, return the counter unchanged and the status before the request.
        """
        raise NotImplementedError

    def used(self, counter: Counter, behaviors: Behaviors, now: int) -> int | None:
        """Return the number of requests that are counted now; None if the counter is out of date."""
        raise NotImplementedError

    def refuse(self, headers: Mapping[str, str], now: int, wait: int | None) -> dict[str, str]:
        """Return the headers of a response, changed as if this limit had refused the request.

        *wait* is the number of seconds until the reset; None leaves the reset as it is.
        """
        changed = dict(headers)
        for names in (self.headers, self.tightest):
            if names is not None and headers.get(names[0]):
                changed[names[1]] = "0"
                if wait is not None:
                    changed[names[2]] = str(wait + (now // 1000 if self.resets == "instant" else 0))
        return changed

    def explain_refusal(self, status: LimitStatus) -> str:
        """Return the end of a message about a request that exceeds the limit."""
        raise NotImplementedError

    def _describe(self, rule: str) -> str:
        documented = f"; the documented number is {self.documented:,}" if self.documented else ""
        names = ", ".join(f"`{name}`" for name in self.header_names)
        headers = f" Every response has the headers {names}." if names else ""
        return f"{rule}{documented} (pool `{self.pool}`).{headers}"


class WindowLimit(RateLimit, frozen=True, kw_only=True, tag=True):
    """A number of requests per window of time. A counter is the start of a window and its requests."""

    kind = "window"

    seconds: int
    opens: Literal["clock", "first", "idle"]
    """When a window begins.

    ``clock``: at multiples of its length. ``first``: with the first request after the previous window.
    ``idle``: again with every accepted request, so that a window only ends after a pause of its length."""

    @property
    def settings(self) -> tuple[str, ...]:
        return (*super().settings, "seconds")

    @property
    def description(self) -> str:
        """One or two sentences in Markdown."""
        return self._describe(
            f"`{self.allowed}` requests per key in {self.seconds:,} seconds ({_OPENS[self.opens]})"
        )

    def state(self, behaviors: Behaviors, usage: LimitUsage) -> dict[str, Any]:
        return {**super().state(behaviors, usage), "seconds": self.seconds, "opens": self.opens}

    def explain_refusal(self, status: LimitStatus) -> str:
        return f"in {self.seconds} seconds; the window ends at Unix second {status.reset}"

    def charge(
        self, counter: Counter | None, behaviors: Behaviors, now: int, *, counts: bool
    ) -> tuple[Counter | None, LimitStatus]:
        allowed = int(self.values(behaviors)["allowed"])
        length = self.seconds * 1000
        window = self._current_window(counter, now)
        if window is None:
            window = (now - now % length if self.opens == "clock" else now, 0)
        opened, count = window
        refused = 0 < allowed <= count
        if counts:
            count += not refused
            opened = now if self.opens == "idle" and not refused else opened
            counter = (opened, count)
        end = opened + length
        wait = -((now - end) // 1000) if refused else 0
        return counter, LimitStatus(self, allowed, max(allowed - count, 0), end // 1000, wait, refused)

    def used(self, counter: Counter, behaviors: Behaviors, now: int) -> int | None:  # noqa: ARG002 -- inherited
        window = self._current_window(counter, now)
        return None if window is None else window[1]

    def _current_window(self, counter: Counter | None, now: int) -> Counter | None:
        if counter is None or not counter[0] <= now < counter[0] + self.seconds * 1000:
            return None
        return counter


class TokenBucket(RateLimit, frozen=True, kw_only=True, tag=True):
    """Each request takes a token from a bucket that is refilled at a constant rate.

    A counter is an instant and the thousandths of tokens at that time.
    """

    kind = "bucket"

    refill: str
    """Name of the behavior with the number of tokens added per second."""

    @property
    def behaviors(self) -> dict[str, str]:
        return {"allowed": self.allowed, "refill": self.refill}

    @property
    def description(self) -> str:
        """One or two sentences in Markdown."""
        return self._describe(
            f"A burst of `{self.allowed}` requests per key, refilled by `{self.refill}` per second"
        )

    def explain_refusal(self, status: LimitStatus) -> str:
        return f"at once; the next is let through in {status.wait} seconds"

    def charge(
        self, counter: Counter | None, behaviors: Behaviors, now: int, *, counts: bool
    ) -> tuple[Counter | None, LimitStatus]:
        values = self.values(behaviors)
        allowed = int(values["allowed"])
        refill = int(values["refill"])
        level = self._level(counter, allowed, refill, now)
        refused = allowed > 0 and level < _TOKEN
        if counts and allowed:  # An unlimited bucket loses no tokens.
            level -= 0 if refused else _TOKEN
            counter = (now, level)
        full = _seconds(allowed * _TOKEN - level, refill)
        wait = _seconds(_TOKEN - level, refill) if refused else 0
        remaining = max(level // _TOKEN, 0)
        return counter, LimitStatus(self, allowed, remaining, now // 1000 + full, wait, refused)

    def used(self, counter: Counter, behaviors: Behaviors, now: int) -> int:
        values = self.values(behaviors)
        allowed = int(values["allowed"])
        refill = int(values["refill"])
        return -(-(allowed * _TOKEN - self._level(counter, allowed, refill, now)) // _TOKEN)

    def _level(self, counter: Counter | None, allowed: int, refill: int, now: int) -> int:
        """Return the thousandths of tokens in the bucket."""
        at, level = counter or (now, allowed * _TOKEN)
        return min(level + max(now - at, 0) * refill, allowed * _TOKEN)


Limit = ConcurrencyLimit | WindowLimit | TokenBucket


def rate_limits(limits: Iterable[Limit]) -> tuple[RateLimit, ...]:
    """Return the limits that count requests."""
    return tuple(limit for limit in limits if isinstance(limit, RateLimit))


def concurrency_limit(limits: Iterable[Limit]) -> ConcurrencyLimit | None:
    """Return the limit of open requests, if there is one."""
    return next((limit for limit in limits if isinstance(limit, ConcurrencyLimit)), None)


def _seconds(thousandths: int, refill: int) -> int:
    """Return the seconds until a number of thousandths of tokens is refilled."""
    return -(-thousandths // (refill * _TOKEN)) if refill else _NEVER
