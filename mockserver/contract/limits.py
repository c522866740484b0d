"""How often a client may ask, as data. The numbers themselves are choices, so that a test can make them small."""

from typing import Literal

from msgspec import Struct


class OneAtATime(Struct, frozen=True, tag=True):
    """One open request for each site; ``busy`` says what happens to a second, ``hold`` how long the first lasts at least."""

    busy: str
    """Name of the choice among ``queue`` and statuses."""
    hold: str
    """Name of the choice in milliseconds of real time."""


class Window(Struct, frozen=True, tag=True):
    """So many requests in a window of the tenant's clock, 0 for any number."""

    allowed: str
    """Name of the choice that says how many."""
    seconds: int
    opens: Literal["clock", "first", "idle"]
    """Whether windows begin at multiples of their length on the clock, with the first request after the last window, or anew with
    every request that is let through, so that only a pause of that length ends one."""
    pool: str
    """Endpoints that name the same pool share it."""
    headers: tuple[str, str, str] | None = None
    """Names of the headers that say limit, remaining and the Unix second of reset, on every answer."""
    documented: int | None = None
    """How many the vendor documents, where it documents any; the choice may be another number by default."""


Limit = OneAtATime | Window
