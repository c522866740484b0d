"""The command ``session-mock``."""

import os
import sys
from typing import Any

import click

from mockserver._util.version import VERSION
from mockserver.cli.lazy_group import LazyGroup
from mockserver.cli.output import discard_output, echo

_COMMANDS = {
    "serve": ("mockserver.cli.serve:command", "Run the mock server until it is interrupted."),
    "exec": (
        "mockserver.cli.exec.command:exec_command",
        "Run a command as a client of a mock server, and end with its exit code.",
    ),
    "reconcile": (
        "mockserver.cli.admin.rows:reconcile",
        "Compare the rows of a file with the expected rows.",
    ),
    "config": ("mockserver.cli.config:config", "Describe and check files of settings."),
    "check": (
        "mockserver.cli.check.command:command",
        "Run a client once for each case of what can happen to it, and judge it.",
    ),
    "admin": (
        "mockserver.cli.admin:command",
        "Control and inspect a running server: tenants, clocks, faults, limits, journals.",
    ),
    "vendors": ("mockserver.cli.contract:vendors", "List the vendors and their endpoints."),
    "contract": (
        "mockserver.cli.contract:contract",
        "Print a vendor's contract: every fact with its basis and source.",
    ),
    "openapi": (
        "mockserver.cli.contract:openapi",
        "Print a vendor's API as OpenAPI 3.1, as served at /VENDOR/openapi.json.",
    ),
    "world": (
        "mockserver.cli.world.command:command",
        "Describe a world: when sessions start on its sites, and what they are like.",
    ),
    "export": (
        "mockserver.cli.export.command:command",
        "Write the expected rows of an endpoint: what a correct client collects.",
    ),
}
"""Each command with its place and its summary."""


_INTERRUPTED = 130
"""Exit code of a command that SIGINT ended, as in shells."""


class RootGroup(LazyGroup):
    """The outermost group: it turns output that cannot be written into an error message."""

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run the command and exit: 0 on success, 1 on failure, 2 on misuse."""
        _replace_closed_streams()
        try:
            return super().main(*args, **settings)
        except OSError as error:  # A broken pipe does not get here: click ends the command silently.
            discard_output()
            where = f" {error.filename}" if error.filename else ""
            echo(f"Error: cannot write the output{where}: {error.strerror or error}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C ends it with the exit code of shells, where click would exit with 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)


def _replace_closed_streams() -> None:
    """Replace each standard stream that the caller closed (``>&-``) by the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 -- open until the end


@click.group(
    cls=RootGroup,
    lazy_commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="session-mock")
def cli() -> None:
    """Mock server for the session APIs of analytics vendors, with seeded data.

    `session-mock serve` starts a server and prints its URLs and credentials. `session-mock exec` and
    `session-mock check` run a client with a server of their own; `exec` runs it once, `check` once for each
    case. `session-mock admin` and `session-mock reconcile` ask a running server. The other commands need no
    server.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command with *args*, by default those of the process, and exit."""
    return cli.main(args=args, prog_name="session-mock")
