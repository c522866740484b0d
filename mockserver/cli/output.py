"""Output of commands: tables for people, JSON for programs."""

import sys
from collections.abc import Iterable, Sequence

import click
from msgspec import json

_UNLIMITED_WIDTH = 10_000


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, prose: bool = False) -> None:
    """Print rows under headings.

    A table fits the terminal. In a pipe or a file a row is one line, except *prose*, which is always folded.
    """
    from rich.console import Console  # noqa: PLC0415 -- importing rich takes a tenth of `session-mock vendors`
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console() if prose or sys.stdout.isatty() else Console(width=_UNLIMITED_WIDTH)
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))  # rich would parse brackets in a str as markup.
    with console.capture() as captured:
        console.print(table, highlight=False)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    click.echo(json.encode(value))
