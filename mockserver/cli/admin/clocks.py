"""``session-mock admin clock``."""

from typing import Final, get_args

import click
from msgspec import structs

from mockserver.cli.admin.steer import steering
from mockserver.cli.output import echo
from mockserver.cli.words import value as read
from mockserver.client.sync import AdminClient
from mockserver.steering import ClockChange, ClockState

_CHANGES: Final[dict[str, type[ClockChange]]] = {change.__struct_config__.tag: change for change in get_args(ClockChange)}

_VALUES: Final = {"now": "INSTANT", "seconds": "DURATION", "rate": "RATE"}


def _change(action: str, value: str | None) -> ClockChange:
    """The change that an action and its value mean; raises a usage error where a value is missing or too much."""
    fields = structs.fields(_CHANGES[action])
    if value is not None and not fields:
        raise click.UsageError(f"{action} takes no value, such as {value!r}")
    if value is None and any(field.required for field in fields):
        raise click.UsageError(f"{action} needs a value: {action} {_VALUES[fields[0].name]}")
    return _CHANGES[action](**({} if value is None else {fields[0].name: read(value)}))


def _show(told: ClockState) -> None:
    echo(f"{told.now} {told.mode}" + (f" at a rate of {told.rate:g}" if told.mode == "running" else ""))


@click.command()
@click.argument("action", type=click.Choice(list(_CHANGES)), required=False, metavar="[ACTION]")
@click.argument("value", required=False)
@steering(_show)
def clock(admin: AdminClient, *, tenant: str, action: str | None, value: str | None) -> ClockState:
    """Tell what time it is for a tenant, or change its clock.

    \b
    freeze [INSTANT]   stand still, at an instant or where it is
    set INSTANT        be at an instant, and stand or run as before
    advance DURATION   be so much later: 1h, 90s, 1d12h, or a number of seconds
    scale RATE         run from here on at a rate: 60 is an hour a minute
    follow             be the system's clock
    reset              be as at first

    INSTANT is ISO 8601, UTC where it names no offset, or Unix milliseconds.
    """  # noqa: D301 -- click's mark, of lines that stay as they are
    return admin.clock(tenant) if action is None else admin.turn(_change(action, value), tenant)
