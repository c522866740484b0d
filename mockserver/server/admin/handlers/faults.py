"""Faults of tenants."""

from inspect import cleandoc
from typing import Any

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.faults import FaultKind, FaultKinds
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.admin.routing import Created, HandlerContext
from mockserver.server.faults.base import Fault
from mockserver.server.faults.describe import arguments
from mockserver.server.faults.registry import kinds, read
from mockserver.server.tenancy.active_faults import ActiveFault


def list_fault_kinds(context: HandlerContext) -> FaultKinds:  # noqa: ARG001 -- every handler gets the context
    """List the kinds of faults, each with its arguments and an example."""
    fault_kinds = [
        FaultKind(
            kind=kind,
            description=cleandoc(model.__doc__ or ""),
            arguments=arguments(model),
            example=model.EXAMPLE,
        )
        for kind, model in kinds().items()
    ]
    return FaultKinds(conditions=arguments(Fault), kinds=fault_kinds)


def list_faults(context: HandlerContext) -> list[dict[str, Any]]:
    """List a tenant's faults in the order in which they were added."""
    return [active.describe() for active in context.tenant.faults.active]


def add_faults(
    context: HandlerContext, body: dict[str, Any] | list[dict[str, Any]]
) -> Created[dict[str, Any] | list[dict[str, Any]]]:
    """Add one fault, or a list of faults; if one is invalid, none is added.

    A single fault returns a single object.
    """
    tenant = context.tenant
    added = [active.describe() for active in tenant.faults.add(read(body))]
    location = f"/tenants/{context.quoted_id}/faults"
    if isinstance(body, list):
        return Created(added, location)
    return Created(added[0], f"{location}/{added[0]['id']}")


def remove_faults(context: HandlerContext) -> None:
    """Remove all faults of a tenant."""
    context.tenant.faults.clear()


def get_fault(context: HandlerContext) -> dict[str, Any]:
    """Return a fault with its counters: matched, triggered, effective and remaining."""
    return _find_fault(context).describe()


def remove_fault(context: HandlerContext) -> None:
    """Remove a fault."""
    context.tenant.faults.remove(_find_fault(context).number)


def _find_fault(context: HandlerContext) -> ActiveFault[Fault]:
    known = {str(active.number): active for active in context.tenant.faults.active}
    number = context.path["number"]
    if number not in known:
        raise ProblemError(
            "unknown-fault",
            f"tenant {context.tenant.name!r} has no fault {number!r}; {suggest(number, known)}",
        )
    return known[number]
