"""Tables for people, by rich: as wide as the terminal, or as wide as needed where nobody looks."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 10_000


def console() -> Console:
    """Where tables go; a pipe or a file gets lines that are never folded."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings."""
    made = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*(Text(str(value)) for value in row))  # Texts, because brackets in them are no markup.
    console().print(made, highlight=False)
