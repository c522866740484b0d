"""Routes of the admin API, what handlers get, and what they return if it is more than a value."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

from mockserver._util.suggest import suggest
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.server.tenancy.urls import Addresses

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
PEM: Final = "application/x-pem-file"
HAR: Final = "application/json; profile=har"
T = TypeVar("T")


class Route(Struct, frozen=True, dict=True):
    """A method and a path with the function that handles them.

    The annotations of the function's parameters ``body`` and ``query`` and of its result define request and
    response. Its name is the operation id, the first line of its docstring the summary.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    status: int = 200

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The segments of the path; empty for a parameter."""
        return tuple("" if part.startswith("{") else part for part in self.path.split("/")[1:])


class HandlerContext(Struct, frozen=True, kw_only=True):
    """Everything that a handler can use in addition to body and query."""

    tenants: Tenants
    addresses: Addresses
    routes: tuple[Route, ...]
    path: Mapping[str, str]
    """Values of the path's parameters."""

    @property
    def tenant(self) -> Tenant:
        """The tenant in the path; raises :class:`ProblemError` for an unknown one."""
        name = self.path["id"]
        if name not in self.tenants.by_name:
            raise ProblemError(
                "unknown-tenant", f"no tenant with id {name!r}; {suggest(name, self.tenants.by_name)}"
            )
        return self.tenants.by_name[name]

    @property
    def quoted_id(self) -> str:
        """The tenant's id, percent-encoded for a URL."""
        return quote(self.path["id"], safe="")


class Created(Struct, Generic[T], frozen=True):
    """A response to a request that created something, with its location."""

    body: T
    location: str
    """The path below ``/__admin``."""


class StreamingBody(Struct, frozen=True):
    """A response body that is sent in pieces."""

    media: str
    pieces: Iterator[bytes]
