"""``session-mock export``."""

import csv
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, TextIO

import click
from msgspec import json

from mockserver.cli.contract import vendor_named
from mockserver.cli.options import configured, world_options
from mockserver.cli.words import pairs
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import Refused
from mockserver.server.config import ConfigError, tenants
from mockserver.server.truth import UnknownParameterError, check_parameters, everything, rows
from mockserver.vendor import Vendor

_LONG = 20_000
"""From so many rows on, a progress bar says how far it is."""


def _endpoint(vendor: Vendor, name: str) -> Endpoint:
    found = {endpoint.name: endpoint for endpoint in vendor.contract.endpoints if endpoint.rows is not None}
    if name not in found:
        near = get_close_matches(name, found, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"{vendor.name} has {', '.join(found)}"
        raise click.UsageError(f"{vendor.name} has no endpoint {name!r} that gives rows; {hint}")
    return found[name]


def _watched(found: Iterator[tuple[int | None, Any]]) -> Iterator[Any]:
    """Pass rows on, with a progress bar on the terminal where there are many."""
    first = next(found, None)
    if first is None:
        return
    total = first[0]
    yield first[1]
    if (total is not None and total < _LONG) or not sys.stderr.isatty():
        yield from (row for _, row in found)
        return
    from rich.console import Console  # noqa: PLC0415 -- rich is felt at start-up
    from rich.progress import Progress  # noqa: PLC0415 -- rich is felt at start-up

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=total, completed=1)
        for _, row in found:
            progress.advance(task)
            yield row


def _ndjson(found: Iterator[Any], out: TextIO) -> None:
    out.writelines(json.encode(row).decode() + "\n" for row in found)


def _csv(found: Iterator[Any], endpoint: Endpoint, out: TextIO) -> None:
    """Write a table whose columns are the fields of the contract's row; what is no text or number stands as JSON."""
    writer = csv.DictWriter(out, _row_fields(endpoint), restval="", lineterminator="\n")
    writer.writeheader()
    for row in found:
        writer.writerow(
            {name: json.encode(value).decode() if isinstance(value, dict | list | bool) else value for name, value in row.items()}
        )


def _row_fields(endpoint: Endpoint) -> list[str]:
    from mockserver.contract.request import fields  # noqa: PLC0415 -- only for tables

    prefix = f"{endpoint.rows}."
    inner = [field.name.removeprefix(prefix) for field in fields(endpoint.response, deep=True) if field.name.startswith(prefix)]
    return [name for name in inner if "." not in name]


@click.command(name="export")
@click.argument("vendor")
@click.argument("endpoint")
@world_options
@click.option("--format", "form", type=click.Choice(["ndjson", "csv"]), default="ndjson", show_default=True, help="How rows are written.")
@click.option("--site", type=int, default=0, show_default=True, help="Which site, counted from 0.")
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="A parameter of the endpoint; without any, all there is.")
@click.option("--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="File to write to.")
def command(vendor: str, endpoint: str, *, form: str, site: int, param: tuple[str, ...], output: TextIO, **options: Any) -> None:
    """Write every row that a correct client of an endpoint ends up with.

    ENDPOINT is one of the names that `session-mock vendors` lists. Without --param, every row of the world.
    """
    _endpoint(vendor_named(vendor), endpoint)
    config = configured(options)
    try:
        tenant = tenants(config)[0]
        found = tenant.vendors[vendor]
        asked = found.endpoint(endpoint)
        if not 0 <= site < len(tenant.world.sites):
            raise click.UsageError(f"--site {site}: the world has sites 0 to {len(tenant.world.sites) - 1}")
        parameters = pairs(param, "--param")
        check_parameters(found, asked, parameters)
        told = _watched(rows(tenant, found, asked, {**everything(tenant, asked), **parameters}, site))
        _csv(told, asked, output) if form == "csv" else _ndjson(told, output)
    except (ConfigError, UnknownParameterError) as error:
        raise click.UsageError(str(error)) from None
    except Refused as refusal:
        raise click.UsageError(f"{vendor} {endpoint}: {refusal.details.get('message') or refusal.error}") from None
