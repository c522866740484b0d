"""What a failure's report tells of a test's tenant: what happened last, what is odd about it, and how to have the same world again."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it

from mockserver._util.printable import printable
from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.embedded.exchange_summary import line

if TYPE_CHECKING:
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant

_LAST: Final = 10
"""Exchanges that are told, and as many odd ones before them."""
_LONGEST: Final = 160
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


def section(tenant: "CheckedTenant", strays: Sequence[Mapping[str, Any]]) -> str:
    """Describe a tenant for the report of its test; with the exchanges that were no tenant's, as far as they are its own."""
    every = tenant.journal.exchanges()
    exchanges = [*[each for each in every[:-_LAST] if _is_odd(each)][-_LAST:], *every[-_LAST:]]
    lines = [
        f"tenant {tenant.id!r} at {tenant.url}, clock {tenant.clock.now.isoformat()}",
        f"world: {_pairs(tenant.world.spec)}",
    ]
    lines += _dialects(tenant)
    odd = ", and before them those that are odd" if len(exchanges) > len(every[-_LAST:]) else ""
    if exchanges:
        lines.append(f"the last {len(every[-_LAST:])} of {tenant.journal.count()} exchanges{odd}:")
    else:
        lines += ["no exchange", *_proxies(tenant.url)]
    lines += [told for exchange in exchanges for told in _exchange(exchange)]
    if strays:
        lines.append("requests that led nowhere:")
        lines += [told for exchange in strays[-_LAST:] for told in _exchange(exchange)]
    return "\n".join(printable(line, keep="") for line in [*lines, f"the same world: {tenant.same_world()}"])


def _proxies(url: str) -> Iterator[str]:
    """Name the variables that may have sent a client's requests to a proxy instead of the server."""
    host = urlsplit(url).hostname or ""
    names = [name for name in os.environ if name.lower() in _PROXIES and os.environ[name]]
    if names and not proxy_bypass_environment(host):
        told = ", ".join(sorted(names))
        yield f"{told} may send requests to a proxy instead of {host}; set NO_PROXY={host}, or let the client ignore proxies"


def _is_odd(exchange: Mapping[str, Any]) -> bool:
    """Whether something is to be said of an exchange, however long ago it was."""
    return bool(exchange["findings"] or exchange["error"] or exchange["faults"])


def _dialects(tenant: "CheckedTenant") -> Iterator[str]:
    """The vendors that speak another dialect than the documented one."""
    chosen = [
        (name.partition(".")[0], tenant.behaviors[name])
        for name in tenant.behaviors
        if name.endswith(f".{DIALECT}")
    ]
    told = ", ".join(f"{vendor}={dialect}" for vendor, dialect in chosen if dialect != DOCUMENTED)
    if told:
        yield f"dialect: {told}"


def _exchange(exchange: Mapping[str, Any]) -> Iterator[str]:
    """An exchange in a line; below it what is odd about it."""
    yield f"  {exchange_line(exchange)}"
    yield from (f"        {finding['name']}: {finding['says']}" for finding in exchange["findings"])
    yield from (
        f"        near: {near['method']} {near['path']}: {near['differs']}"
        for near in exchange["near_misses"][:2]
    )


def exchange_line(exchange: Mapping[str, Any]) -> str:
    """An exchange in a line, behind its number."""
    return f"{exchange['number']:>4}  {line(exchange, _LONGEST)}"


def _pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items())
