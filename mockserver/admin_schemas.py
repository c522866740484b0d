"""What is said over the admin API: its requests and its answers, which server and client share."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mockserver._util.printable import MASK

Instant = Annotated[str | int, Meta(description="an instant: ISO 8601 text, or Unix milliseconds")]
"""ISO 8601 text, UTC where it names no offset, or Unix milliseconds."""
Dialect = str | dict[str, str]
"""A dialect for all vendors that have it, or dialects by vendor."""


Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^(?!\.{1,2}$)[^\x00-\x1f\x7f\ud800-\udfff]*$(?!\n)",
        description="a text of 1 to 200 characters, none of them a control character or a lone surrogate, and neither '.' nor '..'",
    ),
]
"""What a tenant can be called."""


Credential = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]+$(?!\n)",
        description="a text that is not empty, in characters that a header can carry, without blanks",
    ),
]
"""What a client can be given to show."""


class Asked(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A request; a field it does not know is refused."""


class Health(Struct, kw_only=True):
    """That the server answers."""

    status: Literal["healthy"] = "healthy"
    message: str
    tenants: int


class Version(Struct, kw_only=True):
    """Which session-mock it is."""

    name: Literal["session-mock"] = "session-mock"
    version: str


def repr_masked(value: Struct, secret: tuple[str, ...]) -> str:
    """Write a struct as Python does, with the values of secret fields masked wherever else in it they stand.

    A traceback, a log or an assertion of somebody's test prints what it has at hand.
    """
    secrets = {each for name in secret for each in _texts(getattr(value, name))}
    fields = (
        f"{name}={_masked(getattr(value, name), secrets, whole=name in secret)!r}"
        for name in value.__struct_fields__
    )
    return f"{type(value).__name__}({', '.join(fields)})"


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(str(each) for each in value.values())
    return () if value is None else (str(value),)


def _masked(value: Any, secrets: set[str], *, whole: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _masked(each, secrets, whole=whole) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(
            _masked(each, secrets, whole=not secrets.isdisjoint(value)) for each in value
        )  # All sites, if one is a key.
    return MASK if (whole and value is not None) or (isinstance(value, str) and value in secrets) else value


class VendorAccess(Struct, kw_only=True):
    """What a client of one vendor needs to know of a tenant."""

    url: str
    dialect: str
    """Which of the vendor's sources it is answered by."""
    credentials: dict[str, str]
    headers: dict[str, str]
    """Ready to send with every request."""
    body: dict[str, str]
    """Fields ready to stand in every JSON body, where credentials travel there; the key is that of the first site."""
    sites: list[str]
    """The usual id of each site, in the same order for every vendor."""
    segments: dict[str, str]
    """Segment name to the vendor's id for it."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials", "headers", "body"))


class TenantAccess(Struct, kw_only=True):
    """What clients need to know of a tenant."""

    id: str
    tenant: str
    """The same, as the first line of ``session-mock serve --json`` says it."""
    url: str
    vendors: dict[str, VendorAccess]


class WorldFields(Asked, frozen=True):
    """Fields of a world's spec that differ from its profile's."""

    seed: int | None = None
    sessions: int | None = None
    """Per site, in an exact world."""
    sessions_per_day: int | None = None
    """Per site, in a flowing world."""
    start: Instant | None = None
    end: Instant | None = None
    sites: int | None = None
    bots_percent: int | None = None
    vocabulary: str | None = None
    locales: list[str] | None = None
    quiet_days: list[int] | None = None
    grain: int | None = None
    segments: dict[str, dict[str, Any]] | None = None


class NewWorld(WorldFields, frozen=True):
    """Another world for a tenant: a profile, and the fields that differ from it; the seed stays unless one is given."""

    profile: str = "default"


class SiteTotals(Struct, kw_only=True):
    """How many sessions of a site have started by now."""

    domain: str
    sessions: int
    bots: int
    """Sessions of bots beside them."""


class WorldTotals(Struct, kw_only=True):
    """A tenant's world: the spec that it follows from, and what is visible of it now."""

    spec: dict[str, Any]
    now: str
    sites: list[SiteTotals]


class Freeze(Asked, frozen=True, tag_field="action", tag="freeze"):
    """Stand still, at an instant or where the clock is."""

    now: Instant | None = None


class SetTo(Asked, frozen=True, tag_field="action", tag="set"):
    """Be at an instant, and stand or run as before."""

    now: Instant


class Advance(Asked, frozen=True, tag_field="action", tag="advance"):
    """Be so much later, and stand or run as before."""

    seconds: Annotated[
        float | str, Meta(description="a number of seconds, or a text such as 1h, 90s or 1d12h")
    ]
    """A number, or a text such as ``1h``, ``90s`` or ``1d12h``."""


class Scale(Asked, frozen=True, tag_field="action", tag="scale"):
    """Run from here on at a rate: 1 is as usual, 60 is an hour a minute."""

    rate: Annotated[float, Meta(ge=0, le=86_400)]


class Follow(Asked, frozen=True, tag_field="action", tag="follow"):
    """Be the system's clock."""


class Reset(Asked, frozen=True, tag_field="action", tag="reset"):
    """Be again as at first."""


ClockChange = Freeze | SetTo | Advance | Scale | Follow | Reset


class ClockState(Struct, kw_only=True):
    """What time it is for a tenant."""

    now: str
    rate: float
    """How many of its seconds pass in one of the computer's."""
    mode: Literal["frozen", "system", "running"]


class NewTenant(Asked, frozen=True):
    """A tenant to be created; every field has a default."""

    name: Name | None = None
    """Its id; one is made up where none is given."""
    profile: str = "default"
    world: WorldFields = WorldFields()
    """The seed follows from the name where none is given."""
    now: Instant | None = None
    """An instant at which the clock stands, or ``system``; by default an exact world's end, and the system's time in a flowing one."""
    clock: ClockChange | None = None
    """A change of the clock once it is created; ``reset`` comes back to ``now``."""
    dialect: Dialect = {}
    """Whom vendors are to resemble: one dialect for all that have it, such as ``observed``, or one for each of some vendors."""
    behaviors: dict[str, str | int] = {}
    credentials: dict[str, Credential] = {}
    """By ``<vendor>.<credential>``, in characters that a header can carry."""
    faults: dict[str, Any] | list[dict[str, Any]] = []
    """Faults to add; ``reset`` removes them."""
    stall_timeout: Annotated[float, Meta(ge=0, le=86_400)] = 0
    """Seconds of real time after which an answer that stalls ends in a reset of its connection; 0 sets no bound."""
    loop_limit: Annotated[int, Meta(ge=0)] = 0
    """Requests in a row without a new row after which a client that pages through a list is refused; 0 sets no bound."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials",))


class WindowState(Struct, kw_only=True, tag_field="kind", tag="window"):
    """A limit of so many requests in a window of the tenant's clock."""

    name: str
    endpoints: list[str]
    enabled: bool
    allowed: int
    """0 for any number."""
    documented: int | None
    """How many the vendor documents, where it documents any."""
    seconds: int
    opens: Literal["clock", "first", "idle"]
    """Whether windows begin at multiples of their length on the clock, with the first request after the last window, or anew with
    every request that is let through."""
    used: dict[str, int]
    """Requests counted in the window that is open, by the site that the key names, ``*`` for a key that names none."""


class BucketState(Struct, kw_only=True, tag_field="kind", tag="bucket"):
    """A limit of so many requests at once, of which further ones come back on the tenant's clock."""

    name: str
    endpoints: list[str]
    enabled: bool
    allowed: int
    """0 for any number."""
    documented: int | None
    """How many the vendor documents, where it documents any."""
    refill: int
    """How many come back in a second."""
    used: dict[str, int]
    """Requests that have not come back, by the site that the key names, ``*`` for a key that names none."""


class SlotState(Struct, kw_only=True, tag_field="kind", tag="one_at_a_time"):
    """A limit of one open request for each site."""

    name: str
    endpoints: list[str]
    enabled: bool
    busy: str
    """What happens to a second request."""
    hold: int
    """Milliseconds of real time for which a request is open at least."""
    held: int
    """How many are open."""


class FaultArgument(Struct, kw_only=True):
    """An argument of a kind of fault, as a person reads it."""

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
    """One that can be active as it stands."""


class FaultKinds(Struct, kw_only=True):
    """What faults there are."""

    conditions: list[FaultArgument]
    """Arguments of every kind, which say when it triggers."""
    kinds: list[FaultKind]


class JournalPage(Struct, kw_only=True):
    """Exchanges of a journal, oldest first."""

    exchanges: list[dict[str, Any]]
    matched: int
    """How many of the kept exchanges the filters let through, `after` among them, on whichever page."""
    kept: int
    count: int
    """How many there were, those no longer kept included."""
    next: str | None = None
    """The query of the page after this one, which begins after this one's last exchange."""


class Count(Struct, kw_only=True):
    """How many exchanges the filters let through."""

    count: int


class FindingSummary(Struct, kw_only=True):
    """A finding, with the exchanges in which it was made."""

    name: str
    message: str
    count: int
    exchanges: list[int]
    """Their numbers, the first hundred."""


class TraceQuery(Asked, frozen=True):
    """Rows of an endpoint, at least the fields by which they are known."""

    vendor: str
    endpoint: str
    rows: list[dict[str, Any]]


class Verification(Struct, kw_only=True):
    """What is to be said of all that a tenant's clients did."""

    exchanges: int
    """How many there were."""
    kept: int
    """How many of them the journal keeps: only those are judged."""
    findings: list[FindingSummary]
    unexpected: list[FindingSummary]
    """Refusals that no right client meets, by the name of the error, and failures of the mock itself (``internal``)."""
    unmatched: int
    """How many exchanges of the server were no tenant's so far."""
    unused_faults: list[dict[str, Any]]
    """Faults that never triggered."""
    digest: str
    """The same in two runs in which clients asked the same and were answered the same, in the same order."""


LimitState = WindowState | BucketState | SlotState


class LimitChange(Asked, frozen=True):
    """What of a limit shall be otherwise."""

    enabled: bool | None = None
    """``true`` for a window without a number turns on the documented one."""
    allowed: Annotated[int, Meta(ge=0)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None
    refill: Annotated[int, Meta(ge=0)] | None = None
    busy: str | int | None = None
    hold: Annotated[int, Meta(ge=0)] | None = None


class ExpectedRowsQuery(Asked, frozen=True):
    """Whose rows a correct client must end up with."""

    vendor: str
    endpoint: str
    site: int | str = 0
    """One of the vendor's ids for it, its domain, or its place from 0."""
    labels: bool = False
    """Whether each row is told with its verification, and those that must not be seen as well."""
    parameters: dict[str, Any] = {}
    """The endpoint's own; without any, those that ask for everything."""


class Problem(Struct, kw_only=True, omit_defaults=True):
    """What stood in the way, and what would be right (RFC 9457)."""

    type: str
    """Stable name of the kind of problem."""
    title: str
    status: int
    detail: str
    near: str | None = None
    """The nearest word that would have been known."""
    routes: list[str] = []
    """Where the path is unknown: those that are."""
