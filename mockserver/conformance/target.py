"""The endpoint that a check is about, and which cases apply to it."""

from typing import Any

from msgspec import Struct

from mockserver._util.suggest import suggest
from mockserver.conformance.case import NEEDS, Case, Need, Style
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import ConcurrencyLimit, Limit, RateLimit
from mockserver.contract.validation import fields
from mockserver.vendors import NAMES, get_vendor
from mockserver.vendors.base import Vendor


class TargetError(ValueError):
    """An endpoint that does not exist or cannot be checked; the message names the nearest."""


class Target(Struct, frozen=True):
    """An endpoint in a dialect."""

    vendor: Vendor
    endpoint: Endpoint

    @property
    def label(self) -> str:
        """The text that :func:`parse_target` reads."""
        dialect = "" if self.vendor.dialect == DOCUMENTED else f"@{self.vendor.dialect}"
        return f"{self.vendor.name}/{self.endpoint.name}{dialect}"

    @property
    def is_list(self) -> bool:
        """True for a list, False for a sender."""
        return self.endpoint.rows_path is not None

    @property
    def has_pages(self) -> bool:
        """True if sessions are on pages, so that their number decides how many pages there are."""
        return self.is_list and self.endpoint.start_field is not None and self.style != "none"

    @property
    def style(self) -> Style:
        """The style of pagination."""
        pagination = self.endpoint.pagination
        if pagination.key_field is None:
            return "none"
        if pagination.has_cursors:
            return "cursor"
        return "offset" if pagination.first == 0 and pagination.total else "page number"

    @property
    def has(self) -> frozenset[Need]:
        """The needs of cases that the endpoint fulfils."""
        pagination = self.endpoint.pagination
        pages = self.has_pages
        facts: dict[Need, bool] = {
            "list": self.is_list,
            "sender": not self.is_list,
            "sessions": bool(self.endpoint.start_field or self.endpoint.count_field),
            "window": bool(self.endpoint.time_windows),
            "pages": pages,
            "numbers": pages and not pagination.has_cursors,
            "cursor": pages and pagination.has_cursors,
            "next": pages and pagination.next is not None,
            "total": pages and pagination.total is not None,
            "end": pages and (pagination.total is not None or pagination.has_cursors),
            "rate limit": bool(self.limits(RateLimit)),
            "one at a time": bool(self.limits(ConcurrencyLimit)),
            "browser": self._has_row_field("browser"),
        }
        return frozenset(need for need, is_met in facts.items() if is_met)

    def _has_row_field(self, name: str) -> bool:
        path = f"{self.endpoint.rows_path}.{name}" if self.endpoint.rows_path else name
        return self.is_list and any(field.name == path for field in fields(self.endpoint.response, deep=True))

    def limits(self, kind: type[Any]) -> list[Limit]:
        """Return the limits of the endpoint of a class."""
        return [limit for limit in self.endpoint.limits if isinstance(limit, kind)]

    def find_lacking(self, case: Case, *, is_command: bool = True) -> str | None:
        """Return what a case needs and the endpoint or the client lacks; None if the case applies."""
        has = self.has | ({"command"} if is_command else frozenset())
        return next((NEEDS[need] for need in case.needs if need not in has), None)


def list_targets() -> list[Target]:
    """Return every endpoint that can be checked, in the documented dialect."""
    targets = (
        Target(vendor, endpoint)
        for vendor in map(get_vendor, NAMES)
        for endpoint in vendor.contract.endpoints
    )
    return [target for target in targets if _can_be_checked(target.endpoint)]


def _can_be_checked(endpoint: Endpoint) -> bool:
    return endpoint.rows_path is not None or endpoint.body is not None


def parse_target(text: str, dialect: str | None = None) -> Target:
    """Parse ``VENDOR/ENDPOINT`` or ``VENDOR/ENDPOINT@DIALECT``; raise :class:`TargetError`."""
    place, _, named = text.partition("@")
    if named and dialect and named != dialect:
        raise TargetError(f"{text!r}: --dialect {dialect} contradicts it; name one dialect")
    vendor_name, slash, endpoint_name = place.partition("/")
    known = [target.label for target in list_targets()]
    if not slash:
        raise TargetError(f"invalid target {text!r}; use VENDOR/ENDPOINT, such as {', '.join(known)}")
    if vendor_name not in NAMES:
        raise TargetError(f"unknown vendor {vendor_name!r}; {suggest(vendor_name, NAMES)}")
    vendor = get_vendor(vendor_name)
    wanted = named or dialect or DOCUMENTED
    try:
        vendor = vendor.in_dialect(wanted)
    except (KeyError, ValueError):
        raise TargetError(
            f"{vendor_name}: unknown dialect {wanted!r}; {suggest(wanted, vendor.dialects)}"
        ) from None
    names = [endpoint.name for endpoint in vendor.contract.endpoints]
    if endpoint_name not in names:
        raise TargetError(
            f"{vendor_name}: unknown endpoint {endpoint_name!r}; {suggest(endpoint_name, names)}"
        )
    endpoint = vendor.endpoint(endpoint_name)
    if not _can_be_checked(endpoint):
        of_vendor = [label for label in known if label.startswith(f"{vendor_name}/")]
        raise TargetError(
            f"{place} has neither rows nor a body, so there is nothing to compare;"
            f" check {', '.join(of_vendor)}"
        )
    return Target(vendor, endpoint)
