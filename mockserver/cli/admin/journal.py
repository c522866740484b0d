"""``session-mock admin journal``, and the options that select exchanges."""

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import urlencode

import click
from msgspec import json

from mockserver._util.printable import printable, printable_json
from mockserver.admin_schemas.journals import Count, JournalPage
from mockserver.cli.admin.common import with_client
from mockserver.cli.admin.tail import follow_journal
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import COUNT, combine_options, file_options, format_examples
from mockserver.client.client import AdminClient
from mockserver.client.exchange_texts import describe_result
from mockserver.contract.behaviors import DOCUMENTED, label

Exchange = dict[str, Any]
_HEADINGS = ("number", "at", "status", "ms", "endpoint", "request", "remarks")
_WIDTHS = (6, 24, 7, 9, 30, 0, 0)

filter_options = combine_options(
    click.option("--vendor", metavar="NAME", help="Only requests to this vendor."),
    click.option("--endpoint", metavar="NAME", help="Only requests to this endpoint."),
    click.option(
        "--status",
        metavar="STATUS",
        help="Only responses with this status, such as 404, or class of statuses, such as 4xx.",
    ),
    click.option(
        "--error", metavar="NAME", help="Only this error response, by its name in the vendor's contract."
    ),
    click.option("--finding", metavar="NAME", help="Only exchanges with this finding."),
    click.option(
        "--triggered",
        metavar="FAULT",
        help="Only exchanges that triggered this fault: its kind or id.",
    ),
    click.option(
        "--no-endpoint/--any-endpoint",
        default=None,
        help="Only requests that matched no endpoint, or only those that matched one.",
    ),
    click.option("--after", type=COUNT, metavar="NUMBER", help="Only exchanges after this number."),
    click.option("--limit", type=COUNT, metavar="N", help="At most N exchanges."),
)
"""Decorator that adds the options that select exchanges."""
_unmatched_option = click.option(
    "--unmatched",
    is_flag=True,
    help="The unmatched exchanges of no tenant instead: unknown paths and wrong credentials.",
)


def _format_query(exchange: Exchange) -> str:
    query = exchange["request"]["query"]
    return "?" + urlencode(list(map(tuple, query)), safe="[]:,") if query else ""


def _format_status(exchange: Exchange) -> str:
    """Return the status, and how the response ended early if it did."""
    response = exchange["response"]
    if response is None:
        return "open" if exchange["duration_ms"] is None else "none"
    return " ".join([str(response["status"]), *([response["end"]] if "end" in response else [])])


def _format_remarks(exchange: Exchange) -> str:
    remarks = describe_result(exchange)
    if exchange["error"]:
        remarks.append(exchange["error"] + (f" ({exchange['basis']})" if exchange["basis"] else ""))
    remarks += [
        fault if fault in exchange["effective_faults"] else f"{fault} (no effect)"
        for fault in exchange["faults"]
    ]
    remarks += [finding["name"] for finding in exchange["findings"]]
    if exchange["deleted_tenant"] is not None:
        remarks.append(f"credential of the deleted tenant {exchange['deleted_tenant']!r}")
    if exchange["failed"]:
        remarks.append("internal error")
    if exchange["client_disconnected"]:
        remarks.append("client disconnected")
    return ", ".join(remarks)


def _format_endpoint(exchange: Exchange) -> str:
    """Return vendor and endpoint; the dialect is added unless it is the documented one."""
    vendor = label(exchange["vendor"], exchange["dialect"] or DOCUMENTED) if exchange["vendor"] else "none"
    return f"{vendor} {exchange['endpoint'] or ''}".strip()


def _cells(exchange: Exchange) -> tuple[str, ...]:
    duration = "" if exchange["duration_ms"] is None else f"{exchange['duration_ms']:.1f}"
    request = f"{exchange['request']['method']} {exchange['request']['path']}{_format_query(exchange)}"
    return (
        str(exchange["number"]),
        exchange["at"],
        _format_status(exchange),
        duration,
        _format_endpoint(exchange),
        request,
        _format_remarks(exchange),
    )


def _print_page(page: JournalPage | Count) -> None:
    if isinstance(page, Count):
        echo(page.count)
        return
    if click.get_current_context().params["bodies"]:
        for exchange in page.exchanges:
            _print_exchange(exchange)
    else:
        print_table(_HEADINGS, map(_cells, page.exchanges))
    if page.next is not None:
        last = page.exchanges[-1]["number"]
        echo(f"\n{len(page.exchanges)} of {page.matched}; continue with --after {last}")


def _print_line(exchange: Exchange) -> None:
    cells = zip(_cells(exchange), _WIDTHS, strict=True)
    echo("  ".join(printable(cell, keep="").ljust(width) for cell, width in cells).rstrip())


def _print_exchange(exchange: Exchange) -> None:
    """Print the request and the response with masked secrets, then findings and near misses."""
    number, at, status, duration, endpoint, request, remarks = _cells(exchange)
    time = f"{duration} ms" if duration else "still open"
    echo(f"Exchange {number} at {at}, {time}: {endpoint}" + (f" ({remarks})" if remarks else ""))
    _print_message("> ", request, exchange["request"])
    if exchange["response"] is not None:
        _print_message("< ", status, exchange["response"])
    for finding in exchange["findings"]:
        echo(f"{finding['name']} ({finding['level']}): {finding['message']}")
    for miss in exchange["near_misses"]:
        echo(f"closest match: {miss['method']} {miss['path']}: {miss['difference']}")


def _print_message(prefix: str, start: str, message: dict[str, Any]) -> None:
    lines = [start, *(f"{name}: {value}" for name, value in message["headers"])]
    body = message["body"]
    if body is not None:
        text = body if isinstance(body, str) else json.format(json.encode(body), indent=2).decode()
        lines += ["", *(text + (" (truncated)" if message["cut"] else "")).splitlines()]
    for line in lines:
        echo(f"{prefix}{line}".rstrip())
    echo()


@click.group(cls=SuggestingGroup)
def journal() -> None:
    """List, follow, export, show or clear the recorded exchanges.

    The journal of a tenant records each exchange: a request with its response, the faults that changed it,
    and its findings. A request with an unknown path or a wrong credential is in the journal of the tenant
    whose credential it carries anywhere; --unmatched selects those of no tenant. Credentials are masked.
    """


@journal.command(
    "list",
    epilog=format_examples(
        "session-mock admin journal list --vendor browsee --status 4xx",
        "session-mock admin journal list --unmatched",
        "session-mock admin journal list --limit 3 --bodies",
    ),
)
@filter_options
@_unmatched_option
@click.option("--count", is_flag=True, help="Print only the number of exchanges.")
@click.option(
    "--bodies", is_flag=True, help="Show each exchange with its headers and bodies, instead of a table."
)
@with_client(_print_page)
def list_exchanges(
    client: AdminClient, *, tenant: str, unmatched: bool, count: bool, bodies: bool, **filters: Any
) -> JournalPage | Count:
    """List exchanges, oldest first; 100 of them unless --limit is given."""
    source = None if unmatched else tenant
    if not count:
        return client.journal(source, results=True, bodies=bodies or None, **filters)
    if source is not None:
        return Count(count=client.count_exchanges(source, **filters))
    limit = filters.pop("limit")
    matched = client.journal(None, **filters).matched
    return Count(count=matched if limit is None else min(matched, limit))


@journal.command("follow", epilog=format_examples("session-mock admin journal follow --after 0"))
@filter_options
@_unmatched_option
@with_client(_print_line)
def follow_exchanges(
    client: AdminClient, *, tenant: str, unmatched: bool, **filters: Any
) -> Iterator[Exchange]:
    """Print a line for each exchange when it ends, until Ctrl-C or --limit.

    It starts with the oldest recorded exchange; --after skips the first ones.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    return follow_journal(partial(client.journal, None if unmatched else tenant, results=True), **given)


@journal.command(
    "export", epilog=format_examples("session-mock admin journal export --format har --output run.har")
)
@filter_options
@_unmatched_option
@file_options(
    ["ndjson", "har"], "Format of the file: lines of JSON, or HTTP Archive.", click.File("wb", lazy=True)
)
@with_client()
def export_journal(
    client: AdminClient, *, tenant: str, unmatched: bool, form: Any, output: BinaryIO, **filters: Any
) -> None:
    """Write exchanges to a file; all of them unless filters are given."""
    document = client.export_journal(form, None if unmatched else tenant, **filters)
    output.write(printable_json(document.decode()).encode())


@journal.command("show", epilog=format_examples("session-mock admin journal show 1"))
@click.argument("number", type=COUNT)
@with_client(_print_exchange)
def show_exchange(client: AdminClient, *, tenant: str, number: int) -> Exchange:
    """Show one exchange: its request, its response and its findings."""
    return client.exchange(number, tenant)


@journal.command("clear")
@_unmatched_option
@with_client()
def clear_journal(client: AdminClient, *, tenant: str, unmatched: bool) -> None:
    """Delete all exchanges of a tenant's journal."""
    client.clear_journal(None if unmatched else tenant)
