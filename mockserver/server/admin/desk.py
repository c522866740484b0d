"""Answers one request to the admin API: admit, find the route, read, call, write."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from msgspec import json

from mockserver.contract.choices import ChoiceError
from mockserver.server.addresses import Addresses, bracketed
from mockserver.server.admin import PREFIX, Admin
from mockserver.server.admin.access import admit
from mockserver.server.admin.call import Call, Made, Route, Stream
from mockserver.server.admin.parsing import decoded, parsed
from mockserver.server.admin.problem import Problem, invalid, nearest
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.shapes import asked
from mockserver.server.answers import SERVER
from mockserver.server.config import ConfigError
from mockserver.server.faults.fault import FaultError
from mockserver.server.tenants import TenantError
from mockserver.world.spec import WorldError

_HEADERS = {"Server": SERVER, "Cache-Control": "no-store"}
_REFUSALS = (ConfigError, WorldError, ChoiceError, TenantError, FaultError)
_log = logging.getLogger("mockserver")


async def answer(admin: Admin, request: web.Request) -> web.StreamResponse:
    """Answer a request; whatever stands in the way is a problem, and what nobody expected is logged."""
    try:
        admit(request, admin.token)
        route, path = _found(request.method, request.rel_url.raw_path)
        call = Call(tenants=admin.tenants, addresses=_addresses(admin, request), routes=ROUTES, path=path)
        told = route.handler(call, **await _asked(route, request))
        return await _written(route, told, request)
    except Problem as problem:
        return _refused(problem)
    except _REFUSALS as error:
        return _refused(invalid(str(error)))
    except web.HTTPRequestEntityTooLarge as error:
        return _refused(Problem("too-large", error.text or "the body is too large"))
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
        _log.exception("unexpected error at %s %s", request.method, request.rel_url.raw_path)
        return _refused(Problem("internal-error", "the mock failed unexpectedly; its log says why"))


def _found(method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a method and a path, with the values of its parameters."""
    words = [unquote(word) for word in raw_path.split("/")[2:]]
    matching = [route for route in ROUTES if _matches(route, words)] if raw_path.startswith(PREFIX + "/") else []
    exact = [route for route in matching if route.path.split("/")[1:] == words]  # What is written beats a parameter.
    found = {route.method: route for route in exact or matching}
    if not found:
        known = [f"{route.method} {PREFIX}{route.path}" for route in ROUTES]
        detail = f"there is no {raw_path!r}; {nearest(raw_path, dict.fromkeys(PREFIX + route.path for route in ROUTES))}"
        raise Problem("unknown-route", detail, routes=known)
    route = found.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = [*found, *(["HEAD"] if "GET" in found else [])]
        raise Problem("wrong-method", f"{method} is not supported here; use {' or '.join(found)}", headers={"Allow": ", ".join(allowed)})
    parts = zip(route.path.split("/")[1:], words, strict=True)
    return route, {part[1:-1]: word for part, word in parts if part.startswith("{")}


def _matches(route: Route, words: list[str]) -> bool:
    parts = route.path.split("/")[1:]
    return len(parts) == len(words) and all(
        word != "" if part.startswith("{") else part == word for part, word in zip(parts, words, strict=True)
    )


def _addresses(admin: Admin, request: web.Request) -> Addresses:
    """Where the server is reached under the name that was used for this request."""
    name = bracketed(request.url.host or "")
    url = f"http://{request.host}" if admin.port is None else f"http://{name}:{admin.port}"
    return Addresses(url, {vendor: f"http://{name}:{port}" for vendor, port in admin.vendor_ports.items()})


async def _asked(route: Route, request: web.Request) -> dict[str, Any]:
    """What a handler wants to know of the body and of the query."""
    wanted = asked(route)
    body, query = await request.read(), dict(request.query)
    if "body" not in wanted and decoded(body) != {}:
        raise invalid(f"{route.method} {PREFIX}{route.path} takes no body")
    if "query" not in wanted and query:
        raise invalid(f"{route.method} {PREFIX}{route.path} takes no query, such as {next(iter(query))!r}")
    found = {"body": parsed(decoded(body), wanted["body"])} if "body" in wanted else {}
    if "query" in wanted:
        found["query"] = parsed(query, wanted["query"], texts=True)
    return found


async def _written(route: Route, told: Any, request: web.Request) -> web.StreamResponse:
    if isinstance(told, Stream):
        return await _streamed(told, request)
    headers = dict(_HEADERS)
    if isinstance(told, Made):
        headers["Location"], told = PREFIX + told.location, told.body
    if route.status == HTTPStatus.NO_CONTENT:
        return web.Response(status=route.status, headers=headers)
    return web.Response(status=route.status, headers=headers, body=json.encode(told), content_type="application/json")


async def _streamed(stream: Stream, request: web.Request) -> web.StreamResponse:
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
