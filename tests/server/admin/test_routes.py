"""What holds for every route of the admin API, swept from the routes."""

from io import BytesIO
from typing import Any

import pytest
from msgspec import json
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from mockserver.server.admin.handlers.tenants import delete_tenant
from mockserver.server.admin.openapi import document
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.server.admin.signatures import asked
from mockserver.server.http.request_body import BODY_LIMIT
from tests.server.admin.asking import DEFAULT, ONE, AdminApi, name
from tests.server.admin.conftest import Steer

WANTED = {"vendor": ONE[0].name, "endpoint": ONE[1].name}
BODIES: dict[str, Any] = {
    "trace_rows": {**WANTED, "rows": []},
    "create_tenant": {},
    "replace_world": {"sessions": 3},
    "change_clock": {"action": "freeze"},
    "add_faults": {"kind": "latency", "seconds": 0},
    "change_limits": {},
    "change_behaviors": {},
    "query_expected_rows": WANTED,
}
QUERIES: dict[str, Any] = {"get_expected_rows": WANTED, "get_session": {"index": 0}}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PATHS = tuple(dict.fromkeys(route.path for route in ROUTES))


def good(route: Route) -> dict[str, Any]:
    """The arguments of a request that a route answers."""
    handler = route.handler.__name__
    return {"body": BODIES.get(handler), "params": QUERIES.get(handler, {})}


def render(path: str, tenant: str = "default") -> str:
    """A path with parameters that name something."""
    return path.format(id=tenant, number=1)


async def used(steer: Steer) -> AdminApi:
    """A tenant with a fault and an exchange, beside one that can be deleted."""
    admin = await steer(world={"sessions": 3}, tenants={"other": {}})
    await admin.do("POST", f"{DEFAULT}/faults", {"kind": "latency", "seconds": 0})
    assert (await admin.client("default", ONE)).status == 200
    return admin


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_every_route_answers_as_it_says_and_no_web_page_may_read_it(steer: Steer, route: Route) -> None:
    """The status is the route's, the body conforms to the document, nobody may keep it, and there is no CORS."""
    admin = await used(steer)
    path = render(route.path, "other" if route.handler is delete_tenant else "default")
    origin = str(admin.mock.client.make_url("/")).rstrip("/")
    told = await admin.ask(route.method, path, **good(route), headers={"Origin": origin})

    assert told.status == route.status, told.body
    assert told.headers["Cache-Control"] == "no-store"
    assert not [header for header in told.headers if header.lower().startswith("access-control")]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=name)
async def test_head_tells_what_get_would(steer: Steer, route: Route) -> None:
    """HEAD has the status and the headers of GET, and no body."""
    admin = await used(steer)
    whole, head = [await admin.ask(method, render(route.path), **good(route)) for method in ("GET", "HEAD")]

    assert head.body == b""
    assert (head.status, head.headers["Content-Type"]) == (whole.status, whole.headers["Content-Type"])
    assert head.headers.get("Content-Length") == whole.headers.get("Content-Length")


@pytest.mark.parametrize("path", PATHS)
async def test_other_methods_are_told_which_are_allowed(steer: Steer, path: str) -> None:
    """Whatever method a path does not have is a 405 with those that it has."""
    admin = await used(steer)
    known = {route.method for route in ROUTES if route.path == path}
    for method in sorted(set(METHODS) - known):
        told = await admin.ask(method, render(path))

        assert told.problem == (405, "wrong-method", None)
        assert set(told.headers["Allow"].split(", ")) == known | ({"HEAD"} if "GET" in known else set())


@pytest.mark.parametrize("route", [route for route in ROUTES if "{id}" in route.path], ids=name)
async def test_unknown_tenant_is_told_with_the_nearest(steer: Steer, route: Route) -> None:
    """Every route below a tenant says which one was meant."""
    admin = await steer(tenants={"it's": {"world": {"sessions": 1}}})
    told = await admin.refused(route.method, render(route.path, "it's!"), **good(route))

    assert told.problem == (404, "unknown-tenant", "it's")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/helth", "/tenants/", f"{DEFAULT}/journal/1/2", "/tenants//world", "/tenants/default/worlds"],
)
async def test_unknown_path_is_told_with_the_nearest_and_all_there_are(steer: Steer, path: str) -> None:
    """What leads nowhere is a problem of the admin API's, and no vendor's."""
    admin = await steer()
    told = await admin.refused("GET", path)

    assert told.problem[:2] == (404, "unknown-route")
    assert told.problem[2] in {f"/__admin{each}" for each in PATHS}
    assert told.json["routes"] == [f"{route.method} /__admin{route.path}" for route in ROUTES]
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
async def test_unknown_number_is_told_with_what_there_is(steer: Steer, word: str) -> None:
    """An exchange or a fault of another number does not exist, whatever its number looks like."""
    admin = await used(steer)
    told = await admin.refused("GET", f"{DEFAULT}/{word}")

    assert told.problem[:2] == (404, "unknown-exchange" if word.startswith("journal") else "unknown-fault")
    assert "1" in told.json["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_unknown_words_are_refused_and_nothing_is_done(steer: Steer, route: Route) -> None:
    """A field, a parameter or a body that a route does not know is no success."""
    admin, path, example = await used(steer), render(route.path), good(route)
    body = await admin.refused(route.method, path, {"nonsense": 1}, params=example["params"])
    query = await admin.refused(
        route.method, path, example["body"], params={**example["params"], "nonsense": 1}
    )

    for told in (body, query):
        assert told.problem[:2] == (400, "invalid-request")
    assert "nonsense" in query.json["detail"]


@pytest.mark.parametrize("route", [route for route in ROUTES if "body" in asked(route)], ids=name)
async def test_what_is_no_json_object_is_refused(steer: Steer, route: Route) -> None:
    """Whatever else is sent as a body is a problem of the client's, and none of the server's."""
    admin = await used(steer)
    before = await admin.state()
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
        told = await admin.ask(route.method, render(route.path), body)

        assert told.problem[:2] == (400, "invalid-request"), body
    assert await admin.state() == before


async def test_bodies_are_bounded_and_whole(steer: Steer) -> None:
    """A large body is a 413; a packed one is refused, because what is cut off of it would be taken for nothing."""
    admin = await steer()
    large = await admin.refused("POST", "/tenants", BytesIO(b'{"name": "' + b"x" * BODY_LIMIT + b'"}'))
    packed = await admin.refused("POST", "/tenants", b"x", headers={"Content-Encoding": "gzip"})

    assert large.problem == (413, "too-large", None)
    assert packed.problem == (400, "invalid-request", None)


async def test_a_word_that_is_said_twice_is_refused(steer: Steer) -> None:
    """Nobody can know which of two was meant."""
    told = await (await steer()).refused("GET", f"{DEFAULT}/journal?limit=1&limit=2")

    assert "'limit'" in told.json["detail"]


async def test_the_document_is_valid_and_describes_every_route(steer: Steer) -> None:
    """It is OpenAPI 3.1, the one that answers are held against, with a summary and an id of its own for each operation."""
    told = await (await steer()).get("/openapi.json")
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    validate(told, cls=OpenAPIV31SpecValidator)

    assert told == json.decode(json.encode(document(ROUTES)))
    assert {(method.upper(), path) for path, each in told["paths"].items() for method in each} == {
        (route.method, f"/__admin{route.path}") for route in ROUTES
    }
    assert len({operation["operationId"] for operation in operations}) == len(ROUTES)
    assert all(operation["summary"].endswith(".") for operation in operations)


async def test_what_goes_wrong_within_is_a_problem_and_is_logged(
    steer: Steer, caplog: Any, monkeypatch: Any
) -> None:
    """A failure of our own is a 500 that says no more than where to look."""
    admin = await steer()
    monkeypatch.setattr(admin.mock.tenant, "journal", None)
    told = await admin.ask("GET", f"{DEFAULT}/journal/count")

    assert told.problem == (500, "internal-error", None)
    assert "unexpected error at GET /__admin/tenants/default/journal/count" in caplog.text


async def test_health_and_version_say_who_answers(steer: Steer) -> None:
    """They are told without any tenant."""
    admin = await steer()

    assert (await admin.get("/health"))["status"] == "healthy"
    assert (await admin.get("/version"))["name"] == "session-mock"
