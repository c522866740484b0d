"""``session-mock admin findings``, ``verdict`` and ``carriers``: what is to be said of exchanges."""

from typing import Any, BinaryIO

import click
from msgspec import DecodeError, json

from mockserver.cli.admin.journals import filters
from mockserver.cli.admin.steer import steering, table
from mockserver.cli.output import echo
from mockserver.client.sync import AdminClient
from mockserver.steering import FoundIn, Verdict

_NAMED = 5
"""Exchanges that are named of those in which something was found."""


def _row(found: FoundIn) -> tuple[Any, ...]:
    more = ["…"] if found.count > _NAMED else []
    return found.name, found.count, ", ".join([*map(str, found.exchanges[:_NAMED]), *more]), found.says


def _show(told: list[FoundIn], what: str = "finding") -> None:
    table((what, "count", "exchanges", ""), map(_row, told))


@click.command()
@filters
@steering(_show)
def findings(admin: AdminClient, *, tenant: str, **options: Any) -> list[FoundIn]:
    """Tell what a careful reviewer would say of the exchanges."""
    return admin.findings(tenant, **options)


def _show_verdict(told: Verdict) -> None:
    echo(f"{told.exchanges} exchanges, of which {told.kept} are kept; digest {told.digest}")
    for what, found in (("finding", told.findings), ("unexpected", told.unexpected)):
        if found:
            echo()
            _show(found, what)
    for fault in told.unused_faults:
        echo(f"\nFault {fault['id']} ({fault['kind']}) never struck.")


@click.command()
@steering(_show_verdict)
def verdict(admin: AdminClient, *, tenant: str) -> Verdict:
    """Judge all that a tenant's clients did: findings, unexpected refusals, unused faults."""
    return admin.verdict(tenant)


def _rows(file: BinaryIO) -> list[dict[str, Any]]:
    """Read rows that are lines of JSON; raises a usage error for a line that is no object."""
    found = []
    for number, line in enumerate(file, 1):
        try:
            found += [json.decode(line, type=dict[str, Any])] if line.strip() else []
        except DecodeError as error:
            raise click.BadParameter(f"line {number} is no JSON object: {error}", param_hint="FILE") from None
    return found


def _show_carriers(told: list[list[int]]) -> None:
    table(("row", "exchanges"), [(number, ", ".join(map(str, each)) or "none") for number, each in enumerate(told, 1)])


@click.command()
@click.argument("vendor")
@click.argument("endpoint")
@click.argument("file", type=click.File("rb"), default="-")
@steering(_show_carriers)
def carriers(admin: AdminClient, *, tenant: str, vendor: str, endpoint: str, file: BinaryIO) -> list[list[int]]:
    """Say which exchanges carried each row of a file.

    FILE has rows of the endpoint as lines of JSON, as `session-mock admin truth` writes them; without one, stdin is read.
    """
    return admin.carriers(vendor, endpoint, _rows(file), tenant)
