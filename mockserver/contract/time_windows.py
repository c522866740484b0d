"""Where requests carry the time window of the sessions that they ask for, as data."""

from typing import Literal

from msgspec import Struct


class TimeWindow(Struct, frozen=True):
    """The fields with the start and the end of a time window.

    A value is a number of Unix seconds, or an ISO 8601 date or time. The end is now if it is not sent.
    """

    start: str | None = None
    end: str | None = None
    values: Literal["instants", "minutes_ago"] = "instants"
    """With ``minutes_ago``, values are minutes before now."""
    length: str | None = None
    """The field with the length of a window without a start, in units before its end."""
    unit: str | None = None
    """The field with the unit: ``day`` or ``hour``."""
    default_hours: int | None = None
    """Start of the window in hours before now if it is not sent; ``None`` if it is then unlimited."""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(filter(None, (*self.limits, self.unit)))

    @property
    def limits(self) -> tuple[str, ...]:
        """The names of the fields that limit the time."""
        return tuple(filter(None, (self.start, self.end, self.length)))
