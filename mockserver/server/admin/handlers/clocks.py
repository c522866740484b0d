"""Clocks of tenants."""

from mockserver._util.clock import Clock
from mockserver.admin_schemas.clocks import ClockChange, ClockState
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.clock_changes import apply_clock_change
from mockserver.world.model.spec import format_instant


def get_clock(context: HandlerContext) -> ClockState:
    """Return the time and the mode of a tenant's clock."""
    return _describe(context.tenant.clock)


def update_clock(context: HandlerContext, body: ClockChange) -> ClockState:
    """Freeze, set, advance or reset a tenant's clock, set its rate, or let it follow the system time."""
    clock = context.tenant.clock
    apply_clock_change(clock, body)
    return _describe(clock)


def _describe(clock: Clock) -> ClockState:
    return ClockState(
        now=format_instant(clock.now()),
        rate=clock.rate,
        mode="frozen" if clock.frozen else "system" if clock.uses_system_time else "running",
    )
