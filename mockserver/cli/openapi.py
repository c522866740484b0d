"""``session-mock openapi``."""

import click
from msgspec import json

from mockserver.vendors import load


@click.command(name="openapi")
@click.argument("vendor", type=click.Choice([vendor.name for vendor in load()]))
def command(vendor: str) -> None:
    """Print a vendor's API as OpenAPI 3.1, as /VENDOR/openapi.json serves it."""
    from mockserver.server.examples import openapi  # noqa: PLC0415 -- a world is made for it

    click.echo(json.format(json.encode(openapi(vendor))).decode())
