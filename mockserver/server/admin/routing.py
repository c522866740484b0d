"""A request to the admin API as its handlers see it, and the answers that are more than a value."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

from mockserver.server.admin.problem_details import Problem, suggest
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.server.tenancy.urls import Addresses

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
HAR: Final = "application/json; profile=har"
T = TypeVar("T")


class Route(Struct, frozen=True, dict=True):
    """A method and a path, and the function that answers.

    The function's parameters ``body`` and ``query`` and its result say by their types what is asked and answered.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    status: int = 200

    @cached_property
    def parts(self) -> tuple[str | None, ...]:
        """The words of its path; ``None`` for a parameter."""
        return tuple(None if word.startswith("{") else word for word in self.path.split("/")[1:])


class HandlerContext(Struct, frozen=True, kw_only=True):
    """Everything a handler may know beside the body and the query."""

    tenants: Tenants
    addresses: Addresses
    routes: tuple[Route, ...]
    path: Mapping[str, str]
    """The values of the path's parameters."""

    @property
    def tenant(self) -> Tenant:
        """The tenant that the path names."""
        name = self.path["id"]
        if name not in self.tenants.by_name:
            raise Problem(
                "unknown-tenant", f"there is no tenant {name!r}; {suggest(name, self.tenants.by_name)}"
            )
        return self.tenants.by_name[name]

    @property
    def quoted(self) -> str:
        """The tenant's id as it stands in a URL."""
        return quote(self.path["id"], safe="")


class Created(Struct, Generic[T], frozen=True):
    """Something that was made, and where it is found from now on."""

    body: T
    location: str
    """Below ``/__admin``."""


class StreamingBody(Struct, frozen=True):
    """An answer that is no JSON value, piece by piece."""

    media: str
    pieces: Iterator[bytes]
