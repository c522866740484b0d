"""What the commands print: no text of a client or a server reaches the terminal with control characters in it."""

import click
from msgspec import json

from mockserver.printable import printable, printable_json


def echo(text: object = "", *, bold: bool = False) -> None:
    """Print a text with every control and format character but line feeds and tabs escaped."""
    click.secho(printable(str(text)), bold=bold or None)  # noqa: TID251 -- the one place


def echo_json(value: object) -> None:
    """Print a value as one line of JSON, with such characters as JSON escapes them."""
    click.echo(printable_json(json.encode(value).decode()))  # noqa: TID251 -- the other
