"""Requests and responses of the admin API, shared by server and client."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mockserver._util.levels import Level
from mockserver._util.printable import MASK

Instant = Annotated[str | int, Meta(description="an instant: ISO 8601 text, or Unix milliseconds")]
"""ISO 8601 text, UTC unless it has an offset, or Unix milliseconds."""
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


class RequestModel(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base class of request bodies; unknown fields are rejected."""


class Health(Struct, kw_only=True):
    """State of the server."""

    status: Literal["healthy"] = "healthy"
    message: str
    tenants: int


class Version(Struct, kw_only=True):
    """Name and version of the server."""

    name: Literal["session-mock"] = "session-mock"
    version: str


def repr_masked(value: Struct, secret: tuple[str, ...]) -> str:
    """Return the repr of a struct, with the values of secret fields masked in every field.

    Tracebacks, logs and failed assertions print what they have at hand, so no repr may contain a secret.
    """
    secrets: set[str] = set()
    for name in secret:
        secrets.update(_values(getattr(value, name)))
    fields = (
        f"{name}={_mask(getattr(value, name), secrets, whole=name in secret)!r}"
        for name in value.__struct_fields__
    )
    return f"{type(value).__name__}({', '.join(fields)})"


def _values(field: Any) -> tuple[str, ...]:
    if isinstance(field, Mapping):
        return tuple(str(value) for value in field.values())
    return () if field is None else (str(field),)


def _mask(value: Any, secrets: set[str], *, whole: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _mask(item, secrets, whole=whole) for name, item in value.items()}
    if isinstance(value, tuple | list):
        has_secret = not secrets.isdisjoint(value)  # If one site's id is a key, all ids are masked.
        return type(value)(_mask(item, secrets, whole=has_secret) for item in value)
    return MASK if (whole and value is not None) or (isinstance(value, str) and value in secrets) else value


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


class LimitChange(RequestModel, frozen=True):
    """Changes of a limit; missing fields stay as they are."""

    enabled: bool | None = None
    """``true`` uses the documented number if none was set."""
    allowed: Annotated[int, Meta(ge=0)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None
    refill: Annotated[int, Meta(ge=0)] | None = None
    busy: str | int | None = None
    hold: Annotated[int, Meta(ge=0)] | None = None


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
    dialect: Dialect = {}
    """One dialect for all vendors that have it, such as ``observed``, or a dialect per vendor."""
    behaviors: dict[str, str | int] = {}
    credentials: dict[str, Credential] = {}
    """Values by ``<vendor>.<credential>``; the others are generated."""
    faults: dict[str, Any] | list[dict[str, Any]] = []
    """Faults to add; ``reset`` removes them."""
    limits: dict[str, LimitChange] = {}
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


class FaultArgument(Struct, kw_only=True):
    """An argument of a kind of fault, described for people."""

    name: str
    type: str
    default: str
    description: str


class FaultKind(Struct, kw_only=True):
    """A kind of fault."""

    kind: str
    description: str
    arguments: list[FaultArgument]
    example: dict[str, Any]
    """A valid fault of this kind."""


class FaultKinds(Struct, kw_only=True):
    """All kinds of faults."""

    conditions: list[FaultArgument]
    """Arguments that every kind has; they decide when a fault triggers."""
    kinds: list[FaultKind]


class JournalPage(Struct, kw_only=True):
    """A page of a journal, oldest exchange first."""

    exchanges: list[dict[str, Any]]
    matched: int
    """Number of recorded exchanges on all pages that pass the filters, `after` included."""
    kept: int
    """Number of exchanges that the journal still has."""
    count: int
    """Number of exchanges so far, including those that the journal no longer has."""
    next: str | None = None
    """Query string of the next page; null on the last one."""


class Count(Struct, kw_only=True):
    """Number of exchanges that pass the filters."""

    count: int


class FindingSummary(Struct, kw_only=True, omit_defaults=True):
    """A finding, or an unexpected error, with its exchanges."""

    name: str
    level: Level
    message: str
    parameter: str | None = None
    """The name in the request that the finding is about; only for `unknown-parameter`."""
    count: int
    exchanges: list[int]
    """Numbers of the first hundred exchanges."""


class TraceQuery(RequestModel, frozen=True):
    """Rows to trace; each needs at least the fields that identify it."""

    vendor: str
    endpoint: str
    rows: list[dict[str, Any]]


class CoverageQuery(RequestModel, frozen=True):
    """Selects a list that the client began."""

    vendor: str
    endpoint: str
    begun: Annotated[int, Meta(ge=1)] | None = None
    """Number of the exchange with the first page of the list; by default that of the last list."""


class Coverage(Struct, kw_only=True):
    """The expected rows of a list, by whether a whole response contained them since the list was begun.

    Rows are given by the fields that identify them, in the order of the list.
    """

    begun: int | None
    """Number of the exchange with the first page; null if there was none: then all rows are missing."""
    parameters: dict[str, Any]
    """The parameters of the list."""
    returned: list[dict[str, Any]]
    """Rows that a response contained which was sent completely, and whose rows no fault changed."""
    missing: list[dict[str, Any]]
    """Rows that no such response contained."""


class Verification(Struct, kw_only=True):
    """Summary of everything that is wrong with a tenant's exchanges."""

    exchanges: int
    """Number of exchanges so far."""
    kept: int
    """Number of exchanges that the journal still has; only those are checked."""
    findings: list[FindingSummary]
    unexpected: list[FindingSummary]
    """Errors that a correct client would not get, by name, and internal errors of the mock (``internal``)."""
    unmatched: int
    """Number of unmatched exchanges of the server that belong to no tenant; only those of this tenant are
    checked."""
    unused_faults: list[dict[str, Any]]
    """Faults that never triggered."""
    ineffective_faults: list[dict[str, Any]]
    """Faults that triggered, but never changed a response or the expected rows of a requested list."""
    digest: str
    """Equal for two runs with the same requests and responses in the same order."""


LimitState = WindowState | BucketState | SlotState


class ExpectedRowsQuery(RequestModel, frozen=True):
    """Selects the rows that a correct client collects."""

    vendor: str
    endpoint: str
    site: int | str = 0
    """One of the vendor's ids of the site, its domain, or its index from 0."""
    labels: bool = False
    """If true, each line is ``{"label": …, "row": …}`` with the label ``required``, ``optional`` or
    ``forbidden``; otherwise each line is a row, and forbidden rows are left out."""
    parameters: dict[str, Any] | None = None
    """Parameters of the endpoint; those that are missing have the vendor's defaults at the moment at which
    the client began the list. By default, or with only the site and paging parameters, all rows are
    selected."""
    any_time: bool = False
    """If true, the parameters that select a time range are replaced by those that select all rows."""


class BegunListsQuery(RequestModel, frozen=True):
    """Selects some of the lists that clients began; by default, all."""

    vendor: str | None = None
    endpoint: str | None = None
    site: int | str | None = None
    """One of the vendor's ids of the site, its domain, or its index from 0; needs a vendor."""


class BegunList(Struct, kw_only=True):
    """A list that clients began: they requested its first page, and the server did not reject the request."""

    vendor: str
    endpoint: str
    site: int
    """The index of the site, from 0."""
    parameters: dict[str, Any]
    """The parameters, without the site, credentials and paging parameters."""
    at: str
    """The tenant's clock when the first page was last requested."""


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
