"""Everything a correct client ends up with: the rows of an endpoint, page after page, without HTTP, and what it had to see of them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any, Literal

from msgspec import Struct, json

from mockserver._util.suggest import suggest
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.contract.validation import fields, read
from mockserver.rows.datetimes import DAY, seconds
from mockserver.server.expected.merge import MergedRow, merge_rows
from mockserver.server.http.pagination import at, list_key_of, named
from mockserver.server.tenancy.tenant import Tenant
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.vendors.base import Vendor, VendorIdentifiers, ViewRequest

Verification = Literal["required", "optional", "forbidden"]


class UnknownParameterError(ValueError):
    """A parameter that an endpoint does not have; the message names the nearest that it has."""


def check_parameters(vendor: Vendor, endpoint: Endpoint, names: Iterable[str]) -> None:
    """Raise :class:`UnknownParameterError` for a name that is not a parameter of the endpoint's path, query or body."""
    known = [
        *endpoint.path,
        *(field.name for model in (endpoint.query, endpoint.body) for field in fields(model)),
    ]
    for name in names:
        if name not in known:
            raise UnknownParameterError(
                f"{vendor.name} {endpoint.name} has no parameter {name!r}; {suggest(name, known)}"
            )


def all_rows_params(tenant: Tenant, endpoint: Endpoint) -> dict[str, Any]:
    """The parameters with which an endpoint gives every session of a tenant's world."""
    spec, now = tenant.world.spec, tenant.clock.now()
    end = now if spec.end is None else max(spec.end, now)
    (first, last), later = (seconds([spec.start, end]), seconds([end + DAY])[0])
    words = {
        "start": spec.start // 1000,
        "end": end // 1000 + 1,
        "start_date": first[:10],
        "end_date": last[:10],
        "day_after": later[:10],
    }
    return {
        name: value.format_map(words) if isinstance(value, str) else value
        for name, value in endpoint.all_rows_params.items()
    }


def rows(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Iterator[tuple[int | None, Any]]:
    """Yield each row with the total where the endpoint tells one; raises ``ApiError`` as the endpoint would."""
    return _list(tenant, vendor, endpoint, site).rows(
        parameters, WorldSnapshot(tenant.world, tenant.clock.now())
    )


def answer(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Any:
    """What an endpoint answers to one request; raises ``ApiError`` as the endpoint would."""
    asked = _list(tenant, vendor, endpoint, site).asked(
        parameters, WorldSnapshot(tenant.world, tenant.clock.now())
    )
    return json.decode(vendor.respond(endpoint, asked).body)


def expected_rows(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Iterator[tuple[Verification, Any]]:
    """Yield each row, in the endpoint's order, with a verification; raises ``ApiError`` as the endpoint would.

    ``required``: in every world since the list's first page was asked for last, it stood there as it is, so a correct
    client has it. ``optional``: it came, changed or went meanwhile. ``forbidden``: it was gone before. A row that changed is
    told twice, as it was and as it is.
    """
    whole, now = _list(tenant, vendor, endpoint, site), WorldSnapshot(tenant.world, tenant.clock.now())
    asked = whole.asked(parameters, now)
    name = list_key_of(vendor.name, endpoint, site, named(endpoint, asked.path, asked.query, asked.body))
    before, since = tenant.world_history.snapshots_for(name, now)
    lists = [
        _marked(whole.rows(parameters, moment), 1 << number)
        for number, moment in enumerate([*before, *since])
    ]
    every = (1 << len(since)) - 1
    for each in reduce(merge_rows, lists):  # Only what two worlds do not share is ever held.
        seen = each.worlds >> len(before)
        yield "required" if seen == every else "optional" if seen else "forbidden", each.row


def _marked(found: Iterator[tuple[int | None, Any]], world: int) -> Iterator[MergedRow]:
    return (MergedRow(json.encode(row, order="deterministic"), row, world) for _, row in found)


def _list(tenant: Tenant, vendor: Vendor, endpoint: Endpoint, site: int) -> "_List":
    return _List(vendor, endpoint, site, tenant.identifiers[vendor.name], tenant.behaviors[vendor.name])


class _List(Struct, frozen=True):
    """A list of a tenant's as it is served now, which can be asked for at any moment, whatever becomes of the tenant."""

    vendor: Vendor
    endpoint: Endpoint
    site: int
    names: VendorIdentifiers
    behaviors: Mapping[str, Any]

    def rows(self, parameters: Mapping[str, Any], moment: WorldSnapshot) -> Iterator[tuple[int | None, Any]]:
        """Yield each row of every page with the total."""
        page, endpoint = dict(parameters), self.endpoint
        while True:
            answer = json.decode(self.vendor.respond(endpoint, self.asked(page, moment)).body)
            found = at(answer, endpoint.rows_path)
            total = (
                at(answer, endpoint.pagination.total)
                if isinstance(endpoint.pagination, OffsetPagination) and endpoint.pagination.total
                else None
            )
            for row in found if isinstance(found, list) else [found]:
                yield total, row
            if not _turn(endpoint, page, answer, len(found)):
                return

    def asked(self, parameters: Mapping[str, Any], moment: WorldSnapshot) -> ViewRequest:
        """A request for it; raises ``ApiError`` where the parameters are wrong."""
        names, known, endpoint = self.names, {**parameters}, self.endpoint
        path = {
            name: str(known.pop(name, names.sites[self.site][0] if name == endpoint.site else ""))
            for name in endpoint.path
        }
        typed: dict[str, Any] = {"query": None, "body": None}
        for where, model in (("query", endpoint.query), ("body", endpoint.body)):
            if model is not None:
                credentials = names.credentials if where == "body" else {}
                typed[where] = read(model, {**credentials, **known}, where)
                if isinstance(typed[where], list):
                    raise ApiError(
                        endpoint.validation_error,
                        message="; ".join(violation.message for violation in typed[where]),
                    )
        return ViewRequest(
            **typed,
            path=path,
            world=moment.world,
            site=moment.world.sites[self.site],
            now=moment.now,
            behaviors=self.behaviors,
            names=names,
        )


def _turn(endpoint: Endpoint, page: dict[str, Any], answer: Any, count: int) -> bool:
    """Ask for the page after this one, unless it was the last."""
    match endpoint.pagination:
        case OffsetPagination(offset=offset) if count:
            page[offset] = int(page.get(offset, 0)) + count
        case PageNumberPagination(page=number, first=first) if (
            count
        ):  # A short page may only mean that the limit was cut.
            page[number] = int(page.get(number, first)) + 1
        case CursorPagination(cursor=cursor, next=path) if (after := at(answer, path)) is not None:
            page[cursor] = after
        case _:
            return False
    return True
