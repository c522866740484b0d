"""The clock of a tenant."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mockserver.admin_schemas.base import Instant, RequestModel


class FreezeClock(RequestModel, frozen=True, tag_field="action", tag="freeze"):
    """Freeze the clock at an instant, by default at its current time."""

    now: Instant | None = None


class SetClock(RequestModel, frozen=True, tag_field="action", tag="set"):
    """Set the clock to an instant; it stays frozen or keeps running."""

    now: Instant


class AdvanceClock(RequestModel, frozen=True, tag_field="action", tag="advance"):
    """Move the clock forward; it stays frozen or keeps running."""

    seconds: Annotated[
        float | str, Meta(description="a number of seconds, or a text such as 1h, 90s or 1d12h")
    ]
    """A number, or a text such as ``1h``, ``90s`` or ``1d12h``."""


class SetClockRate(RequestModel, frozen=True, tag_field="action", tag="rate"):
    """Let the clock run at a rate: 1 is real time, 60 is one hour per minute."""

    rate: Annotated[float, Meta(ge=0, le=86_400)]


class UseSystemTime(RequestModel, frozen=True, tag_field="action", tag="system"):
    """Let the clock follow the system time."""


class ResetClock(RequestModel, frozen=True, tag_field="action", tag="reset"):
    """Reset the clock to its initial state."""


ClockChange = FreezeClock | SetClock | AdvanceClock | SetClockRate | UseSystemTime | ResetClock


class ClockState(Struct, kw_only=True):
    """Time and mode of a tenant's clock."""

    now: str
    rate: float
    """Seconds of the clock per second of real time."""
    mode: Literal["frozen", "system", "running"]
