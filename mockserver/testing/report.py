"""What a failure's report tells of a test's tenant: what happened last, what is odd about it, and how to have the same world again."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import json

from mockserver.contract.choices import DIALECT, DOCUMENTED
from mockserver.world.spec import WorldSpec, text

if TYPE_CHECKING:
    from mockserver.testing.checked import CheckedTenant

_LAST: Final = 10
"""Exchanges that are told, and as many odd ones before them."""
_LONGEST: Final = 160
_OPTIONS: Final = ("profile", "seed", "sessions", "sessions_per_day", "sites", "start", "end", "now")
_INSTANTS: Final = ("start", "end", "now")


def section(tenant: "CheckedTenant", strays: Sequence[Mapping[str, Any]]) -> str:
    """Describe a tenant for the report of its test; with the exchanges that were no tenant's, as far as they are its own."""
    every = tenant.journal.exchanges()
    exchanges = [*[each for each in every[:-_LAST] if _is_odd(each)][-_LAST:], *every[-_LAST:]]
    lines = [f"tenant {tenant.id!r} at {tenant.url}, clock {tenant.clock.now.isoformat()}", f"world: {_pairs(tenant.world.spec)}"]
    lines += _dialects(tenant)
    odd = ", and before them those that are odd" if len(exchanges) > len(every[-_LAST:]) else ""
    lines += [f"the last {len(every[-_LAST:])} of {tenant.journal.count()} exchanges{odd}:"] if exchanges else ["no exchange"]
    lines += [line for exchange in exchanges for line in _exchange(exchange)]
    if strays:
        lines.append("requests that led nowhere:")
        lines += [line for exchange in strays[-_LAST:] for line in _exchange(exchange)]
    return "\n".join([*lines, f"the same world: {reproduced(tenant.made)}"])


def _is_odd(exchange: Mapping[str, Any]) -> bool:
    """Whether something is to be said of an exchange, however long ago it was."""
    return bool(exchange["findings"] or exchange["error"] or exchange["faults"])


def _dialects(tenant: "CheckedTenant") -> Iterator[str]:
    """The vendors that speak another dialect than the documented one."""
    chosen = [(name.partition(".")[0], tenant.choices[name]) for name in tenant.choices if name.endswith(f".{DIALECT}")]
    told = ", ".join(f"{vendor}={dialect}" for vendor, dialect in chosen if dialect != DOCUMENTED)
    if told:
        yield f"dialect: {told}"


def _exchange(exchange: Mapping[str, Any]) -> Iterator[str]:
    """An exchange in a line; below it what is odd about it."""
    yield f"  {exchange_line(exchange)}"
    yield from (f"        {finding['name']}: {finding['says']}" for finding in exchange["findings"])
    yield from (f"        near: {near['method']} {near['path']}: {near['differs']}" for near in exchange["near_misses"][:2])


def exchange_line(exchange: Mapping[str, Any]) -> str:
    """An exchange in a line: what was asked, and what came of it."""
    request, response = exchange["request"], exchange["response"] or {}
    query = "?" + "&".join(f"{name}={value}" for name, value in request["query"]) if request["query"] else ""
    body = f" {json.encode(request['body']).decode()}" if request["body"] is not None else ""
    asked = f"{request['method']} {request['path']}{query}{body}"
    shown = asked if len(asked) <= _LONGEST else asked[:_LONGEST] + "…"
    error = f" {exchange['error']}" if exchange["error"] else ""
    read = f", {exchange['source']['title']}" if exchange["source"] else ""
    error += f" ({exchange['basis']}{read})" if exchange["basis"] else ""
    error += f" in dialect {exchange['dialect']}" if exchange["dialect"] not in (None, DOCUMENTED) else ""
    struck = f", struck by {', '.join(exchange['faults'])}" if exchange["faults"] else ""
    struck += "".join(f", {name}: {value}" for name, value in response.get("headers", ()) if name == "Retry-After")
    return f"{exchange['number']:>4}  {shown} -> {response.get('status', 'no answer')}{error}{struck}"


def reproduced(made: Mapping[str, Any]) -> str:
    """The line that serves the same world; fields that have no option stand in a file that the shell makes up."""
    fields: dict[str, Any] = {name: text(value) if name in _INSTANTS and isinstance(value, int) else value for name, value in made.items()}
    words = ["session-mock", "serve"]
    for name in _OPTIONS:
        if fields.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(fields[name])]
    dialect = fields.get("dialect") or {}
    for vendor, name in dialect.items() if isinstance(dialect, Mapping) else [("", dialect)]:
        words += ["--dialect", f"{vendor}={name}" if vendor else name]
    for name, value in (fields.get("choices") or {}).items():
        words += ["--choice", f"{name}={value}"]
    rest = [name for name in WorldSpec.__struct_fields__ if name not in _OPTIONS and fields.get(name) is not None]
    table = f"world = {_toml({name: fields[name] for name in rest})}"
    return shlex.join(words) + (f" --config <(printf %s {shlex.quote(table)})" if rest else "")


def _toml(value: Any) -> str:
    """A field as TOML writes it; texts and numbers as in JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.encode(value).decode()


def _pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items())
