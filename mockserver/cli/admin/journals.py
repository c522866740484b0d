"""``session-mock admin journal`` and ``exchange``."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import click
from msgspec import json

from mockserver.cli.admin.follow import follow as followed
from mockserver.cli.admin.steer import steering, table
from mockserver.cli.output import echo
from mockserver.client.sync import AdminClient
from mockserver.contract.choices import DOCUMENTED, label
from mockserver.printable import printable, printable_json
from mockserver.steering import Count, JournalPage

C = TypeVar("C", bound=Callable[..., Any])
Exchange = dict[str, Any]
_HEADINGS = ("number", "at", "status", "ms", "endpoint", "request", "remarks")
_WIDTHS = (6, 24, 7, 9, 30, 0, 0)
_NUMBER = click.IntRange(min=0)
_FILE = click.Path(dir_okay=False, allow_dash=True)


def filters(command: C) -> C:
    """Give a command the options that say which exchanges are meant."""
    for option in reversed((
        click.option("--vendor", help="Only exchanges with this vendor."),
        click.option("--endpoint", help="Only exchanges with this endpoint."),
        click.option("--status", help="Only this status, such as 404, or a class of them, such as 4xx."),
        click.option("--error", help="Only those that were refused with this error shape."),
        click.option("--finding", help="Only those with this finding."),
        click.option("--fault", help="Only those that this fault struck: its kind, or its number."),
        click.option("--unmatched/--matched", default=None, help="Only those that meant no endpoint, or only the others."),
        click.option("--after", type=_NUMBER, help="Only those after the exchange of this number."),
        click.option("--limit", type=_NUMBER, help="At most so many."),
    )):  # fmt: skip
        command = option(command)
    return command


def _query(exchange: Exchange) -> str:
    query = exchange["request"]["query"]
    return "?" + urlencode(list(map(tuple, query)), safe="[]:,") if query else ""


def _status(exchange: Exchange) -> str:
    """The status, and how the answer broke off where it did."""
    answer = exchange["response"]
    if answer is None:
        return "open" if exchange["took_ms"] is None else "none"
    return " ".join([str(answer["status"]), *([answer["end"]] if "end" in answer else [])])


def _remarks(exchange: Exchange) -> str:
    dropped = [] if exchange["dropped"] is None else [f"credential of the dropped tenant {exchange['dropped']!r}"]
    seen = [name for name in ("failed", "gone") if exchange[name]]
    findings = [finding["name"] for finding in exchange["findings"]]
    return ", ".join([*_error(exchange), *exchange["faults"], *findings, *dropped, *seen])


def _error(exchange: Exchange) -> list[str]:
    """The refusal, and what it rests on."""
    basis = f" ({exchange['basis']})" if exchange["basis"] else ""
    return [exchange["error"] + basis] if exchange["error"] else []


def _vendor(exchange: Exchange) -> str:
    """The vendor, with its dialect where that is not the documented one."""
    return label(exchange["vendor"], exchange["dialect"] or DOCUMENTED) if exchange["vendor"] else "none"


def _cells(exchange: Exchange) -> tuple[str, ...]:
    endpoint = f"{_vendor(exchange)} {exchange['endpoint'] or ''}".strip()
    took = "" if exchange["took_ms"] is None else f"{exchange['took_ms']:.1f}"
    request = f"{exchange['request']['method']} {exchange['request']['path']}{_query(exchange)}"
    return str(exchange["number"]), exchange["at"], _status(exchange), took, endpoint, request, _remarks(exchange)


def _show(told: JournalPage | Count | Exchange) -> None:
    """Print a page as a table, a number as it is, and an exchange that was just heard of as a line."""
    if isinstance(told, Count):
        echo(told.count)
    elif isinstance(told, JournalPage):
        table(_HEADINGS, map(_cells, told.exchanges))
        if told.next is not None:
            echo(f"\n{len(told.exchanges)} of {told.matched}; more with --after {told.exchanges[-1]['number']}")
    else:
        echo("  ".join(printable(cell, keep="").ljust(width) for cell, width in zip(_cells(told), _WIDTHS, strict=True)).rstrip())


def _check_form(tenant: str | None, **wanted: Any) -> None:
    """Raise a usage error where more than one form of a journal is wanted, or one that nobody's journal has not."""
    forms = [name for name, given in wanted.items() if given]
    if len(forms) > 1:
        raise click.UsageError(" and ".join(f"--{form}" for form in forms) + " do not go together")
    if tenant is None and forms and forms[0] in ("count", "clear"):
        raise click.UsageError(f"--{forms[0]} is for the journal of a tenant, and --nobody has none")


def _write(path: str, whole: bytes) -> None:
    with click.open_file(path, "wb") as file:
        file.write(printable_json(whole.decode()).encode() if path == "-" else whole)


@click.command()
@filters
@click.option("--nobody", is_flag=True, help="Those that are no tenant's: unknown paths, wrong credentials.")
@click.option("--follow", is_flag=True, help="Print exchanges as they end, until Ctrl-C or --limit.")
@click.option("--count", is_flag=True, help="Only count them.")
@click.option("--har", type=_FILE, help="File to write them to as an HTTP Archive; - for stdout.")
@click.option("--ndjson", type=_FILE, help="File to write them to as lines of JSON; - for stdout.")
@click.option("--clear", is_flag=True, help="Forget all.")
@steering(_show)
def journal(
    admin: AdminClient,
    *,
    tenant: str,
    nobody: bool,
    follow: bool,
    count: bool,
    har: str | None,
    ndjson: str | None,
    clear: bool,
    **options: Any,
) -> JournalPage | Count | Iterator[Exchange] | None:
    """Read what happened: a journal as a table, live, or as a file.

    Without --limit, the table has the oldest hundred exchanges.
    """
    whose = None if nobody else tenant
    given = {name: value for name, value in options.items() if value is not None}
    if clear and given:
        raise click.UsageError(f"--clear forgets all, whatever --{next(iter(given))} says: leave that out")
    _check_form(whose, follow=follow, count=count, har=har, ndjson=ndjson, clear=clear)
    if clear:
        admin.clear_journal(tenant)
    elif har is not None:
        _write(har, admin.export("har", whose, **given))
    elif ndjson is not None:
        _write(ndjson, admin.export("ndjson", whose, **given))
    elif count:
        return Count(count=admin.count(tenant, **given))
    else:
        return followed(partial(admin.journal, whose), **given) if follow else admin.journal(whose, **given)
    return None


def _show_exchange(told: Exchange) -> None:
    """Print an exchange as it went over the wire, with secrets masked, and what there is to say of it."""
    number, at, status, took, endpoint, request, remarks = _cells(told)
    echo(f"Exchange {number} at {at}, {took or 'so far no'} ms: {endpoint}" + (f" ({remarks})" if remarks else ""))
    _show_message("> ", request, told["request"])
    if told["response"] is not None:
        _show_message("< ", status, told["response"])
    for finding in told["findings"]:
        echo(f"{finding['name']}: {finding['says']}")
    for miss in told["near_misses"]:
        echo(f"near miss: {miss['method']} {miss['path']}: {miss['differs']}")


def _show_message(mark: str, start: str, message: dict[str, Any]) -> None:
    body = [] if message["body"] is None else ["", json.encode(message["body"]).decode() + (" (cut)" if message["cut"] else "")]
    for line in (start, *(f"{name}: {value}" for name, value in message["headers"]), *body):
        echo(f"{mark}{line}".rstrip())
    echo()


@click.command()
@click.argument("number", type=_NUMBER)
@steering(_show_exchange)
def exchange(admin: AdminClient, *, tenant: str, number: int) -> Exchange:
    """Tell one exchange with its request and its answer."""
    return admin.exchange(number, tenant)
