"""Answers one request to the admin API: admit, find the route, read, call, write."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from aiohttp import web
from msgspec import json

from mockserver.contract.behaviors import BehaviorError
from mockserver.contract.errors import ApiError
from mockserver.server.admin.app import PREFIX, PRIVATE, Admin
from mockserver.server.admin.auth import admit, hostname
from mockserver.server.admin.problem_details import Problem, invalid, suggest
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Created, HandlerContext, Route, StreamingBody
from mockserver.server.admin.signatures import asked, decoded, parsed
from mockserver.server.faults.base import FaultError
from mockserver.server.http.redaction import Secrets
from mockserver.server.http.request_body import media_type, read_body
from mockserver.server.requests.responses import SERVER
from mockserver.server.tenancy.config import ConfigError
from mockserver.server.tenancy.tenant import TenantError, Tenants
from mockserver.server.tenancy.urls import Addresses, bracketed
from mockserver.world.model.spec import WorldError

_HEADERS = {"Server": SERVER, "Cache-Control": "no-store", **PRIVATE}
_REFUSALS = (ConfigError, WorldError, BehaviorError, TenantError, FaultError)
_UNREAD = {"too_large": "too-large", "violation": "invalid-request"}
"""The problem that a body is which cannot be read."""
_ENDS = ("",)
"""What no word is."""
_log = logging.getLogger("mockserver")


class AdminRequest(NamedTuple):
    """What is asked for, whichever way it came."""

    method: str
    path: str
    """Percent-encoded, with the prefix."""
    query: Mapping[str, str]
    body: Any
    """As JSON; ``{}`` where there is none."""


def dispatch(tenants: Tenants, addresses: Addresses, order: AdminRequest) -> tuple[Route, Any]:
    """Do what is asked for, and say by which route; raises :class:`Problem`."""
    route, path = _found(order.method, order.path)
    call = HandlerContext(tenants=tenants, addresses=addresses, routes=ROUTES, path=path)
    try:
        return route, route.handler(call, **_asked(route, order))
    except _REFUSALS as error:
        raise invalid(str(error)) from None


async def answer(admin: Admin, request: web.Request) -> web.StreamResponse:
    """Answer a request; whatever stands in the way is a problem, and what nobody expected is logged."""
    try:
        admit(request, admin.token)
        route, told = dispatch(admin.tenants, _addresses(admin, request), await _order(request))
        return await _written(route, told, request)
    except Problem as problem:
        return _refused(problem.masked(Secrets((), admin.tenants.known)))
    except ApiError as refusal:
        return _refused(
            Problem(_UNREAD[refusal.error], refusal.details["message"]).masked(
                Secrets((), admin.tenants.known)
            )
        )
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
        _log.exception("unexpected error at %s %s", request.method, request.rel_url.raw_path)
        return _refused(Problem("internal-error", "the mock failed unexpectedly; its log says why"))


async def _order(request: web.Request) -> AdminRequest:
    """Read a request."""
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise invalid(f"the query says {name!r} more than once; say it once")
    if "Content-Encoding" in request.headers:  # What is cut off would be taken for an empty body.
        raise invalid("send the body as it is, without Content-Encoding")
    body = await read_body(request, decompress=False)
    return AdminRequest(
        request.method,
        request.rel_url.raw_path,
        dict(request.query),
        decoded(body, media_type(request, body)),
    )


def _found(method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a method and a path, with the values of its parameters."""
    words = [unquote(word) for word in raw_path.split("/")[2:]]
    found = _matching(_tree(), words) if raw_path.startswith(PREFIX + "/") else {}
    if not found:
        known = [f"{route.method} {PREFIX}{route.path}" for route in ROUTES]
        detail = f"there is no {raw_path!r}; {suggest(raw_path, dict.fromkeys(PREFIX + route.path for route in ROUTES))}"
        raise Problem("unknown-route", detail, routes=known)
    route = found.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = [*found, *(["HEAD"] if "GET" in found else [])]
        raise Problem(
            "wrong-method",
            f"{method} is not supported here; use {' or '.join(found)}",
            headers={"Allow": ", ".join(allowed)},
        )
    parts = zip(route.path.split("/")[1:], words, strict=True)
    return route, {part[1:-1]: word for part, word in parts if part.startswith("{")}


@cache
def _tree() -> dict[Any, Any]:
    """The routes by the words of their paths, one after the other; after the last word, by method."""
    tree: dict[Any, Any] = {}
    for route in ROUTES:
        here = tree
        for part in route.parts:
            here = here.setdefault(part, {})
        here.setdefault(_ENDS, {})[route.method] = route
    return tree


def _matching(tree: Mapping[Any, Any], words: Sequence[str]) -> Mapping[str, Route]:
    """The routes of a path by method; a word that is written beats a parameter, which is no empty word."""
    if not words:
        return tree.get(_ENDS, {})  # type: ignore[no-any-return]  # below the end there are routes
    for part in (words[0], None) if words[0] else ():
        found = _matching(tree[part], words[1:]) if part in tree else {}
        if found:
            return found
    return {}


def _addresses(admin: Admin, request: web.Request) -> Addresses:
    """Return where the server is reached under the name that was used for this request; with a malformed Host, under its address."""
    name, host = hostname(request.host), request.host
    if name is None:
        name, port = request.get_extra_info("sockname", ("127.0.0.1", 0))[:2]
        host = f"{bracketed(name)}:{port}"
    name = bracketed(name)
    url = f"http://{host}" if admin.port is None else f"http://{name}:{admin.port}"
    return Addresses(url, {vendor: f"http://{name}:{port}" for vendor, port in admin.vendor_ports.items()})


def _asked(route: Route, order: AdminRequest) -> dict[str, Any]:
    """What a handler wants to know of the body and of the query."""
    wanted = asked(route)
    if "body" not in wanted and order.body != {}:
        raise invalid(f"{route.method} {PREFIX}{route.path} takes no body")
    if "query" not in wanted and order.query:
        raise invalid(
            f"{route.method} {PREFIX}{route.path} takes no query, such as {next(iter(order.query))!r}"
        )
    found = {"body": parsed(order.body, wanted["body"])} if "body" in wanted else {}
    if "query" in wanted:
        found["query"] = parsed(order.query, wanted["query"], texts=True)
    return found


async def _written(route: Route, told: Any, request: web.Request) -> web.StreamResponse:
    if isinstance(told, StreamingBody):
        return await _streamed(told, request)
    headers = dict(_HEADERS)
    if isinstance(told, Created):
        headers["Location"], told = PREFIX + told.location, told.body
    if route.status == HTTPStatus.NO_CONTENT:
        return web.Response(status=route.status, headers=headers)
    return web.Response(
        status=route.status, headers=headers, body=json.encode(told), content_type="application/json"
    )


async def _streamed(stream: StreamingBody, request: web.Request) -> web.StreamResponse:
    """Send piece by piece, so that nothing is ever there as a whole, and let others have their turn in between."""
    response = web.StreamResponse(headers={**_HEADERS, "Content-Type": stream.media})
    with suppress(ConnectionError):  # The client may be gone: then nobody reads the rest.
        await response.prepare(request)
        try:
            for piece in stream.pieces if request.method != "HEAD" else ():
                await response.write(piece)
                await asyncio.sleep(0)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 -- the status is sent already
            _log.exception("unexpected error in the middle of %s", request.rel_url.raw_path)
            if request.transport is not None:
                request.transport.abort()  # A client must not take half for the whole.
        await response.write_eof()
    return response


def _refused(problem: Problem) -> web.Response:
    body = json.encode(problem.told)
    headers = {**_HEADERS, **problem.headers, "Content-Type": "application/problem+json"}
    return web.Response(status=problem.status, headers=headers, body=body)
