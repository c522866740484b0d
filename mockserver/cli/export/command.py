"""``session-mock export``."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click
from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.cli.contract import find_vendor
from mockserver.cli.options import build_config, world_options
from mockserver.cli.params import file_options, format_examples, repeated_pairs
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.server.configuration.config import ConfigError
from mockserver.server.configuration.tenants import tenants
from mockserver.server.expected.rows import UnknownParameterError, check_parameters, list_params, rows
from mockserver.vendors.base import Vendor

_LONG = 20_000
"""Number of rows from which on a progress bar is shown."""


def _check_endpoint(vendor: Vendor, name: str) -> None:
    endpoints = [endpoint.name for endpoint in vendor.contract.endpoints if endpoint.rows_path is not None]
    if name not in endpoints:
        raise click.UsageError(
            f"{vendor.name}: no endpoint {name!r} that returns rows; {suggest(name, endpoints)}"
        )


def _show_progress(counted_rows: Iterator[tuple[int | None, Any]]) -> Iterator[Any]:
    """Pass rows on; show a progress bar if there are many and stderr is a terminal."""
    first = next(counted_rows, None)
    if first is None:
        return
    total = first[0]
    yield first[1]
    if (total is not None and total < _LONG) or not sys.stderr.isatty():
        yield from (row for _, row in counted_rows)
        return
    from rich.console import Console  # noqa: PLC0415 -- only needed for the progress bar
    from rich.progress import Progress  # noqa: PLC0415 -- only needed for the progress bar

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=total, completed=1)
        for _, row in counted_rows:
            progress.advance(task)
            yield row


def _write_ndjson(rows: Iterator[Any], out: TextIO) -> None:
    out.writelines(json.encode(row).decode() + "\n" for row in rows)


def _write_csv(rows: Iterator[Any], endpoint: Endpoint, out: TextIO) -> None:
    """Write CSV with a column for each field of the contract's row; nested and boolean values are JSON."""
    from mockserver.contract.validation import fields  # noqa: PLC0415 -- only for tables

    columns = []
    for field in fields(endpoint.response, deep=True):
        parent, _, name = field.name.rpartition(".")
        if parent == endpoint.rows_path:
            columns.append(name)
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                name: json.encode(value).decode() if isinstance(value, dict | list | bool) else value
                for name, value in row.items()
            }
        )


def _write_table(rows: Iterator[Any], endpoint: Endpoint, table: str, form: str, out: TextIO) -> None:
    """Write a file for SQL; raises a usage error without a file name or duckdb."""
    if out.name in {"-", "<stdout>"}:
        raise click.UsageError(f"--format {form}: stdout cannot be a database; give --output FILE")
    try:
        from mockserver.cli.export.tables import TableError, write_table  # noqa: PLC0415 -- requires duckdb
    except ImportError:
        raise click.UsageError(
            f"--format {form}: duckdb is not installed; run pip install 'session-mock[sql]'"
        ) from None
    try:
        write_table(rows, endpoint, table, form, Path(out.name))
    except TableError as error:
        raise click.UsageError(f"--output {out.name}: {error}") from None


@click.command(
    name="export",
    epilog=format_examples(
        "session-mock export rybbit list_sessions --sessions 250 --format csv",
        "session-mock export browsee export_sessions --param start=1788220800 --output rows.ndjson",
        "session-mock export sparklytics list_sessions --format parquet --output rows.parquet",
    ),
)
@click.argument("vendor")
@click.argument("endpoint")
@world_options
@click.option("--site", type=int, default=0, show_default=True, help="Index of the site, from 0.")
@click.option(
    "--param",
    "parameters",
    **repeated_pairs("NAME=VALUE"),
    help="Parameter of the endpoint that restricts the rows; repeatable.",
)
@file_options(
    ["ndjson", "csv", "parquet", "duckdb"],
    "Format of the file: lines of JSON, CSV, or a table for SQL (requires --output and session-mock[sql]).",
    click.File("w", encoding="utf-8", lazy=True),
)
def command(
    vendor: str,
    endpoint: str,
    *,
    form: str,
    site: int,
    parameters: dict[str, str],
    output: TextIO,
    **options: Any,
) -> None:
    """Write the expected rows of an endpoint: what a correct client collects.

    `session-mock vendors` lists the names of vendors and endpoints. Without --param all rows of the site are
    written. No server is needed.
    """
    _check_endpoint(find_vendor(vendor), endpoint)
    config = build_config(options)
    try:
        tenant = tenants(config)[0]
        tenant_vendor = tenant.vendors[vendor]
        contract_endpoint = tenant_vendor.endpoint(endpoint)
        if not 0 <= site < len(tenant.world.sites):
            raise click.UsageError(f"--site: unknown site {site}; use 0 to {len(tenant.world.sites) - 1}")
        check_parameters(tenant_vendor, contract_endpoint, parameters)
        params = {**list_params(tenant, contract_endpoint, parameters or None), **parameters}
        shown = _show_progress(rows(tenant, tenant_vendor, contract_endpoint, params, site))
        if form in {"parquet", "duckdb"}:
            _write_table(shown, contract_endpoint, f"{vendor}_{endpoint}", form, output)
        elif form == "csv":
            _write_csv(shown, contract_endpoint, output)
        else:
            _write_ndjson(shown, output)
    except (ConfigError, UnknownParameterError) as error:
        raise click.UsageError(str(error)) from None
    except ApiError as error:
        reason = error.details.get("message") or error.error
        raise click.UsageError(f"{vendor} {endpoint}: {reason}") from None
