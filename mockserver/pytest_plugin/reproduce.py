"""The command that serves a test's world with the same settings."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import json, to_builtins

from mockserver.admin_schemas.clocks import ClockState
from mockserver.admin_schemas.worlds import WorldTotals
from mockserver.contract.behaviors import DIALECT, DOCUMENTED, short_name
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import tenant_spec
from mockserver.vendors import get_vendor
from mockserver.world.model.spec import WorldSpec, format_instant, parse_instant, spec

Behaviors = Mapping[str, str | int]
_OPTIONS: Final = ("seed", "sessions", "sessions_per_day", "sites", "start", "end")
_INSTANTS: Final = ("start", "end")


def build_command(
    profile: str,
    totals: WorldTotals,
    clock: ClockState,
    behaviors: Behaviors,
    credentials: Iterable[str],
) -> str:
    """Return the shell command that serves a world with its clock, dialects and behaviors.

    Fields without an option, and added sessions, are passed in a file that the shell creates. Of credentials
    only the names are shown, with placeholders for the values.
    """
    world = spec(**totals.spec)
    changed = dict(_changed_fields(world, profile))
    added = [session for session in totals.added if not _has_null(session)]
    if added:
        changed["add"] = added
    words = ["session-mock", "serve", "--profile", profile]
    for name in _OPTIONS:
        if name in changed:
            words += [f"--{name.replace('_', '-')}", str(changed.pop(name))]
    words += _clock_options(clock, world)
    words += _behavior_options(behaviors)
    for name in credentials:
        words += ["--credential", f"{name}=<{name}>"]
    command = shlex.join(words)
    if changed:
        command += f" --config <(printf %s {shlex.quote(f'world = {_to_toml(changed)}')})"
    if len(added) < len(totals.added):
        command += f" # TOML has no null: without {len(totals.added) - len(added)} of the added sessions"
    return command


def _has_null(value: Any) -> bool:
    """Return True if JSON contains a null, which TOML cannot."""
    if isinstance(value, Mapping):
        return any(map(_has_null, value.values()))
    return any(map(_has_null, value)) if isinstance(value, list) else value is None


def _changed_fields(world: WorldSpec, profile: str) -> Iterator[tuple[str, Any]]:
    """Yield the seed, and the fields that differ from the profile."""
    defaults = tenant_spec(TenantConfig(profile=profile))
    for name in WorldSpec.__struct_fields__:
        value = getattr(world, name)
        if name == "seed" or value not in (None, getattr(defaults, name)):
            yield name, format_instant(value) if name in _INSTANTS else to_builtins(value)


def _clock_options(clock: ClockState, world: WorldSpec) -> list[str]:
    """Return ``--now`` if the clock does not show what a server's shows by default."""
    default = "system" if world.end is None else format_instant(world.end)
    now = "system" if clock.mode == "system" else format_instant(parse_instant(clock.now, "now"))
    return [] if now == default else ["--now", now]


def _behavior_options(behaviors: Behaviors) -> list[str]:
    """Return the options for dialects, and for behaviors that are not the defaults of their dialect."""
    options: list[str] = []
    for name, value in behaviors.items():
        vendor = name.partition(".")[0]
        dialect = str(behaviors[f"{vendor}.{DIALECT}"])
        if short_name(name) != DIALECT:
            if value != get_vendor(vendor).in_dialect(dialect).contract.behavior(name).default:
                options += ["--behavior", f"{name}={value}"]
        elif dialect != DOCUMENTED:
            options += ["--dialect", f"{vendor}={dialect}"]
    return options


def _to_toml(value: Any) -> str:
    """Return a value in TOML, which writes texts and numbers as JSON does."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_to_toml(name)} = {_to_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_to_toml, value)) + "]"
    return json.encode(value).decode()
