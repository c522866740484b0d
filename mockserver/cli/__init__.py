"""The command ``session-mock``."""

import gc
import sys
from importlib import import_module
from typing import Any

import click

from mockserver import __version__

_COMMANDS = {
    "serve": "Serve every vendor's endpoints until interrupted.",
    "vendors": "List the vendors and their endpoints.",
    "contract": "Print a vendor's contract: every fact with its basis and source.",
    "world": "Describe a world: its sites, totals and days.",
    "export": "Write every row that a correct client of an endpoint ends up with.",
}


class _Lazy(click.Group):
    """A group that imports a command when it is called, because start-up is felt."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # What is imported lives as long as the process: looking through it for garbage is felt at start-up.
        try:
            command: click.Command = import_module(f"mockserver.cli.{cmd_name}").command
        finally:
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="session-mock")
def cli() -> None:
    """Mock server for session-analytics HTTP APIs over one seeded world."""


def main(args: list[str] | None = None) -> Any:
    """Run the command; exits with 2 and a remedy where it is misused."""
    return cli.main(args=sys.argv[1:] if args is None else args, prog_name="session-mock")
