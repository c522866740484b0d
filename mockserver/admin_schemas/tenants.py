"""Tenants, and what their clients need to know."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from mockserver._util.masking import repr_masked
from mockserver.admin_schemas.base import Instant, RequestModel
from mockserver.admin_schemas.clocks import ClockChange
from mockserver.admin_schemas.limits import LimitChange
from mockserver.admin_schemas.worlds import WorldFields

Dialect = str | dict[str, str]
"""One dialect for all vendors that have it, or a dialect per vendor."""

Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^(?!\.{1,2}$)[^\x00-\x1f\x7f\ud800-\udfff]*$(?!\n)",
        description=(
            "a text of 1 to 200 characters, without control characters and lone surrogates,"
            " and neither '.' nor '..'"
        ),
    ),
]
"""A tenant's id."""

Credential = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]+$(?!\n)",
        description="a text of printable ASCII characters without spaces, not empty",
    ),
]
"""A value that a header can carry."""


class NewTenant(RequestModel, frozen=True):
    """Settings of a new tenant; every field has a default."""

    name: Name | None = None
    """The tenant's id; generated if it is missing."""
    profile: str = "default"
    world: WorldFields = WorldFields()
    """Fields of the world; the seed is derived from the name unless one is given."""
    now: Instant | None = None
    """Time at which the clock is frozen, or ``system``.

    By default it is frozen at the end of an exact world, and follows the system time in a flowing one."""
    clock: ClockChange | None = None
    """A change of the clock after the tenant is created; ``reset`` restores ``now``."""
    dialect: Dialect = field(default_factory=dict)
    """One dialect for all vendors that have it, such as ``observed``, or a dialect per vendor."""
    behaviors: dict[str, str | int] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    """Values by ``<vendor>.<credential>``; the others are generated."""
    faults: dict[str, Any] | list[dict[str, Any]] = field(default_factory=list)
    """Faults to add; ``reset`` removes them."""
    limits: dict[str, LimitChange] = field(default_factory=dict)
    """Changes of limits by name; ``reset`` restores them."""
    stall_timeout: Annotated[float, Meta(ge=0, le=86_400)] = 0
    """Seconds of real time after which a stalled response ends with a connection reset; 0 disables it."""
    loop_limit: Annotated[int, Meta(ge=0)] = 0
    """Consecutive requests without a new row after which a paging client gets errors; 0 never stops it."""
    one_client: bool = False
    """``true`` if a single client sends all requests, and none for the same rows twice at once, so that a
    refused request that follows on a new connection is a retry. By default it may be another client's."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials",))


class VendorAccess(Struct, kw_only=True):
    """URL, credentials and ids that a client of one vendor needs."""

    url: str
    dialect: str
    """The version of the vendor's contract that is served."""
    credentials: dict[str, str]
    headers: dict[str, str]
    """Headers to send with every request."""
    body: dict[str, str]
    """Fields to send in every JSON body, if credentials are sent there; the key is that of the first site."""
    sites: list[str]
    """The vendor's id of each site; the order is the same for every vendor."""
    segments: dict[str, str]
    """The vendor's id of each segment, by the segment's name."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials", "headers", "body"))


class TenantAccess(Struct, kw_only=True, omit_defaults=True):
    """URLs, credentials and ids that a tenant's clients need."""

    id: str
    tenant: str
    """The same as ``id``; the first line of ``session-mock serve --json`` has it, too."""
    url: str
    tls_url: str | None = None
    """The same server with https, if it has a port for it."""
    proxy_url: str | None = None
    """The same server as a forward proxy, if it accepts such requests."""
    ca_file: str | None = None
    """Certificate of the authority that the server created, as a file on its computer."""
    ca_bundle: str | None = None
    """File with the public authorities and that one."""
    vendors: dict[str, VendorAccess]
