"""The admin API's faults."""

from inspect import cleandoc
from typing import Any

from mockserver.admin_schemas import FaultKind, FaultKinds
from mockserver.server.admin.problem_details import Problem, suggest
from mockserver.server.admin.routing import Created, HandlerContext
from mockserver.server.faults.base import Fault
from mockserver.server.faults.describe import arguments
from mockserver.server.faults.registry import ActiveFault, kinds, read


def list_fault_kinds(call: HandlerContext) -> FaultKinds:  # noqa: ARG001 -- every handler takes the call
    """List the kinds of faults, each with its arguments and an example that can be active as it stands."""
    told = [
        FaultKind(
            kind=kind,
            description=cleandoc(model.__doc__ or ""),
            arguments=arguments(model),
            example=model.EXAMPLE,
        )
        for kind, model in kinds().items()
    ]
    return FaultKinds(conditions=arguments(Fault), kinds=told)


def list_faults(call: HandlerContext) -> list[dict[str, Any]]:
    """List a tenant's faults in the order in which they were active."""
    return [active.described() for active in call.tenant.faults.active]


def add_faults(
    call: HandlerContext, body: dict[str, Any] | list[dict[str, Any]]
) -> Created[dict[str, Any] | list[dict[str, Any]]]:
    """Add a fault, or a list of them, all or none; what was one is answered as one."""
    tenant = call.tenant
    told = [active.described() for active in tenant.faults.add(read(body))]
    location = f"/tenants/{call.quoted}/faults"
    return (
        Created(told, location) if isinstance(body, list) else Created(told[0], f"{location}/{told[0]['id']}")
    )


def remove_faults(call: HandlerContext) -> None:
    """Remove all faults of a tenant."""
    call.tenant.faults.clear()


def get_fault(call: HandlerContext) -> dict[str, Any]:
    """Tell a fault with how often it triggered, and how often it still will."""
    return _armed(call).described()


def remove_fault(call: HandlerContext) -> None:
    """Remove a fault."""
    call.tenant.faults.remove(_armed(call).number)


def _armed(call: HandlerContext) -> ActiveFault:
    known = {str(active.number): active for active in call.tenant.faults.active}
    number = call.path["number"]
    if number not in known:
        raise Problem(
            "unknown-fault",
            f"there is no fault {number!r} of tenant {call.tenant.name!r}; {suggest(number, known)}",
        )
    return known[number]
