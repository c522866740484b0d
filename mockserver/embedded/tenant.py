"""The handle of a tenant: everything a test does with it."""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from mockserver._util.suggest import suggest
from mockserver.admin_schemas import TenantAccess, Verification
from mockserver.client import AdminClient
from mockserver.client.http_transport import NotPicklable, is_refusal
from mockserver.embedded.controls import Behaviors, Clock, Faults, Journal, Limits, World, settled
from mockserver.embedded.vendor_access import VendorHandle, vendor_handle

__tracebackhide__ = is_refusal
_OWN: Final = (
    "profile",
    "now",
    "clock",
    "dialect",
    "behaviors",
    "credentials",
    "faults",
    "stall_timeout",
    "loop_limit",
)
"""What of a tenant to be created is no field of its world's spec."""


class TenantHandle(NotPicklable):
    """A tenant of a running server; threads may share one. As a context manager it deletes the tenant at the end."""

    def __init__(self, client: AdminClient, access: TenantAccess) -> None:
        self._client, self._access = client, access

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<tenant {self.id!r} at {self.url}>"

    @property
    def id(self) -> str:
        """The tenant's name on its server."""
        return self._access.id

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._access.url

    @property
    def vendors(self) -> list[str]:
        """The names of the vendors."""
        return list(self._access.vendors)

    def vendor(self, name: str) -> VendorHandle:
        """What a client of a vendor needs: base URL, credentials, ready headers and body fields, sites and segments."""
        if name not in self._access.vendors:
            raise ValueError(f"there is no vendor {name!r}; {suggest(name, self.vendors)}")
        return vendor_handle(name, self._access.vendors[name])

    @property
    def world(self) -> World:
        """What there is to be found."""
        return World(self._client, self.id)

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return Clock(self._client, self.id)

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return Faults(self._client, self.id)

    @property
    def limits(self) -> Limits:
        """How much is too much."""
        return Limits(self._client, self.id)

    @property
    def behaviors(self) -> Behaviors:
        """How the vendors behave where nobody documents it."""
        return Behaviors(self._client, self.id)

    @property
    def journal(self) -> Journal:
        """What happened."""
        return Journal(self._client, self.id)

    def expected_rows(
        self, vendor: str, endpoint: str, *, site: int | str = 0, **parameters: Any
    ) -> list[Any]:
        """Every row that a correct client of an endpoint must end up with, in the vendor's order; without parameters, of all there is."""
        return list(self._client.expected_rows(vendor, endpoint, parameters, site=site, tenant=self.id))

    def replace_world(self, *, profile: str = "default", **fields: Any) -> None:
        """Live in another world from now on; clock and credentials stay, what was tracked is gone."""
        self._client.replace_world(self.id, profile=profile, **settled(fields))
        self._access = self._client.tenant(self.id)

    def reset(self) -> None:
        """Be as at first: world, clock, behaviors and limits; no faults, an empty journal."""
        self._client.reset(self.id)
        self._access = self._client.tenant(self.id)

    def verify(self) -> Verification:
        """What is to be said of all that the tenant's clients did."""
        return self._client.verify(self.id)

    def reconcile(
        self,
        rows: Iterable[Any],
        *,
        vendor: str,
        endpoint: str,
        site: int | str = 0,
        fields: Iterable[str] | None = None,
        **parameters: Any,
    ) -> None:
        """Raise ``AssertionError`` with a readable table where collected rows are not those that the client had to collect.

        ``rows`` are dicts as the vendor gave them, or, where a row is known by one field, the values of that field; with
        ``fields``, only these are compared. ``parameters`` are those that the client asked with, pages aside.
        """
        __tracebackhide__ = True
        from mockserver.embedded.reconcile_report import ListRequest, reconciled  # noqa: PLC0415 -- contracts are read only for this

        asked = ListRequest(vendor=vendor, endpoint=endpoint, site=site, parameters=parameters)
        message = reconciled(
            self._client, self.id, asked, list(rows), None if fields is None else list(fields)
        )
        if message:
            raise AssertionError(message)

    def delete(self) -> None:
        """Be served no longer; late requests are refused, and told whose they were."""
        self._client.delete_tenant(self.id)


def create_from_arguments(client: AdminClient, name: str | None, fields: Mapping[str, Any]) -> TenantAccess:
    """Create a tenant of keyword arguments: those of :meth:`AdminClient.create_tenant`, and fields of a world's spec."""
    given = settled({field: value for field, value in fields.items() if value is not None})
    own = {field: given.pop(field) for field in _OWN if field in given}
    return client.create_tenant(name, world=given, **own)
