"""What all faults share: when they trigger, and what they know of the exchange they trigger."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cached_property, lru_cache
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct, json

from mockserver._util.suggest import suggest
from mockserver.server.http.pagination import PageInfo, page_field, pages
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import Response
from mockserver.vendors import load
from mockserver.world.model.hashing import draw_one, key
from mockserver.world.model.spec import WorldError, parse_instant

if TYPE_CHECKING:
    from mockserver.contract.endpoint import Endpoint
    from mockserver.server.requests.parser import ParsedRequest
    from mockserver.server.tenancy.tenant import Tenant


OK = 200

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Share = Annotated[float, Meta(ge=0, lt=1)]
HeaderText = Annotated[
    str, Meta(pattern=r"^[ -~]*$(?!\n)", description="a text in characters that a header can carry")
]
"""The text of a header; the lookahead is there because ``$`` alone lets a last line break through."""


class FaultError(ValueError):
    """A fault that cannot be; the message says which argument, and what would be right."""


class FaultContext:
    """An exchange as a fault meets it. A fault may replace :attr:`reading` or the tenant's world before it proceeds."""

    def __init__(
        self,
        tenant: "Tenant",
        reading: "ParsedRequest",
        raw: RawRequest,
        told: Callable[["ParsedRequest"], Response],
    ) -> None:
        """Meet an exchange; ``told`` gives the vendor's answer to a request."""
        self.tenant, self.reading, self.raw, self._told = tenant, reading, raw, told
        self.now = tenant.clock.now()
        """The instant of the tenant's clock at which it begins."""
        self._first = reading
        self.attempts: dict[int, int] = {}
        self.triggers: dict[int, int] = {}
        """How often each fault that triggers now has triggered, this time included."""
        self._number = 0

    def respond(self) -> Response:
        """What the vendor answers to the request as it is by now."""
        return self._told(self.reading)

    @property
    def fields(self) -> dict[str, Any]:
        """What the request asks for by name, whatever a fault has made of it."""
        return self._first.fields

    @property
    def key(self) -> str:
        """What all attempts at one request have in common."""
        return self._first.key

    @cached_property
    def page_info(self) -> PageInfo | None:
        """Where the page that is asked for stands in its list, as long as no fault has triggered; ``None`` where it is no page."""
        endpoint = self.reading.endpoint
        if endpoint.rows_path is None:
            return None  # What records something may be answered once only.
        reply, numbers = self.respond(), self.tenant.faults.numbers_of(self.list_key)
        found = pages(endpoint, self.fields, json.decode(reply.body), numbers) if reply.status == OK else None
        if found is not None and found.next is not None and found.number is not None:
            numbers[found.next] = found.number + 1
        return found

    @property
    def list_key(self) -> str:
        """What all requests for pages of one list have in common."""
        which = page_field(self.reading.endpoint.pagination)
        kept = {name: value for name, value in self.fields.items() if name != which}
        named = [self.reading.vendor.name, self.reading.endpoint.name, self.reading.site, kept]
        return json.encode(named, order="deterministic").decode()

    def for_fault(self, number: int) -> "FaultContext":
        """The same exchange, met by the fault with a number: what chance it draws from now on is that fault's."""
        self._number = number
        return self

    def chance(self, number: int, attempt: int, word: str) -> float:
        """A number in [0, 1) that follows from tenant, fault, request and attempt."""
        own = _own(self.tenant.world.spec.seed, self.tenant.name, number, self.key, word)
        return (draw_one(own, attempt) >> 11) / (1 << 53)

    def draw(self, word: str) -> float:
        """A number in [0, 1) for the fault that triggers now."""
        return self.chance(self._number, self.attempts.get(self._number, 0), word)

    @property
    def triggered(self) -> int:
        """How often the fault that triggers now has triggered, this time included."""
        return self.triggers.get(self._number, 1)


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One way in which an exchange goes wrong, and when. Conditions that are not given hold; all that are given must hold."""

    EXAMPLE: ClassVar[dict[str, Any]] = {}
    """One as it is active."""

    vendor: str | None = None
    """Only exchanges with this vendor."""
    endpoint: str | None = None
    """Only exchanges with an endpoint of this name."""
    fields: dict[str, Any] = {}
    """Only requests in which each of these fields has this value."""
    page: Literal["first", "last"] | Annotated[int, Meta(ge=1)] | None = None
    """Only this page of a list, counted from 1."""
    nth: Annotated[int, Meta(ge=1)] | None = None
    """Only the n-th exchange that matches."""
    after: Annotated[int, Meta(ge=0)] = 0
    """Not the first so many exchanges that match."""
    times: Annotated[int, Meta(ge=1)] | None = None
    """At most so often."""
    since: str | None = None
    """Only from this instant of the tenant's clock on."""
    until: str | None = None
    """Only before this instant of the tenant's clock."""
    probability: Annotated[float, Meta(ge=0, le=1)] = 1
    """In this share of the exchanges, chosen by a hash of seed, tenant, fault, request and attempt."""

    def check(self) -> None:
        """Raise :class:`FaultError` for arguments that contradict each other or name nothing."""
        since, until = self._instant("since"), self._instant("until")
        if since is not None and until is not None and since >= until:
            raise FaultError(f"since {self.since!r} must be before until {self.until!r}")
        if self.nth is not None and self.nth <= self.after:
            raise FaultError(f"nth {self.nth} is among the first {self.after}, which `after` lets pass")
        _check_names(self.vendor, self.endpoint)

    def _instant(self, name: str) -> int | None:
        text = getattr(self, name)
        try:
            return None if text is None else _read(text, name)
        except WorldError as error:
            raise FaultError(str(error)) from None

    def applies_to_endpoint(self, vendor: str, endpoint: "Endpoint") -> bool:
        """Whether it is meant for an endpoint of a vendor: the answer is kept."""
        return self.vendor in (None, vendor) and self.endpoint in (None, endpoint.name)

    def applies_to_request(self, reading: "ParsedRequest") -> bool:
        """Whether it is meant for a request to such an endpoint, as far as that follows from the request alone: the answer is kept."""
        return self.applies_to_fields(reading)

    def applies_to_fields(self, reading: "ParsedRequest") -> bool:
        """Whether it is meant for what is asked for."""
        for name, value in self.fields.items():  # noqa: SIM110 -- half as long as with a generator, at every page
            if not _same(reading.fields.get(name), value):
                return False
        return True

    @property
    def window(self) -> tuple[float, float]:
        """The instants from which and before which it waits for exchanges."""
        return -inf if self.since is None else _read(
            self.since, "since"
        ), inf if self.until is None else _read(self.until, "until")

    def matches(self, meeting: FaultContext) -> bool:
        """Whether an exchange that it has waited for meets the other conditions."""
        return self.page is None or self._on_page(meeting.page_info)

    def _on_page(self, pages: PageInfo | None) -> bool:
        if pages is None:
            return False
        return (
            pages.last if self.page == "last" else pages.number == (1 if self.page == "first" else self.page)
        )

    def change_world(self, meeting: FaultContext) -> None:
        """Change the tenant's world before the exchange it triggers is answered, whatever becomes of the answer."""

    def before_response(self, meeting: FaultContext) -> Response | None:  # noqa: ARG002 -- kinds that need it override this
        """Change the request of the exchange it triggers, or answer it instead of the vendor."""
        return None

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:  # noqa: ARG002 -- kinds that need it override this
        """Return what becomes of the reply to the exchange it triggers."""
        return reply


class WireFault(Fault, frozen=True, kw_only=True):
    """A fault of the way that an answer takes, whatever the answer is; it triggers what the other faults have left of it."""

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:  # noqa: ARG002 -- most kinds look at the reply only
        """Return the reply as it goes over the wire."""
        return self.transform(reply)

    def transform(self, reply: Response) -> Response:
        """The reply as it goes over the wire."""
        return reply


@lru_cache(256)
def _own(seed: int, tenant: str, number: int, request: str, word: str) -> int:
    return key(seed, tenant, number, request, word)


@lru_cache(256)
def _read(text: str, name: str) -> int:
    return parse_instant(text, name)


def _same(sent: Any, wanted: Any) -> bool:
    """Whether a field has a value, as JSON or as the text that a query carries."""
    return bool(sent == wanted or (str(sent) == str(wanted) and not isinstance(wanted, Mapping | list)))


def _check_names(vendor: str | None, endpoint: str | None) -> None:
    vendors = {each.name: [one.name for one in each.contract.endpoints] for each in load()}
    if vendor is not None and vendor not in vendors:
        near = get_close_matches(vendor, vendors, 1) or list(vendors)
        raise FaultError(f"there is no vendor {vendor!r}; did you mean {near[0]!r}?")
    known = [name for each, names in vendors.items() for name in names if vendor in (None, each)]
    if endpoint is not None and endpoint not in known:
        raise FaultError(f"there is no endpoint {endpoint!r}; {suggest(endpoint, known)}")
