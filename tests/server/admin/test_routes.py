"""Properties of every route of the admin API."""

from io import BytesIO
from typing import Any

import pytest
from msgspec import json
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from mockserver.server.admin.handlers.server import get_certificate_authority
from mockserver.server.admin.handlers.tenants import delete_tenant
from mockserver.server.admin.openapi import document
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.server.admin.signatures import request_types
from mockserver.server.http.request_body import BODY_LIMIT
from tests.server.admin.api import DEFAULT, ONE, AdminApi, format_id
from tests.server.admin.conftest import ServeAdmin

ROW_QUERY = {"vendor": ONE[0].name, "endpoint": ONE[1].name}
BODIES: dict[str, Any] = {
    "trace_rows": {**ROW_QUERY, "rows": []},
    "create_tenant": {},
    "replace_world": {"sessions": 3},
    "add_session": {"start": "2026-09-10T08:00Z"},
    "update_clock": {"action": "freeze"},
    "add_faults": {"kind": "latency", "seconds": 0},
    "update_limits": {},
    "set_behaviors": {},
    "query_expected_rows": ROW_QUERY,
}
QUERIES: dict[str, Any] = {
    "get_expected_rows": ROW_QUERY,
    "get_coverage": ROW_QUERY,
    "get_session": {"index": 0},
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PATHS = tuple(dict.fromkeys(route.path for route in ROUTES))


def valid_arguments(route: Route) -> dict[str, Any]:
    """Return the arguments of a valid request."""
    handler = route.handler.__name__
    return {"body": BODIES.get(handler), "params": QUERIES.get(handler, {})}


def fill_path(path: str, tenant: str = "default") -> str:
    """Fill in the parameters of a path with existing ids."""
    return path.format(id=tenant, number=1)


async def serve_used_tenant(serve_admin: ServeAdmin) -> AdminApi:
    """Serve a tenant with a fault and an exchange, and another that can be deleted."""
    admin = await serve_admin(world={"sessions": 3}, tenants={"other": {}})
    await admin.change("POST", f"{DEFAULT}/faults", {"kind": "latency", "seconds": 0})
    assert (await admin.send_vendor_request("default", ONE)).status == 200
    return admin


@pytest.mark.parametrize("route", ROUTES, ids=format_id)
async def test_route_responds_as_documented_without_cors_and_caching(
    serve_admin: ServeAdmin, route: Route
) -> None:
    admin = await serve_used_tenant(serve_admin)
    path = fill_path(route.path, "other" if route.handler is delete_tenant else "default")
    origin = str(admin.mock.client.make_url("/")).rstrip("/")
    result = await admin.send(route.method, path, **valid_arguments(route), headers={"Origin": origin})

    # This application has no certificates; test_proxy.py has those of a server.
    expected = 404 if route.handler is get_certificate_authority else route.status
    assert result.status == expected, result.body
    assert result.headers["Cache-Control"] == "no-store"
    assert not [header for header in result.headers if header.lower().startswith("access-control")]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=format_id)
async def test_head_has_status_and_headers_of_get(serve_admin: ServeAdmin, route: Route) -> None:
    admin = await serve_used_tenant(serve_admin)
    whole, head = [
        await admin.send(method, fill_path(route.path), **valid_arguments(route))
        for method in ("GET", "HEAD")
    ]

    assert head.body == b""
    assert (head.status, head.headers["Content-Type"]) == (whole.status, whole.headers["Content-Type"])
    assert head.headers.get("Content-Length") == whole.headers.get("Content-Length")


@pytest.mark.parametrize("path", PATHS)
async def test_unsupported_method_is_405_with_allowed_methods(serve_admin: ServeAdmin, path: str) -> None:
    admin = await serve_used_tenant(serve_admin)
    known = {route.method for route in ROUTES if route.path == path}
    for method in sorted(set(METHODS) - known):
        result = await admin.send(method, fill_path(path))

        assert result.problem == (405, "wrong-method", None)
        assert set(result.headers["Allow"].split(", ")) == known | ({"HEAD"} if "GET" in known else set())


@pytest.mark.parametrize("route", [route for route in ROUTES if "{id}" in route.path], ids=format_id)
async def test_unknown_tenant_is_404_with_nearest(serve_admin: ServeAdmin, route: Route) -> None:
    admin = await serve_admin(tenants={"it's": {"world": {"sessions": 1}}})
    result = await admin.assert_rejected(
        route.method, fill_path(route.path, "it's!"), **valid_arguments(route)
    )

    assert result.problem == (404, "unknown-tenant", "it's")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/helth", "/tenants/", f"{DEFAULT}/journal/1/2", "/tenants//world", "/tenants/default/worlds"],
)
async def test_unknown_path_is_404_with_nearest_and_all_routes(serve_admin: ServeAdmin, path: str) -> None:
    """It is a problem of the admin API, and not recorded."""
    admin = await serve_admin()
    result = await admin.assert_rejected("GET", path)

    assert result.problem[:2] == (404, "unknown-route")
    assert result.problem[2] in {f"/__admin{each}" for each in PATHS}
    assert result.json["routes"] == [f"{route.method} /__admin{route.path}" for route in ROUTES]
    assert not list(admin.mock.served.unmatched)


@pytest.mark.parametrize(
    "word",
    [
        "journal/abc",
        "journal/007x",
        f"journal/{'9' * 5000}",
        "journal/2",
        "faults/abc",
        "faults/2",
        "faults/²",
    ],
)
async def test_unknown_number_is_404_with_known_numbers(serve_admin: ServeAdmin, word: str) -> None:
    admin = await serve_used_tenant(serve_admin)
    result = await admin.assert_rejected("GET", f"{DEFAULT}/{word}")

    assert result.problem[:2] == (404, "unknown-exchange" if word.startswith("journal") else "unknown-fault")
    assert "1" in result.json["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=format_id)
async def test_unknown_fields_and_parameters_are_rejected(serve_admin: ServeAdmin, route: Route) -> None:
    admin = await serve_used_tenant(serve_admin)
    path = fill_path(route.path)
    example = valid_arguments(route)
    body = await admin.assert_rejected(route.method, path, {"nonsense": 1}, params=example["params"])
    query = await admin.assert_rejected(
        route.method, path, example["body"], params={**example["params"], "nonsense": 1}
    )

    for result in (body, query):
        assert result.problem[:2] == (400, "invalid-request")
    assert "nonsense" in query.json["detail"]


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if "body" in request_types(route)], ids=format_id
)
async def test_malformed_body_is_rejected(serve_admin: ServeAdmin, route: Route) -> None:
    admin = await serve_used_tenant(serve_admin)
    before = await admin.read_state()
    for body in (
        b"{",
        b"null",
        b"3",
        b"\xff",
        b'{"a": "\\ud800"}',
        b"[" * 10_000,
        b"x" * 9,
        b'{"name": 1e999}',
    ):
        result = await admin.send(route.method, fill_path(route.path), body)

        assert result.problem[:2] == (400, "invalid-request"), body
    assert await admin.read_state() == before


async def test_large_or_compressed_body_is_rejected(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin()
    large = await admin.assert_rejected(
        "POST", "/tenants", BytesIO(b'{"name": "' + b"x" * BODY_LIMIT + b'"}')
    )
    packed = await admin.assert_rejected("POST", "/tenants", b"x", headers={"Content-Encoding": "gzip"})

    assert large.problem == (413, "too-large", None)
    assert packed.problem == (400, "invalid-request", None)


async def test_repeated_query_parameter_is_rejected(serve_admin: ServeAdmin) -> None:
    result = await (await serve_admin()).assert_rejected("GET", f"{DEFAULT}/journal?limit=1&limit=2")

    assert "'limit'" in result.json["detail"]


async def test_openapi_document_is_valid_and_describes_each_route(serve_admin: ServeAdmin) -> None:
    """Each operation has a summary and a unique id."""
    result = await (await serve_admin()).get("/openapi.json")
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    validate(result, cls=OpenAPIV31SpecValidator)

    assert result == json.decode(json.encode(document(ROUTES)))
    assert {(method.upper(), path) for path, each in result["paths"].items() for method in each} == {
        (route.method, f"/__admin{route.path}") for route in ROUTES
    }
    assert len({operation["operationId"] for operation in operations}) == len(ROUTES)
    assert all(operation["summary"].endswith(".") for operation in operations)


async def test_internal_error_is_500_and_logged(
    serve_admin: ServeAdmin, caplog: Any, monkeypatch: Any
) -> None:
    admin = await serve_admin()
    monkeypatch.setattr(admin.mock.tenant, "journal", None)
    result = await admin.send("GET", f"{DEFAULT}/journal/count")

    assert result.problem == (500, "internal-error", None)
    assert "unexpected error at GET /__admin/tenants/default/journal/count" in caplog.text


async def test_health_and_version_identify_server(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin()

    assert (await admin.get("/health"))["status"] == "healthy"
    assert (await admin.get("/version"))["name"] == "session-mock"
