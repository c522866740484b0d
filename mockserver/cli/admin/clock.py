"""``session-mock admin clock``."""

import click

from mockserver.admin_schemas.clocks import ClockState
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo
from mockserver.cli.params import format_examples, parse_json_or_text
from mockserver.client.client import AdminClient


def _print_clock(state: ClockState) -> None:
    rate = f" at rate {state.rate:g}" if state.mode == "running" else ""
    echo(f"{state.now} {state.mode}{rate}")


@click.group(cls=SuggestingGroup)
def clock() -> None:
    """Show or change the clock of a tenant.

    The clock decides which sessions have started, what "the last 24 hours" are, and when rate limits and
    Retry-After end. INSTANT is an ISO 8601 time, UTC unless it has an offset, or Unix milliseconds. Each
    command prints the new state.
    """


@clock.command("show")
@with_client(_print_clock)
def show_clock(client: AdminClient, *, tenant: str) -> ClockState:
    """Show the time of a tenant's clock, and whether it is frozen."""
    return client.clock(tenant)


@clock.command("freeze", epilog=format_examples("session-mock admin clock freeze 2026-09-15T12:00:00Z"))
@click.argument("instant", required=False)
@with_client(_print_clock)
def freeze_clock(client: AdminClient, *, tenant: str, instant: str | None) -> ClockState:
    """Freeze the clock at INSTANT, by default at its current time."""
    return client.freeze_clock(None if instant is None else parse_json_or_text(instant), tenant)


@clock.command("set", epilog=format_examples("session-mock admin clock set 2026-09-15T12:59:00+02:00"))
@click.argument("instant")
@with_client(_print_clock)
def set_clock(client: AdminClient, *, tenant: str, instant: str) -> ClockState:
    """Set the clock to INSTANT; a frozen clock stays frozen, a running one keeps running."""
    return client.set_clock(parse_json_or_text(instant), tenant)


@clock.command("advance", epilog=format_examples("session-mock admin clock advance 1d12h"))
@click.argument("duration")
@with_client(_print_clock)
def advance_clock(client: AdminClient, *, tenant: str, duration: str) -> ClockState:
    """Move the clock forward by DURATION: 1h, 90s, 1d12h, or a number of seconds."""
    return client.advance_clock(parse_json_or_text(duration), tenant)


@clock.command("rate", epilog=format_examples("session-mock admin clock rate 60"))
@click.argument("rate", type=float)
@with_client(_print_clock)
def set_rate(client: AdminClient, *, tenant: str, rate: float) -> ClockState:
    """Let the clock run RATE times as fast as real time; 60 is one hour per minute."""
    return client.set_clock_rate(rate, tenant)


@clock.command("system")
@with_client(_print_clock)
def use_system_time(client: AdminClient, *, tenant: str) -> ClockState:
    """Let the clock follow the time of the server's computer."""
    return client.use_system_time(tenant)


@clock.command("reset")
@with_client(_print_clock)
def reset_clock(client: AdminClient, *, tenant: str) -> ClockState:
    """Reset the clock to its initial state."""
    return client.reset_clock(tenant)
