"""The handle of a tenant."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Final, Literal, Self

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.expected import Coverage
from mockserver.admin_schemas.journals import Verification
from mockserver.admin_schemas.tenants import NewTenant, TenantAccess
from mockserver.client import AdminClient
from mockserver.client.http_transport import NotPicklable, is_admin_error
from mockserver.client.plain_values import to_plain
from mockserver.embedded.controls import Behaviors, Clock, Faults, Journal, Limits, World
from mockserver.embedded.vendor_access import VendorHandle, make_vendor_handle

__tracebackhide__ = is_admin_error
_TENANT_ARGUMENTS: Final = frozenset(NewTenant.__struct_fields__) - {"name", "world"}
"""Arguments of a new tenant that are not fields of its world's spec."""


class TenantHandle(NotPicklable):
    """A tenant of a running server; as a context manager it deletes the tenant. Threads may share it."""

    def __init__(self, client: AdminClient, access: TenantAccess) -> None:
        self._client = client
        self._access = access

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<tenant {self.id!r} at {self.url}>"

    @property
    def id(self) -> str:
        """The tenant's id."""
        return self._access.id

    @property
    def url(self) -> str:
        """The server's URL."""
        return self._access.url

    @property
    def tls_url(self) -> str | None:
        """The server's URL with https; None if it has none."""
        return self._access.tls_url

    @property
    def proxy_url(self) -> str | None:
        """The server's URL as a forward proxy; None if it is not a proxy."""
        return self._access.proxy_url

    @property
    def ca_file(self) -> str | None:
        """The file with the certificate authority of https and the proxy; None without them."""
        return self._access.ca_file

    @property
    def ca_bundle(self) -> str | None:
        """The file with the public certificate authorities and that one; None without them."""
        return self._access.ca_bundle

    @contextmanager
    def intercept(self) -> Iterator[None]:
        """Send this process's requests to the vendors' real hosts to the server, until the context ends.

        Clients need no settings, only the credentials of a tenant. A server of this process starts to accept
        https; it needs ``session-mock[tls]``. If contexts are nested, the innermost one wins. Clients that do
        not use Python's sockets, and child processes, are not intercepted.
        """
        from mockserver.embedded.interception import intercept  # noqa: PLC0415 -- keeps start-up fast

        with intercept(self._client):
            self._access = self._client.tenant(self.id)
            yield

    @property
    def vendors(self) -> list[str]:
        """The names of the vendors."""
        return list(self._access.vendors)

    def vendor(self, name: str) -> VendorHandle:
        """Return what a client of a vendor needs: base URL, credentials, headers, body fields, sites."""
        if name not in self._access.vendors:
            raise ValueError(f"unknown vendor {name!r}; {suggest(name, self.vendors)}")
        return make_vendor_handle(name, self._access.vendors[name])

    @property
    def world(self) -> World:
        """The data that vendors serve."""
        return World(self._client, self.id)

    @property
    def clock(self) -> Clock:
        """The time that clients see."""
        return Clock(self._client, self.id)

    @property
    def faults(self) -> Faults:
        """Deliberate failures."""
        return Faults(self._client, self.id)

    @property
    def limits(self) -> Limits:
        """Rate and concurrency limits."""
        return Limits(self._client, self.id)

    @property
    def behaviors(self) -> Behaviors:
        """Settings for what the vendors do not document."""
        return Behaviors(self._client, self.id)

    @property
    def journal(self) -> Journal:
        """The requests and responses of the tenant's clients."""
        return Journal(self._client, self.id)

    def expected_rows(
        self, vendor: str, endpoint: str, *, site: int | str = 0, **parameters: Any
    ) -> list[Any]:
        """Return the rows that a correct client collects, in order; without parameters, all rows."""
        return list(
            self._client.expected_rows(vendor, endpoint, parameters or None, site=site, tenant=self.id)
        )

    def coverage(self, vendor: str, endpoint: str, *, begun: int | None = None) -> Coverage:
        """Return which rows of the list that the client began were on whole responses, and which were not.

        It is the list that was begun last, or by exchange *begun*. It needs no rows from the client.
        """
        return self._client.coverage(vendor, endpoint, begun=begun, tenant=self.id)

    def replace_world(self, *, profile: str = "default", **fields: Any) -> None:
        """Replace the world and delete tracked data; clock and credentials stay."""
        self._client.replace_world(self.id, profile=profile, **to_plain(fields))
        self._access = self._client.tenant(self.id)

    def reset(self) -> None:
        """Reset world, clock, behaviors and limits; remove all faults and clear the journal."""
        self._client.reset_tenant(self.id)
        self._access = self._client.tenant(self.id)

    def snapshot(self) -> dict[str, Any]:
        """Return the complete state as JSON values: ``SessionMock(restore=…)`` continues with the same bytes.

        It has the world with everything that was sent, added and deleted, the clock, behaviors, limits and
        faults with their counters, and credentials that were set, unmasked. It has no journal.
        """
        return self._client.snapshot(self.id)

    def verify(self) -> Verification:
        """Return the findings, unexpected errors, and unused and ineffective faults of the tenant."""
        return self._client.verify(self.id)

    def reconcile(
        self,
        rows: Iterable[Any],
        vendor: str,
        endpoint: str,
        *,
        site: int | str = 0,
        fields: Iterable[str] | None = None,
        order: Literal["same", "any"] = "same",
        columns: Mapping[str, str] | None = None,
        strict_fields: bool = False,
        **parameters: Any,
    ) -> None:
        """Raise ``AssertionError`` with a list of the differences if *rows* are not the expected rows.

        *rows* are dicts as the vendor returns them; if one field identifies a row, they can also be the
        values of that field. With *fields*, only these fields are compared; with *strict_fields*, fields that
        the vendor does not have are differences, too. *order* ``"any"`` ignores the order, as a set does.
        *columns* maps names of fields in *rows* to the vendor's names. *parameters* are those of the client's
        requests, without the paging parameters; without any, the list is the one that the client began, and
        ``ValueError`` lists them if it began several.
        """
        __tracebackhide__ = True
        from mockserver.embedded.reconcile_report import (  # noqa: PLC0415 -- imports all contracts
            Options,
            find_request,
            reconcile,
        )

        request = find_request(self._client, self.id, (vendor, endpoint), site, parameters)
        options = Options(
            order="any" if isinstance(rows, AbstractSet) else order,
            fields=None if fields is None else list(fields),
            columns=columns or {},
            strict_fields=strict_fields,
        )
        message = reconcile(self._client, self.id, request, list(rows), options).text
        if message:
            raise AssertionError(message)

    def delete(self) -> None:
        """Delete the tenant; later requests with its credentials get an error."""
        self._client.delete_tenant(self.id)


def create_from_arguments(
    client: AdminClient, name: str | None, arguments: Mapping[str, Any]
) -> TenantAccess:
    """Create a tenant from arguments of ``AdminClient.create_tenant``, fields of a spec and a scenario."""
    given = {field: value for field, value in arguments.items() if value is not None}
    scenario = given.pop("scenario", None)
    if scenario is not None:
        from mockserver.server.configuration.scenarios import (  # noqa: PLC0415 -- keeps start-up fast
            merge_settings,
        )
        from mockserver.server.configuration.scenarios import (  # noqa: PLC0415 -- as above
            tenant_arguments as read_scenario,
        )

        given = merge_settings(read_scenario(scenario), given)
    world = to_plain(given)
    tenant_arguments = {field: world.pop(field) for field in _TENANT_ARGUMENTS if field in world}
    return client.create_tenant(name, world=world, **tenant_arguments)
