"""How to have a test's world and its answers again: the command that serves them."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import json

from mockserver.admin_schemas import ClockState
from mockserver.contract.behaviors import DIALECT, DOCUMENTED, short_name
from mockserver.server.tenancy.config import TenantConfig, tenant_spec
from mockserver.vendors import named
from mockserver.world.model.spec import WorldSpec, format_instant, parse_instant, spec

Behaviors = Mapping[str, str | int]
_OPTIONS: Final = ("seed", "sessions", "sessions_per_day", "sites", "start", "end")
_INSTANTS: Final = ("start", "end")


def command(
    profile: str,
    fields: Mapping[str, Any],
    clock: ClockState,
    behaviors: Behaviors,
    credentials: Iterable[str],
) -> str:
    """The line that serves a world as it is, with what was chosen; fields that have no option stand in a file that the shell makes up.

    Of credentials only the names are told: whoever knows them puts them in their places.
    """
    world = spec(**fields)
    differing = dict(_differing(world, profile))
    words = ["session-mock", "serve", "--profile", profile]
    for name in _OPTIONS:
        if name in differing:
            words += [f"--{name.replace('_', '-')}", str(differing.pop(name))]
    for option, said in (
        *_now(clock, world),
        *_chosen(behaviors),
        *((("--credential", f"{name}=<{name}>")) for name in credentials),
    ):
        words += [option, said]
    return shlex.join(words) + (
        f" --config <(printf %s {shlex.quote(f'world = {_toml(differing)}')})" if differing else ""
    )


def _differing(world: WorldSpec, profile: str) -> Iterator[tuple[str, Any]]:
    """The fields of a world that are not its profile's; the seed is said in any case."""
    usual = tenant_spec(TenantConfig(profile=profile))
    for name in WorldSpec.__struct_fields__:
        value = getattr(world, name)
        if name == "seed" or value not in (None, getattr(usual, name)):
            yield name, format_instant(value) if name in _INSTANTS else value


def _now(clock: ClockState, world: WorldSpec) -> Iterator[tuple[str, str]]:
    """What a clock shows, where it is not what a server's shows anyway."""
    usual = "system" if world.end is None else format_instant(world.end)
    shown = "system" if clock.mode == "system" else format_instant(parse_instant(clock.now, "now"))
    if shown != usual:
        yield "--now", shown


def _chosen(behaviors: Behaviors) -> Iterator[tuple[str, str]]:
    """The dialects, and the behaviors that are not the defaults of their dialect."""
    for name, value in behaviors.items():
        vendor = name.partition(".")[0]
        spoken = str(behaviors[f"{vendor}.{DIALECT}"])
        if short_name(name) != DIALECT:
            if value != named(vendor).in_dialect(spoken).contract.behavior(name).default:
                yield "--behavior", f"{name}={value}"
        elif spoken != DOCUMENTED:
            yield "--dialect", f"{vendor}={spoken}"


def _toml(value: Any) -> str:
    """A field as TOML writes it; texts and numbers as in JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.encode(value).decode()
