"""``session-mock openapi``."""

import click
from msgspec import json

from mockserver.cli.contract import dialect_option, vendor_named
from mockserver.cli.output import echo


@click.command(name="openapi")
@click.argument("vendor")
@dialect_option
def command(vendor: str, dialect: str | None) -> None:
    """Print a vendor's API as OpenAPI 3.1, as /VENDOR/openapi.json serves it."""
    found = vendor_named(vendor, dialect)
    from mockserver.server.examples import openapi  # noqa: PLC0415 -- a world is made for it

    echo(json.format(json.encode(openapi(found.name, found.dialect))).decode())
