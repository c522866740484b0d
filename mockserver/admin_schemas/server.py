"""The server, and errors of the admin API."""

from typing import Literal

from msgspec import Struct


class Health(Struct, kw_only=True):
    """State of the server."""

    status: Literal["healthy"] = "healthy"
    message: str
    tenants: int


class Version(Struct, kw_only=True):
    """Name and version of the server."""

    name: Literal["session-mock"] = "session-mock"
    version: str


class Problem(Struct, kw_only=True, omit_defaults=True):
    """An error with its remedy (RFC 9457)."""

    type: str
    """Stable identifier of the kind of problem."""
    title: str
    status: int
    detail: str
    near: str | None = None
    """The nearest known word, if one was unknown."""
    routes: list[str] = []
    """All routes, if the path is unknown."""
