"""Rybbit: the list of sessions, one session with its events, and the number of sessions by place."""

from mockserver.vendors.base import Vendor, with_dialects
from mockserver.vendors.rybbit.contract import CONTRACT
from mockserver.vendors.rybbit.dialects import server_2025, server_2026_07, server_2026_09
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.identifiers import build_identifiers
from mockserver.vendors.rybbit.row_format import build_row_formats
from mockserver.vendors.rybbit.views import build_views

VENDOR = with_dialects(
    *(
        Vendor(contract, build_identifiers, build_views(behavior), build_row_formats(behavior.extra_columns))
        for contract, behavior in (
            (CONTRACT, DialectBehavior()),
            (server_2025.CONTRACT, server_2025.BEHAVIOR),
            (server_2026_07.CONTRACT, server_2026_07.BEHAVIOR),
            (server_2026_09.CONTRACT, server_2026_09.BEHAVIOR),
        )
    ),
    observed="server-2026-09",
)
