"""``session-mock admin truth``."""

from collections.abc import Iterator
from typing import Any

import click

from mockserver.cli.admin.steer import json_line, steering
from mockserver.cli.words import values
from mockserver.client.sync import AdminClient


@click.command()
@click.argument("vendor")
@click.argument("endpoint")
@click.argument("parameters", nargs=-1, metavar="[PARAM=VALUE]...")
@click.option("--site", default="0", show_default=True, help="One of the vendor's ids for it, its domain, or its place from 0.")
@click.option("--verdicts", is_flag=True, help="Say of each row whether a client must, may or must not have it.")
@steering(json_line)
def truth(
    admin: AdminClient, *, tenant: str, vendor: str, endpoint: str, parameters: tuple[str, ...], site: str, verdicts: bool
) -> Iterator[Any]:
    """Write every row that a correct client must end up with.

    Rows are lines of JSON. Without parameters, they are all that the endpoint can give; a value may be JSON.
    """
    return admin.truth(vendor, endpoint, values(parameters, "PARAM=VALUE"), site=site, verdicts=verdicts, tenant=tenant)
