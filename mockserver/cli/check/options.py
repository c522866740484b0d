"""The options of ``session-mock check``."""

from pathlib import Path
from typing import Final

import click

from mockserver.cli.params import SEED, OneOf, columns_option, combine_options, order_option, repeated_pairs

DEFAULT_SEED: Final = 7
DEFAULT_TIMEOUT: Final = 30.0
_FILE: Final = click.Path(path_type=Path, dir_okay=False)

selection_options = combine_options(
    click.option("--case", "names", multiple=True, metavar="ID", help="Run only this case; repeatable."),
    click.option(
        "--topic",
        "topics",
        multiple=True,
        metavar="TOPIC",
        help="Run only the cases of this topic; repeatable.",
    ),
    click.option(
        "--skip", "skipped", multiple=True, metavar="ID|TOPIC", help="Skip a case or a topic; repeatable."
    ),
    click.option(
        "--cases",
        "case_set",
        metavar="SET",
        help="Use only the cases of a published set, such as 2026.12; a new version adds none.",
    ),
    click.option("--list", "lists", is_flag=True, help="List the cases, for TARGET if it is given."),
    click.option("--explain", metavar="ID", help="Explain a case."),
)
evidence_options = combine_options(
    click.option(
        "--rows",
        metavar="stdout|FILE",
        help="Where the command writes its rows. [default: what the journal shows that it received]",
    ),
    click.option(
        "--format",
        "form",
        type=OneOf(["ndjson", "csv"]),
        help="Format of the rows; by default it is recognized. A JSON array is ndjson.",
    ),
    columns_option("A column with another name than at the vendor; repeatable."),
    click.option(
        "--key",
        "keys",
        multiple=True,
        metavar="COLUMN",
        help="Compare only the column that identifies a row; repeatable if the vendor needs several.",
    ),
    order_option,
)
condition_options = combine_options(
    click.option(
        "--env",
        "variables",
        help="A variable of the command, which may have placeholders such as {VENDOR.url}; repeatable.",
        metavar="NAME=TEXT",
        **repeated_pairs("NAME=TEXT"),
    ),
    click.option(
        "--dialect",
        metavar="DIALECT",
        help="Dialect of the vendor, unless TARGET names one. [default: documented]",
    ),
    click.option(
        "--behavior",
        "behaviors",
        metavar="NAME=VALUE",
        help="Set a behavior that the vendor does not document; repeatable.",
        **repeated_pairs("NAME=VALUE"),
    ),
    click.option(
        "--seed", type=SEED, default=str(DEFAULT_SEED), show_default=True, help="Seed of all worlds."
    ),
    click.option(
        "--now",
        type=OneOf(["fixed", "system"]),
        default="fixed",
        show_default=True,
        help="End of the worlds: a fixed day, which the command is given, or the system's time, for a command"
        " that requests, for example, the last day by its own clock.",
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0.5, max=3600),
        default=DEFAULT_TIMEOUT,
        show_default=True,
        help="Seconds without a request after which the command is ended; stalled responses end after half of"
        " it.",
    ),
    click.option(
        "-j",
        "--jobs",
        metavar="N",
        type=click.IntRange(1, 64),
        help="Cases that run at the same time. [default: the number of processors, at most 4]",
    ),
)
report_options = combine_options(
    click.option(
        "--expect",
        type=_FILE,
        help="TOML file of known verdicts; the check fails for others, and for stale ones.",
    ),
    click.option("--junit", type=_FILE, help="File for a JUnit report."),
    click.option("--json", "json_file", type=_FILE, help="File for the results as JSON."),
    click.option("--html", "page", type=_FILE, help="File for a page with the timeline of every case."),
    click.option(
        "--summary", type=_FILE, help="File to which a summary in Markdown is appended; - prints it."
    ),
    click.option(
        "--merge",
        "merged",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        multiple=True,
        help="Read results of earlier checks from a JSON file instead of running a command; repeatable.",
    ),
)
