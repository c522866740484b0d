"""Expected rows: the rows of an endpoint that a correct client collects, computed without HTTP."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import chain
from typing import Any, Final, Literal

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver._util.json_paths import get_at
from mockserver._util.suggest import suggest
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.validation import fields, read
from mockserver.rows.datetimes import DAY, format_seconds
from mockserver.server.expected.merge import MergedRow, merge_rows
from mockserver.server.http.pagination import collect_fields, compute_page_info, list_key_of
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.vendors.base import Vendor, VendorIdentifiers, ViewRequest
from mockserver.world.generator.tracked import TrackedSession

Requirement = Literal["required", "optional", "forbidden"]
_MAX_INSTANTS: Final = 16
"""Maximum number of instants of one list: its rows are computed for each of them."""


class UnknownParameterError(ValueError):
    """A parameter that an endpoint does not have; the message names the nearest one."""


def check_parameters(vendor: Vendor, endpoint: Endpoint, names: Iterable[str]) -> None:
    """Raise :class:`UnknownParameterError` if a name is not a parameter of the endpoint.

    Parameters are in its path, query or body.
    """
    models = (endpoint.query, endpoint.body)
    known = [*endpoint.path, *(field.name for field in chain.from_iterable(map(fields, models)))]
    for name in names:
        if name not in known:
            raise UnknownParameterError(
                f"{vendor.name} {endpoint.name}: unknown parameter {name!r}; {suggest(name, known)}"
            )


def all_rows_params(tenant: Tenant, endpoint: Endpoint, now: int | None = None) -> dict[str, Any]:
    """Return the parameters with which an endpoint returns every session of a tenant's world by *now*."""
    spec = tenant.world.spec
    now = tenant.clock.now() if now is None else now
    tracked = chain.from_iterable(site.tracked_sessions(now)[:1] for site in tenant.world.sites)
    imported = (int(site.imported.starts[0]) for site in tenant.world.sites if site.imported)
    start = max(min([spec.start, *(session.start for session in tracked), *imported]), 0)
    end = now if spec.end is None else max(spec.end, now)
    first, last, day_after = format_seconds([start, end, end + DAY])
    values = {
        "start": start // 1000,
        "end": end // 1000 + 1,
        "start_date": first[:10],
        "end_date": last[:10],
        "day_after": day_after[:10],
    }
    return {
        name: value.format_map(values) if isinstance(value, str) else value
        for name, value in endpoint.all_rows_params.items()
    }


def list_params(
    tenant: Tenant, endpoint: Endpoint, parameters: Mapping[str, Any] | None, *, any_time: bool = False
) -> dict[str, Any]:
    """Return the parameters of a list, without those of paging.

    If *parameters* is None, or has only the site and paging parameters, the list has every session; otherwise
    the vendor's defaults apply to the parameters that are missing. With *any_time* the list has the sessions
    of every time.
    """
    given = dict(parameters or {})
    names_list = parameters is not None and (not given or bool(set(given) - _paging_and_site(endpoint)))
    if any_time:
        given = {name: value for name, value in given.items() if name not in endpoint.range_fields}
        names_list = False
    params = given if names_list else {**all_rows_params(tenant, endpoint), **given}
    return {name: value for name, value in params.items() if name not in endpoint.pagination.request_fields}


def _paging_and_site(endpoint: Endpoint) -> set[str]:
    return {*endpoint.pagination.request_fields, *filter(None, [endpoint.site])}


def rows(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Iterator[tuple[int | None, Any]]:
    """Yield each row with the total, or ``None`` if the endpoint has none.

    Raise ``ApiError`` as the endpoint would.
    """
    return rows_at(tenant, (vendor, endpoint), parameters, site, tenant.clock.now())


def rows_at(
    tenant: Tenant, pair: tuple[Vendor, Endpoint], parameters: Mapping[str, Any], site: int, now: int
) -> Iterator[tuple[int | None, Any]]:
    """Yield each row with the total as :func:`rows` does, at an instant of the tenant's clock."""
    return _list(tenant, *pair, site).rows(parameters, WorldSnapshot(tenant.world, now))


def row_of_session(
    tenant: Tenant, pair: tuple[Vendor, Endpoint], site: int, session: TrackedSession
) -> dict[str, Any]:
    """Return the row of a session when it has ended, whether it has started yet or not."""
    now = max(tenant.clock.now(), session.events[-1].at)
    world = tenant.world
    only = world.replace_site(world.sites[site].with_only(session.number(world.sites[site].key)))
    parameters = all_rows_params(tenant, pair[1], now)
    rows_with_total = _list(tenant, *pair, site).rows(parameters, WorldSnapshot(only, now))
    return dict(next(rows_with_total)[1])


def answer(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Any:
    """Return the parsed body of the response to one request; raise ``ApiError`` as the endpoint would."""
    request = _list(tenant, vendor, endpoint, site).request(
        parameters, WorldSnapshot(tenant.world, tenant.clock.now())
    )
    return json.decode(vendor.respond(endpoint, request).body)


def expected_rows(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Iterator[tuple[Requirement, Any]]:
    """Yield each row with its requirement, in the endpoint's order; raise ``ApiError`` as the endpoint would.

    ``required``: the row was unchanged in every world since the first page of the list was last requested.
    ``optional``: the row was added, changed or deleted since then. ``forbidden``: the row was deleted before.
    A row that changed, also by a fault, is yielded in both forms. Default and relative time ranges refer to
    the moments at which the client requested the pages of the list, or to now if it requested none.
    """
    expected_list = _list(tenant, vendor, endpoint, site)
    now = WorldSnapshot(tenant.world, tenant.clock.now())
    request = expected_list.request(parameters, now)
    fields_by_name = collect_fields(endpoint, request.path, request.query, request.body)
    name = list_key_of(vendor.name, endpoint, site, fields_by_name)
    before, since = _snapshots(tenant, vendor, endpoint, name, now)
    lists = [
        _with_world(expected_list.rows(parameters, snapshot), 1 << number)
        for number, snapshot in enumerate([*before, *since])
    ]
    all_worlds = (1 << len(since)) - 1
    for merged in reduce(merge_rows, lists):  # Holds only the rows that two worlds do not share.
        worlds = merged.worlds >> len(before)
        forms = tenant.world_history.changed_forms(name, merged.row) if worlds else ()
        required: Requirement = "optional" if forms or worlds != all_worlds else "required"
        yield required if worlds else "forbidden", merged.row
        yield from (("optional", form) for form in forms)


def _snapshots(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, name: str, now: WorldSnapshot
) -> tuple[list[WorldSnapshot], list[WorldSnapshot]]:
    """Return the snapshots before and since a list was begun, with the reference of default time ranges."""
    before, since = tenant.world_history.snapshots_for(name, now)
    begun = tenant.world_history.started_at(name)
    if begun is None:
        return before, since
    instants: list[int] = []
    if any(snapshot.now != begun for snapshot in since):  # The clock moved, so the journal is needed.
        instants = _page_instants(tenant, vendor, endpoint, name, begun)
    last = max([begun, *instants])
    requested = [replace(_latest(since, instant), now=instant) for instant in instants if instant != begun]
    ordered = sorted([*since, *requested], key=lambda snapshot: snapshot.now)
    snapshots = [replace(item, reference=max(begun, min(item.now, last))) for item in ordered]
    distinct = {(id(item.world), item.now): item for item in snapshots}
    return [replace(snapshot, reference=begun) for snapshot in before], list(distinct.values())


def _page_instants(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, list_key: str, begun: int
) -> list[int]:
    """Return the instants from *begun* on at which pages of a list were requested, ascending.

    The first and the last are always among them; of many, some in between are left out.
    """
    reader = ExchangeReader(Tenants([tenant]), tenant)
    instants: set[int] = set()
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) != (vendor.name, endpoint.name):
            continue
        if exchange.received_at < begun or exchange.received_at in instants:
            continue
        request = reader.parse_answered(exchange)
        if request is not None and request.list_key == list_key:
            instants.add(exchange.received_at)
    ordered = sorted(instants)
    if len(ordered) <= _MAX_INSTANTS:
        return ordered
    step = (len(ordered) - 1) / (_MAX_INSTANTS - 1)
    return [ordered[round(number * step)] for number in range(_MAX_INSTANTS)]


def _latest(snapshots: list[WorldSnapshot], instant: int) -> WorldSnapshot:
    """Return the last snapshot that was taken by an instant; the first one if all were taken later."""
    return next((item for item in reversed(snapshots) if item.now <= instant), snapshots[0])


def _with_world(rows_with_total: Iterator[tuple[int | None, Any]], world: int) -> Iterator[MergedRow]:
    return (MergedRow(json.encode(row, order="deterministic"), row, world) for _, row in rows_with_total)


def _list(tenant: Tenant, vendor: Vendor, endpoint: Endpoint, site: int) -> "_List":
    return _List(vendor, endpoint, site, tenant.identifiers[vendor.name], tenant.behaviors[vendor.name])


class _List(Struct, frozen=True):
    """A list with the tenant's current settings, so that it can be read from any snapshot of the world."""

    vendor: Vendor
    endpoint: Endpoint
    site: int
    names: VendorIdentifiers
    behaviors: Mapping[str, Any]

    def rows(
        self, parameters: Mapping[str, Any], snapshot: WorldSnapshot
    ) -> Iterator[tuple[int | None, Any]]:
        """Yield each row of every page with the total."""
        page = dict(parameters)
        endpoint = self.endpoint
        pagination = endpoint.pagination
        while True:
            request = self.request(page, snapshot)
            body = json.decode(self.vendor.respond(endpoint, request).body)
            found = get_at(body, endpoint.rows_path)
            total = get_at(body, pagination.total) if pagination.total else None
            for row in found if isinstance(found, list) else [found]:
                yield total, row
            sent = collect_fields(endpoint, request.path, request.query, request.body)
            position = compute_page_info(endpoint, sent, body, {})
            if pagination.key_field is None or position is None or position.next is None:
                return
            page[pagination.key_field] = position.next

    def request(self, parameters: Mapping[str, Any], snapshot: WorldSnapshot) -> ViewRequest:
        """Return a request for the list; raise ``ApiError`` if the parameters are invalid."""
        names = self.names
        endpoint = self.endpoint
        known = dict(parameters)
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
            world=snapshot.world,
            site=snapshot.world.sites[self.site],
            now=snapshot.now,
            reference=snapshot.reference,
            behaviors=self.behaviors,
            identifiers=names,
        )
