"""``session-mock openapi``."""

import click
from msgspec import json

from mockserver.cli.contract import dialect_option, find_vendor
from mockserver.cli.output import echo
from mockserver.cli.params import format_examples


@click.command(name="openapi", epilog=format_examples("session-mock openapi sparklytics > sparklytics.json"))
@click.argument("vendor")
@dialect_option
def command(vendor: str, dialect: str | None) -> None:
    """Print a vendor's API as OpenAPI 3.1, as served at /VENDOR/openapi.json."""
    found = find_vendor(vendor, dialect)
    from mockserver.server.expected.examples import openapi  # noqa: PLC0415 -- it builds a world

    echo(json.format(json.encode(openapi(found.name, found.dialect))).decode())
