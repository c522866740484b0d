"""Every route of the admin API."""

from typing import Final

from mockserver.server.admin.handlers import clocks, expected, faults, journals, limits, server, tenants, worlds
from mockserver.server.admin.routing import Route

_TENANT = "/tenants/{id}"

ROUTES: Final = (
    Route("GET", "/health", server.health),
    Route("GET", "/version", server.version),
    Route("GET", "/openapi.json", server.openapi),
    Route("GET", "/faults", faults.list_fault_kinds),
    Route("GET", "/journal", journals.read_unclaimed),
    Route("GET", "/tenants", tenants.list_tenants),
    Route("POST", "/tenants", tenants.mint_tenant, 201),
    Route("GET", _TENANT, tenants.get_tenant),
    Route("DELETE", _TENANT, tenants.drop_tenant, 204),
    Route("POST", _TENANT + "/reset", tenants.reset_tenant, 204),
    Route("GET", _TENANT + "/world", worlds.get_world),
    Route("PUT", _TENANT + "/world", worlds.put_world),
    Route("GET", _TENANT + "/world/session", worlds.get_session),
    Route("GET", _TENANT + "/clock", clocks.get_clock),
    Route("PUT", _TENANT + "/clock", clocks.change_clock),
    Route("GET", _TENANT + "/faults", faults.list_faults),
    Route("POST", _TENANT + "/faults", faults.arm_faults, 201),
    Route("DELETE", _TENANT + "/faults", faults.disarm_faults, 204),
    Route("GET", _TENANT + "/faults/{number}", faults.get_fault),
    Route("DELETE", _TENANT + "/faults/{number}", faults.disarm_fault, 204),
    Route("GET", _TENANT + "/limits", limits.get_limits),
    Route("PATCH", _TENANT + "/limits", limits.change_limits),
    Route("GET", _TENANT + "/choices", tenants.get_choices),
    Route("PATCH", _TENANT + "/choices", tenants.change_choices),
    Route("GET", _TENANT + "/journal", journals.read_journal),
    Route("DELETE", _TENANT + "/journal", journals.clear_journal, 204),
    Route("GET", _TENANT + "/journal/count", journals.count_exchanges),
    Route("GET", _TENANT + "/journal/findings", journals.list_findings),
    Route("POST", _TENANT + "/journal/carriers", journals.find_carriers),
    Route("GET", _TENANT + "/journal/{number}", journals.get_exchange),
    Route("GET", _TENANT + "/verdict", journals.get_verdict),
    Route("GET", _TENANT + "/truth", expected.get_truth),
    Route("POST", _TENANT + "/truth", expected.ask_truth),
)
