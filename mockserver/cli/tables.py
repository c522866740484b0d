"""Tables for people, by rich: as wide as the terminal; data that nobody looks at are as wide as needed."""

import sys
from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mockserver.printable import printable

_WIDE = 10_000


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, prose: bool = False) -> None:
    """Print rows under headings.

    In a pipe or a file, a row is a line; but prose is folded there too, to the terminal where there is one, because somebody reads it.
    """
    console = Console() if prose or sys.stdout.isatty() else Console(width=_WIDE)
    made = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # Texts, because brackets in them are no markup.
        made.add_row(*(Text(printable(str(value), keep="\n" if prose else "")) for value in row))
    with console.capture() as captured:
        console.print(made, highlight=False)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))  # noqa: TID251 -- with the styles of its headings
