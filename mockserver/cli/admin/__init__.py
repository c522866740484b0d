"""``session-mock admin``: the admin API from a shell."""

from importlib import import_module
from typing import Any, Final

import click

from mockserver.cli.admin.steer import common
from mockserver.cli.lazy import Lazy

_TOPICS: Final = {
    "about": {
        "health": "Say whether a server answers.",
        "version": "Say which session-mock the server is.",
        "openapi": "Print the admin API as OpenAPI 3.1.",
    },
    "tenants": {
        "tenants": "List all tenants.",
        "mint": "Mint a tenant: a world, a clock, and credentials for every vendor.",
        "tenant": "Tell what clients need to know of a tenant: URLs, credentials, sites and segments.",
        "drop": "Serve a tenant no longer.",
        "reset": "Make a tenant be as at first.",
    },
    "worlds": {
        "world": "Tell a tenant's world, or put the tenant into another.",
        "session": "Tell a session in the world's own words.",
    },
    "clocks": {"clock": "Tell what time it is for a tenant, or change its clock."},
    "faults": {
        "faults": "List a tenant's faults with what has come of them, or tell one.",
        "fault": "Arm a fault, or several.",
        "fault-kinds": "List the kinds of faults with their arguments.",
        "disarm": "Disarm a fault, or all.",
    },
    "limits": {
        "limits": "List a tenant's limits, and how much of each is used.",
        "limit": "Change a limit.",
    },
    "choices": {
        "choices": "List the setting of every choice.",
        "choose": "Change choices.",
    },
    "journals": {
        "journal": "Read what happened: a journal as a table, live, or as a file.",
        "exchange": "Tell one exchange with its request and its answer.",
    },
    "reviews": {
        "findings": "Tell what a careful reviewer would say of the exchanges.",
        "verdict": "Judge all that a tenant's clients did: findings, unexpected refusals, unused faults.",
        "carriers": "Say which exchanges carried each row of a file.",
    },
    "truths": {"truth": "Write every row that a correct client must end up with."},
}
"""Modules of this package with their commands."""
_SUMMARIES: Final = {name: summary for commands in _TOPICS.values() for name, summary in commands.items()}


def _find(name: str) -> click.Command:
    topic = next(topic for topic, commands in _TOPICS.items() if name in commands)
    command: click.Command = getattr(import_module(f"mockserver.cli.admin.{topic}"), name.replace("-", "_"))
    return command


@click.group(name="admin", cls=Lazy, summaries=_SUMMARIES, find=_find)
@common
def command(**_: Any) -> None:
    """Steer and watch a server that runs: tenants, clock, faults, limits, journal.

    Each command prints for people, or, with --json, what the admin API answered. What answers nothing prints nothing.
    Options that all commands have may stand before a command's name too.
    """
