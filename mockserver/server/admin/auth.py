"""Authorize admin requests: clients with the token; without a token, clients on this computer that are not pages of other sites."""

import re
from hmac import compare_digest
from typing import Any

from aiohttp import web

from mockserver.server.admin.problem_details import Problem
from mockserver.server.tenancy.config import is_loopback

_SCHEME = "bearer"
_OWN = ("same-origin", "none")
"""Values of ``Sec-Fetch-Site`` of the server's own pages, and of what the user of a browser opens. Another port is the same site."""
_HOST = re.compile(r"(?P<name>\[[\w:.%]+\]|[\w.~-]+)(:(?P<port>[0-9]{0,5}))?", re.ASCII)
_PORTS = 1 << 16


def admit(request: web.Request, token: str | None, *, navigation: bool = False) -> None:
    """Raise :class:`Problem` for a request that is not authorized.

    With ``navigation``, a browser may follow a link from another site: the page that has the link cannot read the answer.
    """
    if token is not None:
        _check_token(request.headers.get("Authorization", ""), token)
        return
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if isinstance(local, tuple) and not is_loopback(local[0]):
        raise Problem(
            "foreign-request",
            "without a token only this computer may steer: start the server with --admin-token",
        )
    _check_names(request.headers.getall("Host", []), request.headers.getall("Origin", []))
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN and not (
        navigation and _is_navigation(request)
    ):
        raise Problem(
            "foreign-request",
            "a web page of another site may not steer; call from the server side, or set --admin-token",
        )


def _is_navigation(request: web.Request) -> bool:
    """Return whether a browser opens an address in a tab, and does not embed what it gets."""
    return (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")) == (
        "navigate",
        "document",
    )


def _check_token(sent: str, token: str) -> None:
    """Compare in a time that does not tell how much of the token was right."""
    scheme, _, value = sent.partition(" ")
    if scheme.lower() != _SCHEME or not compare_digest(_bytes(value.strip()), _bytes(token)):
        detail = "send the header Authorization: Bearer TOKEN, with the token that the server was started with (--admin-token)"
        raise Problem(
            "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="session-mock admin"'}
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _check_names(hosts: list[Any], origins: list[Any]) -> None:
    """Refuse a web page that is open in a browser on this computer.

    Its requests say their origin. Where it has let its own name point at this computer, to be of one origin with us
    (DNS rebinding), they say that name as the host.
    """
    if len(hosts) != 1 or not is_loopback(hostname(hosts[0]) or ""):
        raise Problem(
            "foreign-request",
            "the Host must be localhost or a loopback address; under other names the server needs --admin-token",
        )
    if origins and origins != [f"http://{hosts[0]}"]:
        raise Problem(
            "foreign-request",
            "a web page of another origin may not steer; call from the server side, or set --admin-token",
        )


def hostname(host: str) -> str | None:
    """Return the name or address of a ``Host`` header without its port, ``None`` where the header is malformed."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) >= _PORTS:
        return None
    return found["name"].strip("[]").lower()
