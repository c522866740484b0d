"""World specs: the few values that determine a world."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import replace

from mockserver._util.places import PlacedError
from mockserver.world.model.names import Names

DEFAULT_START: Final = 1_788_220_800_000  # 2026-09-01T00:00:00Z
DEFAULT_END: Final = 1_790_812_800_000  # 2026-10-01T00:00:00Z
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST: Final = 0
# 2100-01-01T00:00:00Z: an hour of edges for each hour of 130 years is the most a timeline holds.
LATEST: Final = 4_102_444_800_000
_Instant = Annotated[int, Meta(ge=EARLIEST, le=LATEST, description="an instant from 1970 to 2100")]


class WorldError(PlacedError):
    """An invalid spec; the message names the field, its value and valid values."""


class WorldSpec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The values that determine every byte of a world.

    A world is *exact* (``sessions`` per site between ``start`` and ``end``) or *flowing*
    (``sessions_per_day`` per site from ``start`` on, forever). Instants are Unix milliseconds.
    """

    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 7
    sessions: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    sessions_per_day: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """At 10⁹ a day, visitor numbers repeat after 96 years."""
    start: _Instant = DEFAULT_START
    end: _Instant | None = None
    sites: Annotated[int, Meta(ge=1, le=64)] = 2
    bots_percent: Annotated[int, Meta(ge=0, le=100)] = 5
    """Number of bot sessions per hundred sessions of people."""
    unknown_places_percent: Annotated[int, Meta(ge=0, le=100)] = 2
    """Share of visitors whose place is unknown."""
    unknown_agents_percent: Annotated[int, Meta(ge=0, le=100)] = 1
    """Share of visitors whose browser, operating system and device are unknown."""
    late_logins_percent: Annotated[int, Meta(ge=0, le=100)] = 30
    """Share of identified visitors who are anonymous in their first session."""
    vocabulary: str = "default"
    locales: tuple[str, ...] = ()
    """Faker locales for names and places; empty for those of the shipped vocabulary."""
    names: Names = Names()
    """Sites, pages, events, campaigns and countries in place of those of the vocabulary."""
    quiet_days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = ()
    """Days of the week without sessions; Monday is 0."""
    grain: Annotated[int, Meta(ge=1, le=3_600_000)] = 1
    """Start times are multiples of this many milliseconds; large values make sessions share start times."""
    segments: dict[str, dict[str, Any]] = {}
    """Further segments by name, each a mapping of dimension to value or values (see
    ``mockserver.world.model.segments``)."""

    @property
    def flowing(self) -> bool:
        """True for worlds without end."""
        return self.sessions_per_day is not None


def spec(**fields: Any) -> WorldSpec:
    """Validate fields and add defaults; raises :class:`WorldError` for invalid ones.

    ``start`` and ``end`` may be Unix milliseconds, ISO 8601 texts or datetimes.
    """
    for name in ("start", "end"):
        if fields.get(name) is not None:
            fields[name] = parse_instant(fields[name], name)
    try:
        built = convert(fields, WorldSpec)
    except ValidationError as error:
        from mockserver._util.validation import locate_problem  # noqa: PLC0415 -- start-up is felt

        problem, path = locate_problem(fields, WorldSpec, error)
        raise WorldError(f"world spec: {problem}", path=path) from None
    return _complete(built)


def _complete(built: WorldSpec) -> WorldSpec:
    if built.flowing:
        if built.sessions is not None or built.end is not None:
            raise WorldError(
                "world spec: `sessions_per_day` cannot be combined with `sessions` or `end`; use one of them",
                path=("sessions_per_day",),
            )
        return built
    end = built.end if built.end is not None else max(DEFAULT_END, built.start + DEFAULT_END - DEFAULT_START)
    if end <= built.start:
        raise WorldError(
            f"world spec: `end` ({format_instant(end)}) must be after `start`"
            f" ({format_instant(built.start)})",
            path=("end",),
        )
    return replace(built, end=end, sessions=1000 if built.sessions is None else built.sessions)


def parse_instant(value: Any, name: str) -> int:
    """Parse Unix milliseconds, a datetime or ISO 8601 text (UTC without an offset) to Unix milliseconds."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise WorldError(
                f"{name}: {value!r} is not an ISO 8601 date or time; use for example 2026-09-01T08:30:00Z",
                path=(name,),
            ) from None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise WorldError(
        f"{name}: {value!r} is not an instant; use Unix milliseconds, ISO 8601 text or a datetime",
        path=(name,),
    )


def format_instant(instant: int) -> str:
    """Format an instant as ISO 8601 in UTC, with milliseconds only if they are not zero."""
    seconds, milliseconds = divmod(instant, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{milliseconds:03d}Z" if milliseconds else f"{moment}Z"
