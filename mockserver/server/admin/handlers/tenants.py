"""The admin API's tenants, their behaviors, and their reset."""

from itertools import count
from urllib.parse import quote

from msgspec import to_builtins

from mockserver.admin_schemas import NewTenant, TenantAccess
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.handlers.clocks import turn
from mockserver.server.admin.problem_details import Problem
from mockserver.server.admin.routing import Created, HandlerContext
from mockserver.server.faults import registry as faults
from mockserver.server.tenancy.config import DEFAULT_TENANT, TenantConfig, make_tenant
from mockserver.server.tenancy.tenant import TenantError, Tenants
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.world.model.hashing import key

_SEEDS = 1 << 31


def list_tenants(call: HandlerContext) -> list[TenantAccess]:
    """List all tenants, each as its clients need to know it."""
    return [call.addresses.described(tenant) for tenant in call.tenants.by_name.values()]


def create_tenant(call: HandlerContext, body: NewTenant) -> Created[TenantAccess]:
    """Create a tenant: a world, a clock, and credentials for every vendor; `{}` takes all defaults."""
    number = call.tenants.named if body.name is not None else _made_up(call.tenants)
    name = body.name if body.name is not None else _name(number)
    if name in call.tenants.by_name:
        first = "" if name == DEFAULT_TENANT else "delete it first, or "
        raise Problem(
            "conflict",
            f"there is a tenant {name!r} already; {first}create one under another name, or without one",
        )
    world = {"seed": key(0, "created", name) % _SEEDS, **to_builtins(body.world)}
    own = {name: getattr(body, name) for name in ("profile", "now", "dialect", "behaviors", "credentials")}
    config = TenantConfig(world=world, **own)
    active, tenant = faults.read(body.faults), make_tenant(name, config)
    if body.clock is not None:
        turn(tenant.clock, body.clock)
    tenant.faults.add(active)
    tenant.watchdog = Watchdog(body.stall_timeout, body.loop_limit)
    try:
        call.tenants.add(tenant)
    except TenantError as error:
        raise Problem("conflict", f"{error}; choose other credentials, or delete that tenant") from None
    call.tenants.named = number  # A request that was refused has taken none.
    return Created(call.addresses.described(tenant), f"/tenants/{quote(name, safe='')}")


def _made_up(tenants: Tenants) -> int:
    """The number of a name that no tenant has had: a late request of a deleted one must not meet another's world."""
    return next(number for number in count(tenants.named + 1) if _name(number) not in tenants.by_name)


def _name(number: int) -> str:
    return f"tenant-{number}"


def get_tenant(call: HandlerContext) -> TenantAccess:
    """Tell what clients need to know of a tenant: URLs, credentials, sites and segments."""
    return call.addresses.described(call.tenant)


def delete_tenant(call: HandlerContext) -> None:
    """Serve a tenant no longer; late requests under its credentials are refused, and told why. The default one is served to the end."""
    if call.tenant.name == DEFAULT_TENANT:
        detail = f"the default tenant is served as long as its server is; POST {PREFIX}/tenants/{DEFAULT_TENANT}/reset makes it be as at first"
        raise Problem("conflict", detail)
    call.tenants.delete(call.tenant)


def reset_tenant(call: HandlerContext) -> None:
    """Make a tenant be as at first: world, clock, behaviors and limits; no faults, an empty journal."""
    tenant = call.tenant
    call.tenants.change(tenant, tenant.reset)


def get_behaviors(call: HandlerContext) -> dict[str, str | int]:
    """Tell the setting of every behavior."""
    return call.tenant.all_behaviors()


def change_behaviors(call: HandlerContext, body: dict[str, str | int]) -> dict[str, str | int]:
    """Change some behaviors, all or none, and tell the setting of every one."""
    call.tenant.set_behaviors(body)
    call.tenants.changed()
    return call.tenant.all_behaviors()
