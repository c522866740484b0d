"""Rybbit: the list of sessions, one session with its events, and the number of sessions by place."""

from mockserver.vendors.base import Vendor, with_dialects
from mockserver.vendors.rybbit.contract import CONTRACT
from mockserver.vendors.rybbit.dialects import server_2025, server_2026_07, server_2026_09
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.identifiers import build_identifiers
from mockserver.vendors.rybbit.views import build_views

VENDOR = with_dialects(
    Vendor(CONTRACT, build_identifiers, build_views(DialectBehavior())),
    Vendor(server_2025.CONTRACT, build_identifiers, build_views(server_2025.BEHAVIOR)),
    Vendor(server_2026_07.CONTRACT, build_identifiers, build_views(server_2026_07.BEHAVIOR)),
    Vendor(server_2026_09.CONTRACT, build_identifiers, build_views(server_2026_09.BEHAVIOR)),
    observed="server-2026-09",
)
