"""The command ``session-mock``."""

import sys
from importlib import import_module
from typing import Any

import click

from mockserver import __version__
from mockserver.cli.lazy import Lazy

_SUMMARIES = {
    "serve": "Serve every vendor's endpoints until interrupted.",
    "admin": "Steer and watch a server that runs: tenants, clock, faults, limits, journal.",
    "vendors": "List the vendors and their endpoints.",
    "contract": "Print a vendor's contract: every fact with its basis and source.",
    "openapi": "Print a vendor's API as OpenAPI 3.1, as /VENDOR/openapi.json serves it.",
    "world": "Describe a world: its sites, totals and days.",
    "export": "Write every row that a correct client of an endpoint ends up with.",
}


def _find(name: str) -> click.Command:
    command: click.Command = import_module(f"mockserver.cli.{name}").command
    return command


@click.group(cls=Lazy, summaries=_SUMMARIES, find=_find, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="session-mock")
def cli() -> None:
    """Mock server for session-analytics HTTP APIs over one seeded world."""


def main(args: list[str] | None = None) -> Any:
    """Run the command; exits with 2 and a remedy where it is misused."""
    return cli.main(args=sys.argv[1:] if args is None else args, prog_name="session-mock")
