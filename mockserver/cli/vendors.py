"""``session-mock vendors``."""

import click

from mockserver.cli.output import print_json, print_table
from mockserver.vendors import load


@click.command(name="vendors")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(*, as_json: bool) -> None:
    """List the vendors and their endpoints."""
    rows = [
        (vendor.name, endpoint.name, endpoint.method, path, endpoint.summary)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        for path in endpoint.paths
    ]
    names = ("vendor", "endpoint", "method", "path", "summary")
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)
