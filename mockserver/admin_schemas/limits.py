"""The limits of a tenant."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mockserver.admin_schemas.base import RequestModel


class LimitChange(RequestModel, frozen=True):
    """Changes of a limit; missing fields stay as they are."""

    enabled: bool | None = None
    """``true`` uses the documented number if none was set."""
    allowed: Annotated[int, Meta(ge=0)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None
    refill: Annotated[int, Meta(ge=0)] | None = None
    busy: str | int | None = None
    hold: Annotated[int, Meta(ge=0)] | None = None


class _LimitFields(Struct, kw_only=True):
    name: str
    endpoints: list[str]
    enabled: bool


class _RateFields(_LimitFields, kw_only=True):
    allowed: int
    """Number of requests; 0 is unlimited."""
    documented: int | None
    """The number that the vendor documents, if any."""


class WindowState(_RateFields, kw_only=True, tag_field="kind", tag="window"):
    """A limit of N requests per window of the tenant's clock."""

    seconds: int
    opens: Literal["clock", "first", "idle"]
    """Start of a window: at multiples of its length on the clock (``clock``), with the first request after
    the last window (``first``), or anew with every accepted request (``idle``)."""
    used: dict[str, int]
    """Requests in the current window, by site; ``*`` for credentials of no particular site."""


class BucketState(_RateFields, kw_only=True, tag_field="kind", tag="bucket"):
    """A token bucket: bursts of N requests, refilled by the tenant's clock."""

    refill: int
    """Requests per second by which the bucket refills."""
    used: dict[str, int]
    """Tokens taken and not yet refilled, by site; ``*`` for credentials of no particular site."""


class SlotState(_LimitFields, kw_only=True, tag_field="kind", tag="one_at_a_time"):
    """A limit of one open request per site."""

    busy: str
    """Response to a second request."""
    hold: int
    """Minimum time in milliseconds of real time for which a request counts as open."""
    held: int
    """Number of open requests."""


LimitState = WindowState | BucketState | SlotState
