"""Options that several commands share: what the worlds are made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mockserver.cli.words import SEED, dialects, pairs
from mockserver.server.config import Config, ConfigError, read_config

C = TypeVar("C", bound=Callable[..., Any])
_WORLD = ("seed", "sessions", "sessions_per_day", "sites", "start", "end")


def _option(name: str, help_text: str, **settings: Any) -> Callable[[C], C]:
    return click.option(f"--{name}", help=help_text, envvar=f"SESSION_MOCK_{name.replace('-', '_').upper()}", show_envvar=True, **settings)


def world_options(command: C) -> C:
    """Give a command the options that say what the default tenant's world is."""
    for option in reversed((
        _option("profile", "Named world to start from: default, empty, single, page-exact, page-plus-one, busy, flowing, awkward."),
        _option("seed", "What all values follow from; 'random' makes one up.", type=SEED),
        _option("sessions", "Sessions per site, bots not counted.", type=int),
        _option("sessions-per-day", "Sessions per site and day, without end.", type=int),
        _option("sites", "Number of sites.", type=int),
        _option("start", "First instant, ISO 8601."),
        _option("end", "Instant before which all sessions start, ISO 8601."),
        _option("now", "Instant the clock stands at, or 'system'. By default an exact world's end, in a flowing one the system's time."),
        _option("config", "TOML file with all settings, and further tenants.", type=click.Path(path_type=Path)),
        _option("choice", "Set undocumented behaviour: NAME=VALUE; `session-mock contract VENDOR` lists the names.", multiple=True),
        _option("dialect", "VENDOR=DIALECT, or DIALECT for all that have it; 'observed' is closest to the real services.", multiple=True),
        _option("credential", "Set a credential: VENDOR.CREDENTIAL=VALUE, with a credential that `serve` prints.", multiple=True),
    )):  # fmt: skip
        command = option(command)
    return command


def configured(options: dict[str, Any]) -> Config:
    """Make a configuration of the options that were given; raises a usage error with its remedy."""
    world = {name: options.pop(name) for name in _WORLD if options.get(name) is not None}
    settings = {
        "world": world,
        "choices": pairs(options.pop("choice", ()), "--choice"),
        "dialect": dialects(options.pop("dialect", ())),
        "credentials": pairs(options.pop("credential", ()), "--credential"),
        **{name: value for name, value in options.items() if name not in {"config", *_WORLD} and value is not None},
    }
    try:
        return read_config(options.get("config"), settings)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
