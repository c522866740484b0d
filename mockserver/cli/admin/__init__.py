"""``session-mock admin``: the admin API on the command line."""

from typing import Any, Final

import click

from mockserver.cli.admin.common import admin_options
from mockserver.cli.lazy_group import LazyGroup
from mockserver.cli.params import format_examples

_COMMANDS: Final = {
    "tenant": ("tenants", "Create, list, show, reset and delete tenants."),
    "world": ("worlds", "Show or replace the world of a tenant."),
    "session": ("worlds", "Show the raw data of a session."),
    "snapshot": ("tenants", "Print the complete state of a tenant as JSON."),
    "clock": ("clock", "Show or change the clock of a tenant."),
    "fault": ("faults", "Add, list, show and remove faults; list their kinds."),
    "limit": ("limits", "List or change rate and concurrency limits."),
    "behavior": ("limits", "List or set behaviors that vendors do not document."),
    "journal": ("journal", "List, follow, export, show or clear the recorded exchanges."),
    "findings": ("review", "List the defects in how clients used the APIs, even if the response was 200."),
    "verify": ("review", "Check a tenant's exchanges; exit with 1 if something is wrong."),
    "rows": ("rows", "Write, compare and trace rows."),
    "health": ("server", "Check that the server is running."),
    "version": ("server", "Print the version of the server."),
    "openapi": ("server", "Print the admin API as OpenAPI 3.1."),
}
"""Each command with the module that defines it and its summary."""


@click.group(
    name="admin",
    cls=LazyGroup,
    lazy_commands={
        name: (f"mockserver.cli.admin.{module}:{name}", summary)
        for name, (module, summary) in _COMMANDS.items()
    },
    epilog=format_examples(
        "session-mock admin tenant create nightly --sessions 450",
        "session-mock admin clock advance 1h --tenant nightly",
        "session-mock admin --url http://mock.test:8080 journal list --status 4xx",
    ),
)
@admin_options
def command(**_: Any) -> None:
    """Control and inspect a running server: tenants, clocks, faults, limits, journals.

    A tenant is an isolated part of the server with its own world, clock, credentials, faults and journal.
    The tenant 'default' always exists.

    Commands print for people, or with --json the response of the admin API. Commands without a result print
    nothing. The options below can also be written after a command. The exit code is 1 if the server cannot be
    reached or rejects the command, and 2 if the command is misused.
    """
    context = click.get_current_context()
    context.obj = context  # Commands read the options that are written before their names.
