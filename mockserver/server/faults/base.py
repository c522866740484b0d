"""Base classes of faults: their conditions, and the context in which they run."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct, json

from mockserver._util.suggest import suggest
from mockserver.contract.pagination import PageInfo
from mockserver.server.http.pagination import compute_page_info
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import Response
from mockserver.server.journal.journal import RowEdit
from mockserver.server.tenancy.active_faults import MAX_ACTIVE_FAULTS, FaultError
from mockserver.vendors import load
from mockserver.world.model.hashing import draw_one, key
from mockserver.world.model.spec import WorldError, parse_instant

if TYPE_CHECKING:
    from mockserver.server.requests.parser import ParsedRequest
    from mockserver.server.tenancy.tenant import Tenant


OK = 200

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Share = Annotated[float, Meta(ge=0, lt=1)]
HeaderText = Annotated[
    str, Meta(pattern=r"^[ -~]*$(?!\n)", description="a text of printable ASCII characters")
]
"""The value of a header; the lookahead is needed because ``$`` also matches before a final line break."""


class FaultContext:
    """An exchange as faults see it. A fault may replace :attr:`request`, or change the tenant's world."""

    def __init__(  # noqa: PLR0913 -- an exchange consists of all these
        self,
        tenant: "Tenant",
        request: "ParsedRequest",
        raw: RawRequest,
        call_next: Callable[["ParsedRequest"], Response],
        headers: Mapping[str, str],
        *,
        encode: Callable[[Response], Response] = lambda response: response,
    ) -> None:
        """Create the context; *call_next* returns the vendor's response to a request.

        *headers* are those of every response to the request, which report its limits. *encode* returns a
        response in the content coding that the client accepts.
        """
        self.encode = encode
        self.tenant = tenant
        self.request = request
        self.raw = raw
        self.headers = headers
        self.now = tenant.clock.now()
        """The instant of the tenant's clock at which the exchange began."""
        self.attempts: dict[int, int] = {}
        """By the number of each fault that triggers now: how often this request has matched it."""
        self.triggers: dict[int, int] = {}
        """By the number of each fault that triggers now: how often it has triggered, including now."""
        self.effective: list[str] = []
        """The labels of the faults that changed what the client gets; it grows with later exchanges.

        A world event may show only in a list that the client requests later.
        """
        self.row_edits: tuple[RowEdit, ...] = ()
        """The changes of the response's rows by faults, in the order in which they were made."""
        self._call_next = call_next
        self._original_request = request
        self.number = 0
        """The number of the selected fault."""

    def respond(self) -> Response:
        """Return the vendor's response to the request, including the changes that faults made to it."""
        return self._call_next(self.request)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the original request by name."""
        return self._original_request.fields

    @property
    def request_key(self) -> str:
        """The same text for all identical requests."""
        return self._original_request.key

    @cached_property
    def page_info(self) -> PageInfo | None:
        """The position of the requested page in its list, before any fault triggers.

        ``None`` if it is not a page.
        """
        endpoint = self.request.endpoint
        if endpoint.rows_path is None:
            return None  # An endpoint that records something must not be called twice.
        response = self.respond()
        if response.status != OK:
            return None
        numbers = self.tenant.faults.page_numbers(self.list_key)
        page = compute_page_info(endpoint, self.fields, json.decode(response.body), numbers)
        if page is None or page.next is None or page.number is None:
            return page
        if endpoint.pagination.has_cursors:
            numbers[page.next] = page.number + 1
        return page

    @property
    def list_key(self) -> str:
        """The same text for all requests for pages of one list."""
        page_name = self.request.endpoint.pagination.key_field
        fields = {name: value for name, value in self.fields.items() if name != page_name}
        values = [self.request.vendor.name, self.request.endpoint.name, self.request.site, fields]
        return json.encode(values, order="deterministic").decode()

    def for_fault(self, number: int) -> "FaultContext":
        """Return this context after selecting the fault whose random numbers :meth:`draw` returns."""
        self.number = number
        return self

    def chance(self, number: int, attempt: int, purpose: str) -> float:
        """Return a number in [0, 1).

        It depends only on seed, tenant, fault, request, attempt and purpose.
        """
        stream = _stream_key(
            self.tenant.world.spec.seed, self.tenant.origin, number, self.request_key, purpose
        )
        return (draw_one(stream, attempt) >> 11) / (1 << 53)

    def draw(self, purpose: str) -> float:
        """Return a number in [0, 1) for the selected fault."""
        return self.chance(self.number, self.attempts.get(self.number, 0), purpose)

    @property
    def trigger_count(self) -> int:
        """How often the selected fault has triggered, including now."""
        return self.triggers.get(self.number, 1)


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A fault triggers for exchanges that meet all of its conditions.

    A condition that is not given is met.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {}
    """A valid fault of the kind."""

    vendor: str | None = None
    """Only exchanges with this vendor."""
    endpoint: str | None = None
    """Only exchanges with an endpoint of this name."""
    fields: dict[str, Any] = {}
    """Only requests in which each of these fields has this value."""
    page: Literal["first", "last"] | Annotated[int, Meta(ge=1)] | None = None
    """Only this page of a list, counted from 1."""
    nth: Annotated[int, Meta(ge=1)] | None = None
    """Only the n-th matching exchange."""
    after: Annotated[int, Meta(ge=0)] = 0
    """Skip the first N matching exchanges."""
    times: Annotated[int, Meta(ge=1)] | None = None
    """Trigger at most N times."""
    since: str | None = None
    """Only from this instant of the tenant's clock on."""
    until: str | None = None
    """Only before this instant of the tenant's clock."""
    probability: Annotated[float, Meta(ge=0, le=1)] = 1
    """Share of the matching exchanges, selected by a hash of seed, tenant, fault, request and attempt."""

    @property
    def kind(self) -> str:
        return str(type(self).__struct_config__.tag)

    def check(self) -> None:
        """Raise :class:`FaultError` for arguments that contradict each other or name something unknown."""
        since, until = self._window()
        if since >= until:
            raise FaultError(f"since {self.since!r} must be before until {self.until!r}", path=("since",))
        if self.nth is not None and self.nth <= self.after:
            raise FaultError(
                f"nth: {self.nth} is among the first {self.after} exchanges, which `after` skips;"
                f" use at least {self.after + 1}",
                path=("nth",),
            )
        _check_names(self.vendor, self.endpoint)

    def matches(self, context: FaultContext) -> bool:
        """Return whether an exchange meets all conditions that do not depend on earlier exchanges."""
        return (
            self.applies_to_endpoint(context.request)
            and self._is_in_window(context.now)
            and self._has_fields(context.request)
            and (self.page is None or self._is_on_page(context.page_info))
        )

    def applies_to_endpoint(self, request: "ParsedRequest") -> bool:
        return self.vendor in (None, request.vendor.name) and self.endpoint in (None, request.endpoint.name)

    def _window(self) -> tuple[float, float]:
        try:
            since = -inf if self.since is None else _parse_instant(self.since, "since")
            until = inf if self.until is None else _parse_instant(self.until, "until")
        except WorldError as error:
            raise FaultError(str(error), path=error.path) from None
        return since, until

    def _is_in_window(self, now: int) -> bool:
        if self.since is None and self.until is None:
            return True
        since, until = self._window()
        return since <= now < until

    def _has_fields(self, request: "ParsedRequest") -> bool:
        return all(_is_same(request.fields.get(name), value) for name, value in self.fields.items())

    def _is_on_page(self, page: PageInfo | None) -> bool:
        if page is None:
            return False
        if self.page == "last":
            return page.last
        return page.number == (1 if self.page == "first" else self.page)

    def change_world(self, context: FaultContext) -> Iterable[int]:  # noqa: ARG002 -- overridden
        """Change the tenant's world before the response is made; return the numbers of changed sessions."""
        return ()

    def before_response(self, context: FaultContext) -> Response | None:  # noqa: ARG002 -- overridden
        """Change the request, or return a response that replaces the vendor's."""
        return None

    def after_response(self, context: FaultContext, response: Response) -> Response:  # noqa: ARG002 -- overridden
        """Return the changed response."""
        return response

    def row_edit(self, context: FaultContext) -> RowEdit | None:  # noqa: ARG002 -- overridden
        """Return the function by which the fault changes each row, if it does only that."""
        return None


class WireFault(Fault, frozen=True, kw_only=True):
    """A fault in how a response is sent, whatever the response is; it applies after all other faults."""

    def after_response(self, context: FaultContext, response: Response) -> Response:  # noqa: ARG002 -- overridden
        return self.transform(response)

    def transform(self, response: Response) -> Response:
        """Return the response as it is sent."""
        return response


@lru_cache(256)
def _stream_key(seed: int, tenant: str, number: int, request: str, purpose: str) -> int:
    return key(seed, tenant, number, request, purpose)


@lru_cache(2 * MAX_ACTIVE_FAULTS)
def _parse_instant(text: str, name: str) -> int:
    return parse_instant(text, name)


def _is_same(sent: Any, expected: Any) -> bool:
    """Return whether a field has a value, as JSON or as the text of a query parameter."""
    return bool(sent == expected or (str(sent) == str(expected) and not isinstance(expected, Mapping | list)))


def _check_names(vendor_name: str | None, endpoint_name: str | None) -> None:
    endpoints = {vendor.name: [endpoint.name for endpoint in vendor.contract.endpoints] for vendor in load()}
    if vendor_name is not None and vendor_name not in endpoints:
        raise FaultError(
            f"unknown vendor {vendor_name!r}; {suggest(vendor_name, endpoints)}", path=("vendor",)
        )
    known = list(chain.from_iterable(endpoints.values())) if vendor_name is None else endpoints[vendor_name]
    if endpoint_name is not None and endpoint_name not in known:
        raise FaultError(
            f"unknown endpoint {endpoint_name!r}; {suggest(endpoint_name, known)}", path=("endpoint",)
        )
