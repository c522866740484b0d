"""Output of commands: text and tables for people, JSON for programs.

Text of clients and servers never reaches the terminal with control characters in it: they are escaped here.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec import json

from mockserver._util.printable import printable, printable_json

_UNLIMITED_WIDTH = 10_000


def echo(text: object = "", *, bold: bool = False, err: bool = False) -> None:
    """Print a text with control and format characters escaped, except line feeds and tabs."""
    click.secho(printable(str(text)), bold=bold or None, err=err)  # noqa: TID251 -- the place that escapes


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, prose: bool = False) -> None:
    """Print rows under headings.

    A table fits the terminal. In a pipe or a file a row is one line, except *prose*, which is always folded.
    """
    from rich.console import Console  # noqa: PLC0415 -- importing rich takes a tenth of `session-mock vendors`
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console() if prose or sys.stdout.isatty() else Console(width=_UNLIMITED_WIDTH)
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    keep = "\n" if prose else ""
    for row in rows:
        table.add_row(
            *(Text(printable(str(value), keep=keep)) for value in row)
        )  # rich would parse brackets in a str as markup.
    with console.capture() as captured:
        console.print(table, highlight=False)
    lines = "\n".join(line.rstrip() for line in captured.get().splitlines())
    click.echo(lines)  # noqa: TID251 -- cells are escaped; headings have styles


def print_json(value: object) -> None:
    """Print a value as one line of JSON, with control and format characters as JSON escapes."""
    click.echo(printable_json(json.encode(value).decode()))  # noqa: TID251 -- the other place


def append_summary(path: Path | str, text: str, *, err: bool = False) -> None:
    """Append a summary in Markdown to a file; ``-`` prints it, on stderr with *err*."""
    if str(path) == "-":
        echo(text, err=err)
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def discard_output() -> None:
    """Redirect stdout to the null device, so that the flush at exit does not fail again."""
    try:
        descriptor = sys.stdout.fileno()
    except ValueError:  # It is closed, or captured by a test.
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
