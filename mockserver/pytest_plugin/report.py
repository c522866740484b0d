"""The section about a test's tenant in the report of a failure."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it

from mockserver._util.printable import printable
from mockserver.client.exchange_texts import count_of
from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.embedded.exchange_summary import describe_exchange

if TYPE_CHECKING:
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant

_MAX_EXCHANGES: Final = 10
"""Number of last exchanges that are shown, and of notable ones before them."""
_MAX_NEAR_MISSES: Final = 2
_PROXY_VARIABLES: Final = ("http_proxy", "https_proxy", "all_proxy")

Exchange = Mapping[str, Any]


def describe_tenant(tenant: "CheckedTenant", unmatched: Sequence[Exchange]) -> str:
    """Return the section about a tenant, with the unmatched exchanges of its test."""
    lines = [
        f"tenant {tenant.id!r} at {tenant.url}, clock {tenant.clock.now.isoformat()}",
        f"world: {_format_pairs(tenant.world.spec)}",
        *_list_dialects(tenant),
        *_list_exchanges(tenant),
    ]
    if unmatched:
        lines.append("unmatched requests:")
        lines += _describe_exchanges(unmatched[-_MAX_EXCHANGES:])
    lines.append(f"reproduce with: {tenant.reproduce_command()}")
    return "\n".join(printable(line, keep="") for line in lines)


def _list_exchanges(tenant: "CheckedTenant") -> Iterator[str]:
    """Yield the last exchanges, and notable ones before them; without any, a possible reason."""
    exchanges = tenant.journal.exchanges()
    if not exchanges:
        yield "no requests"
        yield from _warn_of_proxies(tenant.url)
        return
    count = tenant.journal.count()
    last = exchanges[-_MAX_EXCHANGES:]
    earlier = [exchange for exchange in exchanges[:-_MAX_EXCHANGES] if _is_notable(exchange)]
    plus = ", plus earlier ones with findings" if earlier else ""
    shown = f"last {len(last)} of " if count > len(last) else ""
    yield f"{shown}{count_of(count, 'request')}{plus}:"
    yield from _describe_exchanges(map(tenant.read_exchange, [*earlier[-_MAX_EXCHANGES:], *last]))


def _warn_of_proxies(url: str) -> Iterator[str]:
    """Yield a warning if variables may have sent the client's requests to a proxy."""
    host = urlsplit(url).hostname or ""
    variables = [name for name in os.environ if name.lower() in _PROXY_VARIABLES and os.environ[name]]
    if variables and not proxy_bypass_environment(host):
        yield (
            f"{', '.join(sorted(variables))} may send requests to a proxy instead of {host};"
            f" set NO_PROXY={host}, or let the client ignore proxies"
        )


def _is_notable(exchange: Exchange) -> bool:
    return bool(exchange["findings"] or exchange["error"] or exchange["faults"])


def _list_dialects(tenant: "CheckedTenant") -> Iterator[str]:
    """Yield a line with the vendors that do not use the documented dialect."""
    behaviors = dict(tenant.behaviors)
    dialects = [
        f"{name.partition('.')[0]}={dialect}"
        for name, dialect in behaviors.items()
        if name.endswith(f".{DIALECT}") and dialect != DOCUMENTED
    ]
    if dialects:
        yield f"dialect: {', '.join(dialects)}"


def _describe_exchanges(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Yield one line for each exchange, followed by its findings and closest matches."""
    for exchange in exchanges:
        yield f"  {describe_exchange(exchange)}"
        for finding in exchange["findings"]:
            yield f"        {finding['level']} {finding['name']}: {finding['message']}"
        for near in exchange["near_misses"][:_MAX_NEAR_MISSES]:
            yield f"        closest match: {near['method']} {near['path']}: {near['difference']}"


def _format_pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items())
