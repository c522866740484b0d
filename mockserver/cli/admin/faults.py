"""``session-mock admin fault``."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from msgspec import json

from mockserver.admin_schemas.faults import FaultArgument, FaultKinds
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import Pair, format_examples, parse_fault, parse_json_or_text
from mockserver.client.client import AdminClient, Fault

_COUNTERS = ("id", "kind", "matched", "triggered", "effective", "remaining")
_NO_CONDITION = {"fields": {}, "after": 0, "probability": 1}
"""Values of conditions that are always fulfilled."""


def _parse_faults(texts: Sequence[str]) -> list[Any]:
    """Return the faults in *texts*: each is JSON, or the first is a kind and the others are its arguments."""
    if not texts[0].startswith(("{", "[")):
        argument = Pair("ARG=VALUE", parse_json_or_text)
        return [{"kind": texts[0], **dict(argument.convert(text, None, None) for text in texts[1:])}]
    faults: list[Any] = []
    for text in texts:
        parsed = parse_fault(text, "JSON")
        faults += parsed if isinstance(parsed, list) else [parsed]
    return faults


def _row(fault: Fault) -> tuple[Any, ...]:
    arguments = " ".join(
        f"{name}={json.encode(value).decode()}"
        for name, value in fault.items()
        if name not in _COUNTERS and _NO_CONDITION.get(name) != value
    )
    remaining = "unlimited" if fault["remaining"] is None else fault["remaining"]
    return *(fault[name] for name in _COUNTERS[:-1]), remaining, arguments


def _print_faults(faults: list[Fault]) -> None:
    print_table((*_COUNTERS, "arguments"), map(_row, faults))


def _print_fault(fault: Fault) -> None:
    _print_faults([fault])


def _argument_rows(kind: str, arguments: Iterable[FaultArgument]) -> list[tuple[str, ...]]:
    return [
        (kind if number == 0 else "", argument.name, argument.type, argument.default, argument.description)
        for number, argument in enumerate(arguments)
    ]


def _print_kinds(result: FaultKinds) -> None:
    rows = []
    for kind in result.kinds:
        echo(kind.kind, bold=True)
        echo(f"{kind.description}\nExample: {json.encode(kind.example).decode()}\n")
        rows += _argument_rows(kind.kind, kind.arguments)
    rows += _argument_rows("(all kinds)", result.conditions)
    print_table(("kind", "argument", "type", "default", "meaning"), rows)


@click.group(cls=SuggestingGroup)
def fault() -> None:
    """Add, list, show and remove faults; list their kinds.

    A fault is a deliberate failure, such as a 503, a closed connection or a repeated page. It affects the
    exchanges that meet its conditions.
    """


@fault.command(
    "add",
    epilog=format_examples(
        "session-mock admin fault add status status=503 page=3 times=2",
        """session-mock admin fault add '{"kind": "latency", "seconds": 1}'""",
    ),
)
@click.argument("texts", nargs=-1, required=True, metavar="KIND [ARG=VALUE]... | JSON...")
@with_client(_print_faults)
def add_faults(client: AdminClient, *, tenant: str, texts: tuple[str, ...]) -> list[Fault]:
    """Add one or more faults.

    Write either a KIND with its arguments and conditions, whose values may be JSON, or JSON objects, one per
    fault. `session-mock admin fault kinds` lists kinds, arguments and conditions. If one fault is invalid,
    none is added.
    """
    return client.add_faults(*_parse_faults(texts), tenant=tenant)


@fault.command("list")
@with_client(_print_faults)
def list_faults(client: AdminClient, *, tenant: str) -> list[Fault]:
    """List the faults of a tenant with their counters.

    "matched" counts the exchanges that met the conditions, "triggered" those for which the fault ran, and
    "effective" those in which it changed the response or the expected rows.
    """
    return client.faults(tenant)


@fault.command("show", epilog=format_examples("session-mock admin fault show 1"))
@click.argument("number", metavar="ID")
@with_client(_print_fault)
def show_fault(client: AdminClient, *, tenant: str, number: str) -> Fault:
    """Show one fault with its counters."""
    return client.fault(number, tenant)


@fault.command(
    "remove",
    epilog=format_examples("session-mock admin fault remove 1", "session-mock admin fault remove --all"),
)
@click.argument("number", required=False, metavar="[ID]")
@click.option("--all", "all_", is_flag=True, help="Remove all faults of the tenant.")
@with_client()
def remove_faults(client: AdminClient, *, tenant: str, number: str | None, all_: bool) -> None:
    """Remove one fault, or all."""
    if (number is not None) == all_:
        raise click.UsageError(
            "expected either the ID of a fault or --all; `session-mock admin fault list` shows the ids"
        )
    client.remove_faults(number, tenant)


@fault.command("kinds")
@with_client(_print_kinds, tenant=False)
def list_kinds(client: AdminClient) -> FaultKinds:
    """List the kinds of faults with their arguments and conditions."""
    return client.fault_kinds()
