"""Everything a correct client ends up with: the rows of an endpoint, page after page, without HTTP."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import Refused
from mockserver.contract.paging import Offset, OpaqueCursor, PageNumber
from mockserver.contract.request import read
from mockserver.server.tenants import Tenant
from mockserver.vendor import Asked, Vendor
from mockserver.vendor.times import DAY, seconds


def everything(tenant: Tenant, endpoint: Endpoint) -> dict[str, Any]:
    """The parameters with which an endpoint gives every session of a tenant's world."""
    spec, now = tenant.world.spec, tenant.clock.now()
    end = now if spec.end is None else max(spec.end, now)
    (first, last), later = (seconds([spec.start, end]), seconds([end + DAY])[0])
    words = {"start": spec.start // 1000, "end": end // 1000 + 1, "start_date": first[:10], "end_date": last[:10], "day_after": later[:10]}
    return {name: value.format_map(words) if isinstance(value, str) else value for name, value in endpoint.everything.items()}


def rows(
    tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Iterator[tuple[int | None, Any]]:
    """Yield each row with the total where the endpoint tells one; raises ``Refused`` as the endpoint would."""
    page = dict(parameters)
    while True:
        answer = json.decode(vendor.answer(endpoint, _asked(tenant, vendor, endpoint, page, site)).body)
        found = _at(answer, endpoint.rows)
        total = _at(answer, endpoint.paging.total) if isinstance(endpoint.paging, Offset) and endpoint.paging.total else None
        for row in found if isinstance(found, list) else [found]:
            yield total, row
        if not _turn(endpoint, page, answer, len(found)):
            return


def _turn(endpoint: Endpoint, page: dict[str, Any], answer: Any, count: int) -> bool:
    """Ask for the page after this one, unless it was the last."""
    match endpoint.paging:
        case Offset(offset=offset) if count:
            page[offset] = int(page.get(offset, 0)) + count
        case PageNumber(page=number, first=first) if count:  # A short page may only mean that the limit was cut.
            page[number] = int(page.get(number, first)) + 1
        case OpaqueCursor(cursor=cursor, next=path) if (after := _at(answer, path)) is not None:
            page[cursor] = after
        case _:
            return False
    return True


def _at(answer: Any, path: str | None) -> Any:
    for name in (path or "").split("."):
        answer = answer[name] if name else answer
    return answer


def _asked(tenant: Tenant, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int) -> Asked:
    names, known = tenant.names[vendor.name], {**parameters}
    path = {name: str(known.pop(name, names.sites[site][0] if name == endpoint.site else "")) for name in endpoint.path}
    typed: dict[str, Any] = {"query": None, "body": None}
    for where, model in (("query", endpoint.query), ("body", endpoint.body)):
        if model is not None:
            credentials = names.credentials if where == "body" else {}
            typed[where] = read(model, {**credentials, **known}, where)
            if isinstance(typed[where], list):
                raise Refused("violation", message="; ".join(violation.message for violation in typed[where]))
    return Asked(
        **typed,
        path=path,
        world=tenant.world,
        site=tenant.world.sites[site],
        now=tenant.clock.now(),
        choices=tenant.choices[vendor.name],
        names=names,
    )
