"""Handle requests to the admin API: authorize, route, parse, call the handler, send the response."""

import logging
from asyncio import CancelledError, sleep
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import unquote

from aiohttp import web
from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import BehaviorError
from mockserver.contract.errors import ApiError
from mockserver.server.admin.app import PREFIX, PRIVATE_HEADERS, Admin
from mockserver.server.admin.auth import authorize, parse_hostname
from mockserver.server.admin.problem_details import ProblemError, invalid_request
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Created, HandlerContext, Route, StreamingBody
from mockserver.server.admin.signatures import decode_body, parse_fields, request_types
from mockserver.server.configuration.config import ConfigError
from mockserver.server.http.redaction import Secrets
from mockserver.server.http.request_body import media_type, read_body
from mockserver.server.requests.responses import SERVER
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.server.tenancy.limit_changes import LimitError
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenants
from mockserver.server.tenancy.urls import Addresses, format_host
from mockserver.world.model.spec import WorldError

_HEADERS = {"Server": SERVER, "Cache-Control": "no-store", **PRIVATE_HEADERS}
_INVALID = (ConfigError, WorldError, BehaviorError, TenantError, FaultError, LimitError)
"""Errors of the domain that an invalid request causes."""
_BODY_PROBLEMS = {"too_large": "too-large", "violation": "invalid-request"}
"""The kind of problem for each error of reading a body."""
_MAX_SEGMENTS = max(len(route.parts) for route in ROUTES)
_log = logging.getLogger("mockserver")


class AdminRequest(NamedTuple):
    """A request to the admin API, over HTTP or in the same process."""

    method: str
    path: str
    """Percent-encoded, with the prefix."""
    query: Mapping[str, str]
    body: Any
    """Parsed JSON; ``{}`` if there is no body."""


def dispatch(tenants: Tenants, addresses: Addresses, request: AdminRequest) -> tuple[Route, Any]:
    """Call the handler of a request; return its route and its result. Raises :class:`ProblemError`."""
    route, path_params = _find_route(request.method, request.path)
    context = HandlerContext(tenants=tenants, addresses=addresses, routes=ROUTES, path=path_params)
    try:
        return route, route.handler(context, **_parse_arguments(route, request))
    except _INVALID as error:
        raise invalid_request(str(error)) from None


async def handle_request(admin: Admin, request: web.Request) -> web.StreamResponse:
    """Handle an HTTP request; errors become problems, and unexpected ones are logged."""
    try:
        authorize(request, admin.token)
        route, result = dispatch(admin.tenants, _find_addresses(admin, request), await _read(request))
        return await _respond(route, result, request)
    except ProblemError as problem:
        return _problem_response(problem, admin)
    except ApiError as error:
        return _problem_response(ProblemError(_BODY_PROBLEMS[error.error], error.details["message"]), admin)
    except (ConnectionError, CancelledError):
        raise
    except Exception:  # noqa: BLE001 -- no request may take the server down
        _log.exception("unexpected error at %s %s", request.method, request.rel_url.raw_path)
        detail = "the mock failed unexpectedly; see its log for the traceback"
        return _problem_response(ProblemError("internal-error", detail), admin)


async def _read(request: web.Request) -> AdminRequest:
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise invalid_request(f"query: {name!r} is given more than once; give it once")
    if "Content-Encoding" in request.headers:
        raise invalid_request("Content-Encoding is not supported; send the body without it")
    body = await read_body(request, decompress=False)
    return AdminRequest(
        request.method,
        request.rel_url.raw_path,
        dict(request.query),
        decode_body(body, media_type(request, body)),
    )


def _find_route(method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
    """Return the route of a method and a path, with the values of the path's parameters."""
    segments = [unquote(segment) for segment in raw_path.split("/")[2:]]
    by_method = _find_by_method(segments) if raw_path.startswith(PREFIX + "/") else {}
    if not by_method:
        paths = dict.fromkeys(PREFIX + route.path for route in ROUTES)
        raise ProblemError(
            "unknown-route",
            f"there is no {raw_path!r}; {suggest(raw_path, paths)}",
            routes=[f"{route.method} {PREFIX}{route.path}" for route in ROUTES],
        )
    route = by_method.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = [*by_method, *(["HEAD"] if "GET" in by_method else [])]
        raise ProblemError(
            "wrong-method",
            f"{method} is not supported here; use {' or '.join(by_method)}",
            headers={"Allow": ", ".join(allowed)},
        )
    parts = zip(route.path.split("/")[1:], segments, strict=True)
    return route, {part[1:-1]: segment for part, segment in parts if part.startswith("{")}


@cache
def _routes_by_parts() -> dict[tuple[str, ...], dict[str, Route]]:
    by_parts: dict[tuple[str, ...], dict[str, Route]] = {}
    for route in ROUTES:
        by_parts.setdefault(route.parts, {})[route.method] = route
    return by_parts


def _find_by_method(segments: Sequence[str]) -> Mapping[str, Route]:
    """Return the routes of a path by method; literal segments win over parameters, which are never empty."""
    known = _routes_by_parts()
    if len(segments) > _MAX_SEGMENTS or not all(segments):
        return {}
    candidates = product(*((segment, "") for segment in segments))
    return next((known[parts] for parts in candidates if parts in known), {})


def _find_addresses(admin: Admin, request: web.Request) -> Addresses:
    """Return the server's URLs under the name in the Host header, or its address if that is malformed."""
    name = parse_hostname(request.host)
    host = request.host
    if name is None:
        name, port = request.get_extra_info("sockname", ("127.0.0.1", 0))[:2]
        host = f"{format_host(name)}:{port}"
    ports = admin.ports
    if ports is None:
        return Addresses(f"http://{host}")
    is_other_port = ports.admin_port is not None or request.secure
    return ports.addresses(name, None if is_other_port else f"http://{host}")


def _parse_arguments(route: Route, request: AdminRequest) -> dict[str, Any]:
    """Return the arguments ``body`` and ``query`` of a handler, as far as it has them."""
    types = request_types(route)
    where = f"{route.method} {PREFIX}{route.path}"
    if "body" not in types and request.body != {}:
        raise invalid_request(f"{where} takes no body; send none")
    if "query" not in types and request.query:
        raise invalid_request(f"{where} takes no query; remove {next(iter(request.query))!r}")
    arguments = {"body": parse_fields(request.body, types["body"])} if "body" in types else {}
    if "query" in types:
        arguments["query"] = parse_fields(request.query, types["query"], texts=True)
    return arguments


async def _respond(route: Route, result: Any, request: web.Request) -> web.StreamResponse:
    if isinstance(result, StreamingBody):
        return await _stream(result, request)
    headers = dict(_HEADERS)
    if isinstance(result, Created):
        headers["Location"] = PREFIX + result.location
        result = result.body
    if route.status == HTTPStatus.NO_CONTENT:
        return web.Response(status=route.status, headers=headers)
    return web.Response(
        status=route.status, headers=headers, body=json.encode(result), content_type="application/json"
    )


async def _stream(stream: StreamingBody, request: web.Request) -> web.StreamResponse:
    """Send a body in pieces, which bounds memory; other requests are handled between two pieces."""
    response = web.StreamResponse(headers={**_HEADERS, "Content-Type": stream.media})
    with suppress(ConnectionError):  # The client has disconnected.
        await response.prepare(request)
        try:
            for piece in stream.pieces if request.method != "HEAD" else ():
                await response.write(piece)
                await sleep(0)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 -- the status is sent already
            _log.exception("unexpected error in the middle of %s", request.rel_url.raw_path)
            if request.transport is not None:
                request.transport.abort()  # Otherwise the client would take the body for complete.
        await response.write_eof()
    return response


def _problem_response(problem: ProblemError, admin: Admin) -> web.Response:
    problem.mask(Secrets((), admin.tenants.known))
    headers = {**_HEADERS, **problem.headers, "Content-Type": "application/problem+json"}
    return web.Response(status=problem.status, headers=headers, body=json.encode(problem.body))
