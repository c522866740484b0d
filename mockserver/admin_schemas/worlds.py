"""The world of a tenant."""

from typing import Any

from msgspec import Struct

from mockserver.admin_schemas.base import Instant, RequestModel


class WorldFields(RequestModel, frozen=True):
    """Fields of a world's spec that override those of its profile."""

    seed: int | None = None
    sessions: int | None = None
    """Sessions per site, in an exact world."""
    sessions_per_day: int | None = None
    """Sessions per site and day, in a flowing world."""
    start: Instant | None = None
    end: Instant | None = None
    sites: int | None = None
    bots_percent: int | None = None
    unknown_places_percent: int | None = None
    unknown_agents_percent: int | None = None
    late_logins_percent: int | None = None
    vocabulary: str | None = None
    locales: list[str] | None = None
    names: dict[str, list[str]] | None = None
    """Own ``sites``, ``pages``, ``events``, ``campaigns`` and ``countries``."""
    quiet_days: list[int] | None = None
    grain: int | None = None
    segments: dict[str, dict[str, Any]] | None = None


class NewWorld(WorldFields, frozen=True):
    """A new world for a tenant: a profile and fields that override it; the seed stays unless one is given."""

    profile: str = "default"


class SiteTotals(Struct, kw_only=True):
    """Number of sessions of a site that have started."""

    domain: str
    sessions: int
    bots: int
    """Sessions of bots, which ``sessions`` does not count."""


class WorldTotals(Struct, kw_only=True):
    """A tenant's world: its spec, and the sessions that have started."""

    spec: dict[str, Any]
    now: str
    sites: list[SiteTotals]
    added: list[dict[str, Any]] = []
    """The definitions of the added sessions, as they were sent, or read from a settings file."""


class AddedSession(Struct, kw_only=True):
    """A session that a test added, as each vendor with a list of sessions shows it."""

    site: int
    """Index of the site."""
    number: int
    """Number of the session in the world."""
    visitor: int
    """Number of its visitor in the world."""
    start: str
    end: str
    ids: dict[str, str]
    """The session's id by vendor, for those whose sessions have an id."""
    visitor_ids: dict[str, str]
    """The visitor's id by vendor, for those that show one."""
    rows: dict[str, dict[str, Any]]
    """The session's row by vendor."""
