"""Run a request through the active faults of its tenant.

The decision depends on the request and on how often the fault matched before, never on a clock or on a shared
random stream. The same requests therefore trigger the same faults in every run.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from multidict import CIMultiDict

from mockserver.contract.errors import ApiError
from mockserver.server.faults.base import Fault, FaultContext, WireFault
from mockserver.server.http.response import Response
from mockserver.server.tenancy.active_faults import ActiveFault, WorldChange
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.world.world import World

if TYPE_CHECKING:
    from mockserver.server.requests.parser import ParsedRequest

_UNKNOWN: Final = Response(status=0, headers=CIMultiDict())
"""A vendor's response that was not computed; it differs from all that were sent."""
_MAX_UNSEEN: Final = 16
"""Maximum number of changes of the world that further requests are compared with; the oldest are dropped."""


def run_faults(context: FaultContext) -> tuple[Response, list[ActiveFault[Fault]]]:
    """Return the response after all faults that the request triggers, and these faults.

    Changes of the world come first. Faults nest in the order in which they were added, the first one
    outermost; wire faults are outside of all others.
    """
    tenant = context.tenant
    requested = context.request
    triggered = [active for active in tenant.faults.active if _triggers(active, context)]
    if triggered:
        tenant.world_history.record(WorldSnapshot(tenant.world, context.now))
        for active in triggered:
            _change_world(active, context)
    tenant.world_history.start_list(context.request.started_list, WorldSnapshot(tenant.world, context.now))
    outermost_first = sorted(triggered, key=lambda active: not isinstance(active.fault, WireFault))
    answers: dict[Any, Response] = {}

    def respond() -> Response:
        answers[_place(context)] = response = context.respond()
        return response

    response = _nest(context, outermost_first, respond)
    if triggered:
        answered = context.request
        for active in _select_effective(context, outermost_first, response, requested, answers):
            _count_effect(active, context.effective)
        _record_row_edits(context, outermost_first, requested)
        context.request = answered
    if tenant.faults.unseen and requested.error is None and requested.principal is not None:
        _find_visible_changes(context, requested)
    return response, triggered


def _select_effective(
    context: FaultContext,
    outermost_first: Sequence[ActiveFault[Fault]],
    response: Response,
    requested: "ParsedRequest",
    answers: Mapping[Any, Response],
) -> Sequence[ActiveFault[Fault]]:
    """Return the faults without one of which the client would get a response that it can tell apart.

    Of two faults with the same effect, the inner one is effective. *answers* are the vendor's responses by
    page and size; no other is computed, because a request must not record its data twice.
    """
    visible = response.visible_to(context.raw.method)
    effective = outermost_first
    for active in outermost_first:
        others = [other for other in effective if other is not active]
        context.request = requested
        without = _nest(context, others, lambda: answers.get(_place(context), _UNKNOWN))
        if without.visible_to(context.raw.method) == visible:
            effective = others
    return effective


def _place(context: FaultContext) -> tuple[Any, Any]:
    """Return what a fault may change in a request: its page, and the number of rows on it."""
    return context.request.page, context.request.page_size


def _nest(
    context: FaultContext, outermost_first: Sequence[ActiveFault[Fault]], respond: Callable[[], Response]
) -> Response:
    """Return the response after the given faults; *respond* returns the vendor's."""
    response: Response | None = None
    entered: list[ActiveFault[Fault]] = []
    for active in outermost_first:
        entered.append(active)
        response = active.fault.before_response(context.for_fault(active.number))
        if response is not None:
            break
    if response is None:
        response = respond()
    for active in reversed(entered):
        if isinstance(active.fault, WireFault):
            response = context.encode(response)
        response = active.fault.after_response(context.for_fault(active.number), response)
    response = context.encode(response)
    if response.delivery.end == "stall" and response.is_complete(context.raw.method):
        # The client would wait for nothing, and its next request on the connection would never be read.
        response = response.with_delivery(end="complete")
    return response


def _record_row_edits(
    context: FaultContext, outermost_first: Sequence[ActiveFault[Fault]], requested: "ParsedRequest"
) -> None:
    """Remember how effective faults changed the rows of the response, for its list."""
    context.row_edits = tuple(
        edit
        for active in reversed(outermost_first)
        if active.label in context.effective
        for edit in [active.fault.row_edit(context.for_fault(active.number))]
        if edit is not None
    )
    if context.row_edits:
        context.tenant.world_history.record_row_edits(requested.list_key, context.row_edits)


def _change_world(active: ActiveFault[Fault], context: FaultContext) -> None:
    """Let a fault change the world, and remember the change until a list shows it."""
    before = context.tenant.world
    numbers = tuple(active.fault.change_world(context.for_fault(active.number)))
    if numbers:
        after = context.tenant.world
        unseen = context.tenant.faults.unseen
        unseen.append(WorldChange(active, context.effective, before, after, context.request.site, numbers))
        del unseen[:-_MAX_UNSEEN]


def _find_visible_changes(context: FaultContext, request: "ParsedRequest") -> None:
    """Count the changes of the world that the requested list shows, on this page or on another one."""
    first = request.with_page(request.endpoint.pagination.first)
    faults = context.tenant.faults
    for change in [*faults.unseen]:
        if change.after.spec == context.tenant.world.spec and _is_visible(change, context, first):
            faults.unseen.remove(change)
            _count_effect(change.active, change.effective)


def _is_visible(change: WorldChange, context: FaultContext, request: "ParsedRequest") -> bool:
    """Return whether the response differs between the worlds before and after a change.

    Without other sessions, the changed one is on the first page, however long the list is.
    """

    def respond(world: World, number: int) -> Any:
        only = world.replace_site(world.sites[change.site].with_only(number))
        try:
            view_request = request.view_request(context.tenant, context.now, only)
            return request.vendor.respond(request.endpoint, view_request).body
        except ApiError as error:
            return error.refusal

    return any(respond(change.before, number) != respond(change.after, number) for number in change.numbers)


def _count_effect(active: ActiveFault[Fault], effective: list[str]) -> None:
    """Count an exchange that a fault changed, once."""
    if active.label not in effective:
        effective.append(active.label)
        active.effective += 1


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
