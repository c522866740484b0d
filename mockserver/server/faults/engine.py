"""Run a request through the active faults of its tenant.

The decision depends on the request and on how often the fault matched before, never on a clock or on a shared
random stream. The same requests therefore trigger the same faults in every run.
"""

from mockserver.server.faults.base import Fault, FaultContext, WireFault
from mockserver.server.http.response import Response
from mockserver.server.tenancy.active_faults import ActiveFault
from mockserver.server.tenancy.world_history import WorldSnapshot


def run_faults(context: FaultContext) -> tuple[Response, list[ActiveFault[Fault]]]:
    """Return the response after all faults that the request triggers, and these faults.

    Changes of the world come first. Faults nest in the order in which they were added, the first one
    outermost; wire faults are outside of all others.
    """
    tenant = context.tenant
    triggered = [active for active in tenant.faults.active if _triggers(active, context)]
    if triggered:
        tenant.world_history.record(WorldSnapshot(tenant.world, context.now))
        for active in triggered:
            active.fault.change_world(context.for_fault(active.number))
    tenant.world_history.start_list(context.request.started_list, WorldSnapshot(tenant.world, context.now))
    outermost_first = sorted(triggered, key=lambda active: not isinstance(active.fault, WireFault))
    response: Response | None = None
    entered: list[ActiveFault[Fault]] = []
    for active in outermost_first:
        entered.append(active)
        response = active.fault.before_response(context.for_fault(active.number))
        if response is not None:
            break
    if response is None:
        response = context.respond()
    for active in reversed(entered):
        response = active.fault.after_response(context.for_fault(active.number), response)
    if response.delivery.end == "stall" and response.is_complete(context.raw.method):
        # The client would wait for nothing, and its next request on the connection would never be read.
        response = response.with_delivery(end="complete")
    return response, triggered


def _triggers(active: ActiveFault[Fault], context: FaultContext) -> bool:
    """Return whether the request triggers a fault, and count the match and the trigger."""
    fault = active.fault
    if active.triggered == fault.times or not fault.matches(context):
        return False
    active.matched += 1
    attempt = active.count_attempt(context.request_key)
    if active.matched <= fault.after or fault.nth not in (None, active.matched):
        return False
    if fault.probability < 1 and context.chance(active.number, attempt, "trigger") >= fault.probability:
        return False
    active.triggered += 1
    context.attempts[active.number] = attempt
    context.triggers[active.number] = active.triggered
    return True
