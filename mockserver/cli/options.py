"""Options that `serve`, `world` and `export` share: the world and the settings of the default tenant."""

from pathlib import Path
from typing import Any

import click

from mockserver.cli.params import SEED, combine_options, env_option, tenant_options
from mockserver.server.configuration.config import Config, ConfigError, read_config
from mockserver.world.model.profiles import PROFILES

_WORLD_FIELDS = ("seed", "sessions", "sessions_per_day", "sites", "start", "end")

world_options = combine_options(
    env_option(
        "--profile",
        metavar="NAME",
        help=f"Named world to start from: {', '.join(PROFILES)}. [default: default]",
    ),
    env_option(
        "--seed",
        type=SEED,
        metavar="N|random",
        help="Seed of all generated data; 'random' picks one. [default: 7]",
    ),
    env_option(
        "--sessions",
        type=int,
        help="Sessions per site, not counting bots. [default: 1000, or as in the profile]",
    ),
    env_option(
        "--sessions-per-day",
        type=int,
        help="Sessions per site and day in a world without end; replaces --sessions.",
    ),
    env_option("--sites", type=int, help="Number of sites. [default: 2]"),
    env_option(
        "--start",
        metavar="INSTANT",
        help="Start of the world: ISO 8601, UTC unless it has an offset."
        " [default: 2026-09-01, or as in the profile]",
    ),
    env_option(
        "--end",
        metavar="INSTANT",
        help="Time before which all sessions start: ISO 8601. [default: 2026-10-01, or as in the profile]",
    ),
    env_option(
        "--sessions-from",
        metavar="FILE",
        help="NDJSON or *.csv file with the sessions of the first site; the world then has no others, unless"
        " --sessions or --sessions-per-day is given.",
    ),
    click.option(
        "--as",
        "sessions_as",
        metavar="FORMAT",
        envvar="SESSION_MOCK_SESSIONS_AS",
        show_envvar=True,
        help="Format of its rows: VENDOR.ENDPOINT of a list of sessions, or 'neutral'"
        " for the fields of `admin world add`.",
    ),
    env_option(
        "--keep-people",
        is_flag=True,
        default=None,
        help="Keep user ids, names, e-mail and IP addresses of the file. [default: made-up ones]",
    ),
    env_option(
        "--new-ids",
        is_flag=True,
        default=None,
        help="Replace ids in the file that have another form than those of session-mock.",
    ),
    env_option(
        "--now",
        metavar="INSTANT",
        help="Time at which the clock is frozen: ISO 8601, or 'system' for real time."
        " [default: the end of the world; 'system' if it has no end]",
    ),
    env_option(
        "--config",
        type=click.Path(path_type=Path),
        help="TOML file with settings and further tenants; options override it.",
    ),
    env_option(
        "--toml",
        metavar="TEXT",
        help="The text of such a file, for containers that take only variables.",
    ),
    tenant_options(env_option),
)
"""Decorator that adds the options of the default tenant's world and settings."""


def build_config(options: dict[str, Any]) -> Config:
    """Build a configuration from the given options; raises a usage error for invalid ones."""
    given = {name: value for name, value in options.items() if value is not None}
    path = given.pop("config", None)
    text = given.pop("toml", None)
    world = {name: given.pop(name) for name in _WORLD_FIELDS if name in given}
    try:
        return read_config(path, {**given, "world": world}, text)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
