"""``session-mock admin rows``."""

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click
from msgspec import json

from mockserver.admin_schemas.expected import Coverage
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_json, print_table
from mockserver.cli.params import (
    OneOf,
    Pair,
    columns_option,
    format_examples,
    order_option,
    parse_json_or_text,
)
from mockserver.client.client import AdminClient
from mockserver.client.exchange_texts import count_of

if TYPE_CHECKING:
    from mockserver.embedded.reconcile_report import Reconciliation

_MAX_MISSING: Final = 20

_site_option = click.option(
    "--site",
    default="0",
    show_default=True,
    help="Site: its index from 0, its domain, or the vendor's id for it.",
)


@click.group(cls=SuggestingGroup)
def rows() -> None:
    """Write, compare and trace rows."""


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
@_site_option
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
    return client.expected_rows(
        vendor, endpoint, dict(params) or None, site=site, labels=labels, tenant=tenant
    )


def _parse_rows(file: BinaryIO, *, is_csv: bool = False) -> list[dict[str, Any]]:
    """Parse the rows of a file; raises a usage error for another file."""
    from mockserver.harness.row_files import RowFileError, parse_rows  # noqa: PLC0415 -- imports csv

    try:
        return parse_rows(file.read(), is_csv=is_csv)
    except RowFileError as error:
        raise click.BadParameter(str(error), param_hint="FILE") from None


def _print_reconciliation(result: "Reconciliation") -> None:
    if result.text:
        echo(result.text)
    else:
        place = f"{result.request.vendor} {result.request.endpoint}"
        echo(f"{place}: got {count_of(result.collected, 'row')}, no differences")


@rows.command(
    "reconcile",
    epilog=format_examples(
        "session-mock admin rows reconcile browsee export_sessions collected.ndjson"
        " start=1788220800 end=1790812801",
    ),
)
@click.argument("vendor")
@click.argument("endpoint")
@click.argument("file", type=click.File("rb"))
@click.argument("params", nargs=-1, type=Pair("PARAM=VALUE", parse_json_or_text), metavar="[PARAM=VALUE]...")
@_site_option
@order_option
@columns_option("A column with another name in FILE than at the vendor. Repeatable.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Compare only this field. Repeatable.")
@click.option("--strict-fields", is_flag=True, help="Report fields that the vendor does not have.")
@click.option(
    "--format",
    "form",
    type=OneOf(["ndjson", "csv"]),
    help="Format of FILE; by default csv if its name ends in .csv, else ndjson.",
)
@with_client(_print_reconciliation, is_failure=lambda result: bool(result.text))
def reconcile_rows(
    client: AdminClient,
    *,
    tenant: str,
    vendor: str,
    endpoint: str,
    file: BinaryIO,
    params: tuple[tuple[str, Any], ...],
    site: str,
    order: str,
    columns: dict[str, str],
    fields: tuple[str, ...],
    strict_fields: bool,
    form: str | None,
) -> "Reconciliation":
    """Compare the rows of a file with the expected rows.

    FILE has rows of the endpoint as lines of JSON, or as CSV with a header. PARAM=VALUE are the parameters of
    the list that a client collected; without them, it is the list that the client began. Exits with 1 if
    there are differences.
    """
    from mockserver.embedded.reconcile_report import Options, find_request, reconcile  # noqa: PLC0415 -- slow

    is_csv = form == "csv" or (form is None and file.name.lower().endswith(".csv"))
    collected = _parse_rows(file, is_csv=is_csv)
    options = Options(
        order=order,
        fields=fields or None,
        columns=columns,
        strict_fields=strict_fields,
        texts=is_csv,
    )
    try:
        request = find_request(client, tenant, (vendor, endpoint), site, dict(params))
        return reconcile(client, tenant, request, collected, options)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


reconcile = copy(reconcile_rows)
"""The same command as ``session-mock reconcile``."""
reconcile.name = "reconcile"
reconcile.epilog = format_examples(
    "session-mock reconcile browsee export_sessions collected.ndjson --order any"
    " start=1788220800 end=1790812801",
)


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
