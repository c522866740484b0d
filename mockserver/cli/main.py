"""The command ``session-mock``."""

import os
import sys
from importlib import import_module
from io import UnsupportedOperation
from typing import Any

import click

from mockserver import __version__
from mockserver.cli.lazy_group import LazyGroup
from mockserver.cli.output import echo

_SUMMARIES = {
    "serve": "Run the mock server until it is interrupted.",
    "admin": "Control and inspect a running server: tenants, clocks, faults, limits, journals.",
    "vendors": "List the vendors and their endpoints.",
    "contract": "Print a vendor's contract: every fact with its basis and source.",
    "openapi": "Print a vendor's API as OpenAPI 3.1, as served at /VENDOR/openapi.json.",
    "world": "Describe a world: its sites and its sessions per day.",
    "export": "Write the expected rows of an endpoint: what a correct client collects.",
}


class RootGroup(LazyGroup):
    """The outermost group: it turns output that cannot be written into an error message."""

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run the command and exit: 0 on success, 1 on failure, 2 on misuse."""
        _replace_closed_streams()
        try:
            return super().main(*args, **settings)
        except OSError as error:  # A broken pipe does not get here: click ends the command silently.
            _discard_output()
            where = f" {error.filename}" if error.filename else ""
            echo(f"Error: cannot write the output{where}: {error.strerror or error}", err=True)
            sys.exit(1)


def _replace_closed_streams() -> None:
    """Replace each standard stream that the caller closed (``>&-``) by the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 -- open until the end


def _discard_output() -> None:
    """Redirect stdout to the null device, so that the flush at exit does not fail again."""
    try:
        descriptor = sys.stdout.fileno()
    except UnsupportedOperation:  # Captured output, such as in a test.
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _import_command(name: str) -> click.Command:
    command: click.Command = import_module(f"mockserver.cli.{name}").command
    return command


@click.group(
    cls=RootGroup,
    summaries=_SUMMARIES,
    import_command=_import_command,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="session-mock")
def cli() -> None:
    """Mock server for the session APIs of analytics vendors, with seeded data."""


def main(args: list[str] | None = None) -> Any:
    """Run the command with *args*, by default those of the process, and exit."""
    return cli.main(args=args, prog_name="session-mock")
