"""``session-mock admin faults``, ``fault``, ``fault-kinds`` and ``disarm``."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from msgspec import DecodeError, json

from mockserver.cli.admin.steer import steering, table
from mockserver.cli.output import echo
from mockserver.cli.words import values
from mockserver.client.sync import AdminClient, Fault
from mockserver.steering import FaultArgument, FaultKinds

_COUNTS = ("id", "kind", "matched", "struck", "remaining")
_ALWAYS = {"fields": {}, "after": 0, "probability": 1}
"""Conditions that always hold."""


def read_fault(text: str, where: str) -> Any:
    """Read a fault that is written as JSON; raises a usage error for what is none."""
    try:
        return json.decode(text)
    except DecodeError as error:
        raise click.BadParameter(f"{text!r}: {error}; write a fault such as " + '\'{"kind": "status"}\'', param_hint=where) from None


def _faults(words: Sequence[str]) -> list[Any]:
    """The faults that words mean: each is JSON, or the first is a kind and the others are its arguments."""
    if not words[0].startswith(("{", "[")):
        return [{"kind": words[0], **values(words[1:], "ARG=VALUE")}]
    found = [read_fault(word, "JSON") for word in words]
    return [fault for each in found for fault in (each if isinstance(each, list) else [each])]


def _row(fault: Fault) -> tuple[Any, ...]:
    own = " ".join(
        f"{name}={json.encode(value).decode()}" for name, value in fault.items() if name not in _COUNTS and _ALWAYS.get(name) != value
    )
    left = "any number" if fault["remaining"] is None else fault["remaining"]
    return fault["id"], fault["kind"], fault["matched"], fault["struck"], left, own


def _show(told: Fault | list[Fault]) -> None:
    table(("id", "kind", "matched", "struck", "remaining", "arguments"), map(_row, told if isinstance(told, list) else [told]))


def _argument_rows(kind: str, arguments: Iterable[FaultArgument]) -> list[tuple[str, ...]]:
    return [(kind if number == 0 else "", each.name, each.type, each.default, each.says) for number, each in enumerate(arguments)]


def _show_kinds(told: FaultKinds) -> None:
    for kind in told.kinds:
        echo(kind.kind, bold=True)
        echo(f"{kind.says}\nExample: {json.encode(kind.example).decode()}\n")
    rows = [row for kind in told.kinds for row in _argument_rows(kind.kind, kind.arguments)]
    table(("kind", "argument", "type", "default", ""), [*rows, *_argument_rows("(every kind)", told.conditions)])


@click.command()
@click.argument("number", required=False)
@steering(_show)
def faults(admin: AdminClient, *, tenant: str, number: str | None) -> Fault | list[Fault]:
    """List a tenant's faults with what has come of them, or tell one."""
    return admin.faults(tenant) if number is None else admin.fault(number, tenant)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="KIND [ARG=VALUE]... | JSON...")
@steering(_show)
def fault(admin: AdminClient, *, tenant: str, words: tuple[str, ...]) -> list[Fault]:
    """Arm a fault, or several.

    Either a kind that `session-mock admin fault-kinds` lists, with its arguments and conditions, whose values may be JSON:

    \b
    session-mock admin fault status status=503 page=3 times=2

    or each fault, or a list of them, as JSON. All are armed, or none.
    """  # noqa: D301 -- click's mark, of a line that stays as it is
    return admin.arm(*_faults(words), tenant=tenant)


@click.command()
@steering(_show_kinds, tenant=False)
def fault_kinds(admin: AdminClient) -> FaultKinds:
    """List the kinds of faults with their arguments."""
    return admin.fault_kinds()


@click.command()
@click.argument("number", required=False)
@click.option("--all", "every", is_flag=True, help="Disarm all.")
@steering()
def disarm(admin: AdminClient, *, tenant: str, number: str | None, every: bool) -> None:
    """Disarm a fault, or all."""
    if (number is not None) == every:
        raise click.UsageError("say which: the NUMBER that `session-mock admin faults` lists, or --all")
    admin.disarm(number, tenant)
