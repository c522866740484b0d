"""Options that `serve`, `world` and `export` share: the world and the settings of the default tenant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from mockserver.cli.params import SEED, add_options, parse_dialects, parse_pairs
from mockserver.server.tenancy.config import Config, ConfigError, read_config
from mockserver.world.model.profiles import PROFILES

C = TypeVar("C", bound=Callable[..., Any])
_WORLD_FIELDS = ("seed", "sessions", "sessions_per_day", "sites", "start", "end")


def _option(name: str, help_text: str, *names: str, **settings: Any) -> Callable[[C], C]:
    variable = f"SESSION_MOCK_{name.replace('-', '_').upper()}"
    return click.option(f"--{name}", *names, help=help_text, envvar=variable, show_envvar=True, **settings)


_WORLD_OPTIONS: Final = (
    _option(
        "profile", f"Named world to start from: {', '.join(PROFILES)}. [default: default]", metavar="NAME"
    ),
    _option("seed", "Seed of all generated data; 'random' picks one. [default: 7]", type=SEED),
    _option(
        "sessions", "Sessions per site, not counting bots. [default: 1000, or as in the profile]", type=int
    ),
    _option(
        "sessions-per-day", "Sessions per site and day in a world without end; replaces --sessions.", type=int
    ),
    _option("sites", "Number of sites. [default: 2]", type=int),
    _option(
        "start",
        "Start of the world: ISO 8601, UTC unless it has an offset."
        " [default: 2026-09-01, or as in the profile]",
        metavar="INSTANT",
    ),
    _option(
        "end",
        "Time before which all sessions start: ISO 8601. [default: 2026-10-01, or as in the profile]",
        metavar="INSTANT",
    ),
    _option(
        "now",
        "Time at which the clock is frozen: ISO 8601, or 'system' for real time."
        " [default: the end of the world; 'system' if it has no end]",
        metavar="INSTANT",
    ),
    _option(
        "config",
        "TOML file with settings and further tenants; options override it.",
        type=click.Path(path_type=Path),
    ),
    _option(
        "behavior",
        "Set an undocumented behavior; repeatable. `session-mock contract VENDOR` lists names and values.",
        "behaviors",
        multiple=True,
        metavar="NAME=VALUE",
    ),
    _option(
        "dialect",
        "Dialect of one vendor, or of all; repeatable; 'observed' is closest to reality."
        " [default: documented]",
        multiple=True,
        metavar="[VENDOR=]DIALECT",
    ),
    _option(
        "credential",
        "Set a credential instead of the generated one; repeatable. `serve` prints the names.",
        multiple=True,
        metavar="VENDOR.CREDENTIAL=VALUE",
    ),
)


def world_options(command: C) -> C:
    """Add the options that define the default tenant's world and settings."""
    return add_options(command, _WORLD_OPTIONS)


def build_config(options: dict[str, Any]) -> Config:
    """Build a configuration from the given options; raises a usage error for invalid ones."""
    world = {name: options.pop(name) for name in _WORLD_FIELDS if options.get(name) is not None}
    settings = {
        "world": world,
        "behaviors": parse_pairs(options.pop("behaviors", ()), "--behavior"),
        "dialect": parse_dialects(options.pop("dialect", ())),
        "credentials": parse_pairs(options.pop("credential", ()), "--credential", "VENDOR.CREDENTIAL=VALUE"),
        **{
            name: value
            for name, value in options.items()
            if name not in {"config", *_WORLD_FIELDS} and value is not None
        },
    }
    try:
        return read_config(options.get("config"), settings)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
