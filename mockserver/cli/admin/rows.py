"""``session-mock admin rows``."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import click
from msgspec import DecodeError, json

from mockserver.admin_schemas import Coverage
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_json, print_table
from mockserver.cli.params import Pair, format_examples, parse_json_or_text
from mockserver.client.client import AdminClient

_MAX_MISSING: Final = 20


@click.group(cls=SuggestingGroup)
def rows() -> None:
    """Write expected rows, show which of them responses contained, or trace rows."""


@rows.command(
    "expected",
    epilog=format_examples(
        "session-mock admin rows expected browsee export_sessions > expected.ndjson",
        "session-mock admin rows expected rybbit list_sessions --labels --site 1",
    ),
)
@click.argument("vendor")
@click.argument("endpoint")
@click.argument("params", nargs=-1, type=Pair("PARAM=VALUE", parse_json_or_text), metavar="[PARAM=VALUE]...")
@click.option(
    "--site",
    default="0",
    show_default=True,
    help="Site: its index from 0, its domain, or the vendor's id for it.",
)
@click.option(
    "--labels",
    is_flag=True,
    help="Write each row with its label: required, optional or forbidden for a client.",
)
@with_client(print_json)
def write_expected(
    client: AdminClient,
    *,
    tenant: str,
    vendor: str,
    endpoint: str,
    params: tuple[tuple[str, Any], ...],
    site: str,
    labels: bool,
) -> Iterator[Any]:
    """Write the expected rows of an endpoint: what a correct client collects.

    Rows are written as lines of JSON. Without PARAM all rows of the site are written; a VALUE may be JSON.
    """
    return client.expected_rows(vendor, endpoint, dict(params), site=site, labels=labels, tenant=tenant)


def _parse_rows(file: BinaryIO) -> list[dict[str, Any]]:
    """Parse lines of JSON objects; raises a usage error for other lines."""
    parsed = []
    for number, line in enumerate(file, 1):
        try:
            parsed += [json.decode(line, type=dict[str, Any])] if line.strip() else []
        except DecodeError as error:
            message = f"line {number} is not a JSON object: {error}; write one row per line"
            raise click.BadParameter(message, param_hint="FILE") from None
    return parsed


def _print_trace(traced: list[list[int]]) -> None:
    lines = [(number, ", ".join(map(str, numbers)) or "none") for number, numbers in enumerate(traced, 1)]
    print_table(("row", "exchanges"), lines)


@rows.command(
    "trace", epilog=format_examples("session-mock admin rows trace browsee export_sessions collected.ndjson")
)
@click.argument("vendor")
@click.argument("endpoint")
@click.argument("file", type=click.File("rb"), default="-")
@with_client(_print_trace)
def trace_rows(
    client: AdminClient, *, tenant: str, vendor: str, endpoint: str, file: BinaryIO
) -> list[list[int]]:
    """Show which responses contained each row of a file.

    FILE has rows of the endpoint as lines of JSON, such as those of `session-mock admin rows expected`.
    Without FILE stdin is read. For each row the numbers of the exchanges are printed; `session-mock admin
    journal show` shows one.
    """
    return client.trace(vendor, endpoint, _parse_rows(file), tenant)


def _print_coverage(coverage: Coverage) -> None:
    expected = len(coverage.returned) + len(coverage.missing)
    if coverage.begun is None:
        echo(f"The client began no list; {expected} rows were expected.")
    else:
        echo(f"list begun by request #{coverage.begun}: {len(coverage.returned)} of {expected} rows returned")
    for row in coverage.missing[:_MAX_MISSING]:
        echo(f"missing: {json.encode(row).decode()}")
    if len(coverage.missing) > _MAX_MISSING:
        echo(f"{len(coverage.missing)} rows are missing; --json prints all of them.")


@rows.command("coverage", epilog=format_examples("session-mock admin rows coverage browsee export_sessions"))
@click.argument("vendor")
@click.argument("endpoint")
@click.option(
    "--begun",
    type=click.IntRange(min=1),
    help="Number of the request that began the list; by default the last.",
)
@with_client(_print_coverage)
def show_coverage(
    client: AdminClient, *, tenant: str, vendor: str, endpoint: str, begun: int | None
) -> Coverage:
    """Show which rows of a list were on responses.

    The list is the one that the client began last. Only responses count that were sent completely since then,
    and whose rows no fault changed.
    """
    return client.coverage(vendor, endpoint, begun=begun, tenant=tenant)
