"""Who may steer: whoever has the token; without one, whoever sits at this computer and is no web page."""

from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from mockserver.server.admin.problem import Problem
from mockserver.server.config import is_loopback

_SCHEME = "bearer"


def admit(request: web.Request, token: str | None) -> None:
    """Raise :class:`Problem` for a request that may not steer."""
    if token is not None:
        _check_token(request.headers.get("Authorization", ""), token)
        return
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if isinstance(local, tuple) and not is_loopback(local[0]):
        raise Problem("foreign-request", "without a token only this computer may steer: start the server with --admin-token")
    _check_names(request.headers.getall("Host", []), request.headers.getall("Origin", []))


def _check_token(sent: str, token: str) -> None:
    """Compare in a time that does not tell how much of the token was right."""
    scheme, _, value = sent.partition(" ")
    if scheme.lower() != _SCHEME or not compare_digest(_bytes(value.strip()), _bytes(token)):
        detail = "send the header Authorization: Bearer TOKEN, with the token that the server was started with (--admin-token)"
        raise Problem("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="session-mock admin"'})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _check_names(hosts: list[Any], origins: list[Any]) -> None:
    """Refuse a web page that is open in a browser on this computer.

    Its requests say their origin. Where it has let its own name point at this computer, to be of one origin with us
    (DNS rebinding), they say that name as the host.
    """
    if len(hosts) != 1 or not is_loopback(_hostname(hosts[0])):
        raise Problem(
            "foreign-request", "the Host must be localhost or a loopback address; under other names the server needs --admin-token"
        )
    if origins and origins != [f"http://{hosts[0]}"]:
        raise Problem("foreign-request", "a web page of another origin may not steer; call from the server side, or set --admin-token")


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
