"""Authorize admin requests: by token, or else loopback clients that are not web pages of other sites."""

import re
from hmac import compare_digest
from typing import Any

from aiohttp import web

from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.configuration.config import is_loopback

_SCHEME = "bearer"
_OWN_SITES = ("same-origin", "none")
"""Values of ``Sec-Fetch-Site`` for the server's own pages and for addresses that the user opens."""
_HOST = re.compile(r"(?P<name>\[[\w:.%]+\]|[\w.~-]+)(:(?P<port>[0-9]{0,5}))?", re.ASCII)
_PORT_COUNT = 1 << 16
_ALLOW_OTHERS = "to allow others, start the server with --admin-token"
_USE_PROGRAM = "call it from a program, or set --admin-token"


def authorize(request: web.Request, token: str | None, *, navigation: bool = False) -> None:
    """Raise :class:`ProblemError` for a request that is not authorized.

    With *navigation*, a browser may follow a link from another site, whose page cannot read the response.
    """
    if token is not None:
        _check_token(request.headers.get("Authorization", ""), token)
        return
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if isinstance(local, tuple) and not is_loopback(local[0]):
        detail = "the admin API only accepts clients on this computer"
        raise ProblemError("foreign-request", f"{detail}; {_ALLOW_OTHERS}")
    _check_names(request.headers.getall("Host", []), request.headers.getall("Origin", []), request.scheme)
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES and not (
        navigation and _is_navigation(request)
    ):
        detail = "web pages of other sites cannot use the admin API"
        raise ProblemError("foreign-request", f"{detail}; {_USE_PROGRAM}")


def _is_navigation(request: web.Request) -> bool:
    """Return True if a browser opens the address in a tab, and not as part of a page."""
    headers = request.headers
    return headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"


def _check_token(sent: str, token: str) -> None:
    """Compare in constant time, which does not reveal how much of the token was right."""
    scheme, _, value = sent.partition(" ")
    if scheme.lower() != _SCHEME or not compare_digest(_encode(value.strip()), _encode(token)):
        detail = "missing or wrong token; send `Authorization: Bearer TOKEN` with the value of --admin-token"
        raise ProblemError(
            "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="session-mock admin"'}
        )


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _check_names(hosts: list[Any], origins: list[Any], scheme: str) -> None:
    """Reject requests of web pages that are open in a browser on this computer.

    Their requests have an Origin header. If the name of the page resolves to this computer, so that both have
    the same origin (DNS rebinding), the Host header has that name.
    """
    if len(hosts) != 1 or not is_loopback(parse_hostname(hosts[0]) or ""):
        detail = "Host must be localhost or a loopback address"
        raise ProblemError("foreign-request", f"{detail}; {_ALLOW_OTHERS}")
    if origins and origins != [f"{scheme}://{hosts[0]}"]:
        detail = "web pages of other origins cannot use the admin API"
        raise ProblemError("foreign-request", f"{detail}; {_USE_PROGRAM}")


def parse_hostname(host: str) -> str | None:
    """Return the name in a ``Host`` header without its port, or None if the header is malformed."""
    match = _HOST.fullmatch(host)
    if match is None or int(match["port"] or 0) >= _PORT_COUNT:
        return None
    return match["name"].strip("[]").lower()
