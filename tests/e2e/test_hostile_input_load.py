"""Hostile requests cost a bounded amount of memory and time, and other tenants are answered meanwhile."""

import gc
from typing import Any

import pytest
from aiohttp import web

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.limits import Window
from mockserver.vendor import Vendor
from mockserver.vendors import every

KINDS = ("missing credential", "wrong credential", "unknown site", "invalid parameter", "unknown path", "wrong method", "rate limit")
ALWAYS = ("missing credential", "wrong credential", "unknown path", "wrong method")
"""Those that every vendor has."""
REPEATED = 20


def refused(mock: Any, pair: Any, kind: str) -> tuple[str, str, dict[str, Any]] | None:
    """Method, path and arguments of a request that is refused; None where the endpoint has no such refusal."""
    vendor, endpoint = pair
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    method = endpoint.method
    match kind:
        case "missing credential":
            arguments = {}
        case "wrong credential" if isinstance(endpoint.credentials, BodyKeys):
            arguments["json"] = {**arguments["json"], endpoint.credentials.key: "wrong"}
        case "wrong credential":
            arguments["headers"] = {"Authorization": "Bearer wrong"}
        case "unknown site" if endpoint.site:
            path = path.replace(mock.tenant.names[vendor.name].sites[0][0], "987654")
        case "invalid parameter" if isinstance(endpoint.credentials, BodyKeys):
            arguments["json"] = {**arguments["json"], **{key: {"wrong": True} for key in endpoint.everything or endpoint.example}}
        case "invalid parameter" if endpoint.query is not None:
            arguments["params"] = {**arguments["params"], **dict.fromkeys(endpoint.query.__struct_fields__, "wrong")}
        case "unknown path":
            path += "/unknown"
        case "wrong method":
            method = "DELETE"
        case "rate limit" if any(isinstance(limit, Window) for limit in endpoint.limits):
            pass
        case _:
            return None
    return method, path, arguments


def alive() -> int:
    """Count the requests that the process still holds."""
    gc.collect()
    return sum(isinstance(each, web.BaseRequest) for each in gc.get_objects())


@pytest.mark.parametrize("vendor", every(), ids=lambda vendor: vendor.label)
async def test_same_refusal_many_times_keeps_no_request_alive(serve: Any, vendor: Vendor) -> None:
    """A repeated refusal leaves nothing of its requests in memory, whatever the reason for it; `make soak` measures the bytes."""
    limits = {limit.allowed: 1 for endpoint in vendor.contract.endpoints for limit in endpoint.limits if isinstance(limit, Window)}
    mock = await serve(vendor, choices=limits)
    mock.tenant.clock.freeze()
    for kind in KINDS:
        statuses = []
        for endpoint in vendor.contract.endpoints:
            method, path, arguments = refused(mock, (vendor, endpoint), kind) or ("", "", {})
            for _ in range(REPEATED if method else 0):
                async with mock.client.request(method, path, **arguments) as response:
                    statuses.append(response.status)
        refusals = [status for status in statuses if status >= 400]

        assert alive() <= 5, f"{kind}: of {len(statuses)} requests"
        assert len(refusals) >= len(statuses) * (REPEATED - 1) / REPEATED, f"{kind}: {statuses}"
        assert refusals or kind not in ALWAYS
