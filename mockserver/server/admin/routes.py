"""All routes of the admin API."""

from typing import Final

from mockserver.server.admin.handlers import (
    clocks,
    expected,
    faults,
    journals,
    limits,
    server,
    tenants,
    worlds,
)
from mockserver.server.admin.routing import Route

_TENANT = "/tenants/{id}"

ROUTES: Final = (
    Route("GET", "/health", server.get_health),
    Route("GET", "/version", server.get_version),
    Route("GET", "/openapi.json", server.get_openapi),
    Route("GET", "/faults", faults.list_fault_kinds),
    Route("GET", "/journal", journals.list_unmatched_exchanges),
    Route("DELETE", "/journal", journals.clear_unmatched_exchanges, 204),
    Route("GET", "/tenants", tenants.list_tenants),
    Route("POST", "/tenants", tenants.create_tenant, 201),
    Route("GET", _TENANT, tenants.get_tenant),
    Route("DELETE", _TENANT, tenants.delete_tenant, 204),
    Route("GET", _TENANT + "/snapshot", tenants.get_snapshot),
    Route("POST", _TENANT + "/reset", tenants.reset_tenant, 204),
    Route("GET", _TENANT + "/world", worlds.get_world),
    Route("PUT", _TENANT + "/world", worlds.replace_world),
    Route("GET", _TENANT + "/world/session", worlds.get_session),
    Route("POST", _TENANT + "/world/sessions", worlds.add_session, 201),
    Route("GET", _TENANT + "/clock", clocks.get_clock),
    Route("PUT", _TENANT + "/clock", clocks.update_clock),
    Route("GET", _TENANT + "/faults", faults.list_faults),
    Route("POST", _TENANT + "/faults", faults.add_faults, 201),
    Route("DELETE", _TENANT + "/faults", faults.remove_faults, 204),
    Route("GET", _TENANT + "/faults/{number}", faults.get_fault),
    Route("DELETE", _TENANT + "/faults/{number}", faults.remove_fault, 204),
    Route("GET", _TENANT + "/limits", limits.list_limits),
    Route("PATCH", _TENANT + "/limits", limits.update_limits),
    Route("GET", _TENANT + "/behaviors", tenants.get_behaviors),
    Route("PATCH", _TENANT + "/behaviors", tenants.set_behaviors),
    Route("GET", _TENANT + "/journal", journals.list_exchanges),
    Route("DELETE", _TENANT + "/journal", journals.clear_journal, 204),
    Route("GET", _TENANT + "/journal/count", journals.count_exchanges),
    Route("GET", _TENANT + "/journal/findings", journals.list_findings),
    Route("POST", _TENANT + "/journal/trace", journals.trace_rows),
    Route("GET", _TENANT + "/journal/{number}", journals.get_exchange),
    Route("GET", _TENANT + "/verification", journals.verify_tenant),
    Route("GET", _TENANT + "/lists", expected.list_begun_lists),
    Route("GET", _TENANT + "/coverage", expected.get_coverage),
    Route("GET", _TENANT + "/expected", expected.get_expected_rows),
    Route("POST", _TENANT + "/expected", expected.query_expected_rows),
)
