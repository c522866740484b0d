"""Tenants and their behaviors."""

from itertools import count
from urllib.parse import quote

from msgspec import to_builtins

from mockserver.admin_schemas.tenants import NewTenant, TenantAccess
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.admin.routing import Created, HandlerContext
from mockserver.server.configuration.config import DEFAULT_TENANT, TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.faults import registry as faults
from mockserver.server.provisioning.snapshots import Snapshot, take_snapshot
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenants
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.world.model.hashing import key

_SEEDS = 1 << 31


def list_tenants(context: HandlerContext) -> list[TenantAccess]:
    """List all tenants with URLs, credentials, sites and segments."""
    return [context.addresses.describe(tenant) for tenant in context.tenants.by_name.values()]


def create_tenant(context: HandlerContext, body: NewTenant) -> Created[TenantAccess]:
    """Create a tenant with a world, a clock and credentials for every vendor; `{}` takes all defaults."""
    number = context.tenants.last_number if body.name is not None else _next_number(context.tenants)
    name = body.name if body.name is not None else _format_name(number)
    if name in context.tenants.by_name:
        remedy = "" if name == DEFAULT_TENANT else "delete it first, or "
        detail = f"tenant {name!r} already exists; {remedy}use another name, or none"
        raise ProblemError("conflict", detail)
    world = {"seed": key(0, "created", name) % _SEEDS, **to_builtins(body.world)}
    config = TenantConfig(
        world=world,
        profile=body.profile,
        now=body.now,
        dialect=body.dialect,
        behaviors=body.behaviors,
        credentials=body.credentials,
        limits={**body.limits},
        clock=body.clock,
    )
    active = faults.read(body.faults)
    tenant = make_tenant(name, config, one_client=body.one_client)
    tenant.faults.add(active)
    tenant.watchdog = Watchdog(body.stall_timeout, body.loop_limit)
    try:
        context.tenants.add(tenant)
    except TenantError as error:
        raise ProblemError("conflict", f"{error}; use other credentials, or delete that tenant") from None
    context.tenants.last_number = number  # Only now: a rejected request uses up no number.
    return Created(context.addresses.describe(tenant), f"/tenants/{quote(name, safe='')}")


def _next_number(tenants: Tenants) -> int:
    """Return a number that no tenant ever had: late requests of a deleted tenant must not reach another."""
    return next(
        number for number in count(tenants.last_number + 1) if _format_name(number) not in tenants.by_name
    )


def _format_name(number: int) -> str:
    return f"tenant-{number}"


def get_tenant(context: HandlerContext) -> TenantAccess:
    """Return URLs, credentials, sites and segments of a tenant."""
    return context.addresses.describe(context.tenant)


def get_snapshot(context: HandlerContext) -> Snapshot:
    """Return the complete state of a tenant, from which `serve --restore` continues.

    It has credentials that were set, unmasked.
    """
    return take_snapshot(context.tenant)


def delete_tenant(context: HandlerContext) -> None:
    """Delete a tenant; the default tenant cannot be deleted.

    Late requests with its credentials get an error that names the deleted tenant.
    """
    if context.tenant.name == DEFAULT_TENANT:
        raise ProblemError(
            "conflict",
            "the default tenant cannot be deleted;"
            f" POST {PREFIX}/tenants/{DEFAULT_TENANT}/reset restores its initial state",
        )
    context.tenants.delete(context.tenant)


def reset_tenant(context: HandlerContext) -> None:
    """Reset world, clock, behaviors and limits of a tenant, remove its faults and clear its journal."""
    context.tenants.reset(context.tenant)


def get_behaviors(context: HandlerContext) -> dict[str, str | int]:
    """Return the value of each behavior."""
    return context.tenant.settings.all_behaviors()


def set_behaviors(context: HandlerContext, body: dict[str, str | int]) -> dict[str, str | int]:
    """Set behaviors by name and return all; if one is invalid, none is set."""
    tenant = context.tenant
    context.tenants.replace_settings(tenant, tenant.settings.with_behaviors(body))
    return tenant.settings.all_behaviors()
