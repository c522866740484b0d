"""Rybbit: sessions, one session with its events, and where sessions come from."""

from mockserver.vendors.base import Vendor, speaking
from mockserver.vendors.rybbit.contract import CONTRACT
from mockserver.vendors.rybbit.dialects import server_2025, server_2026
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.identifiers import names
from mockserver.vendors.rybbit.views import views

VENDOR = speaking(
    Vendor(CONTRACT, names, views(DialectBehavior())),
    Vendor(server_2025.CONTRACT, names, views(server_2025.MANNER)),
    Vendor(server_2026.CONTRACT, names, views(server_2026.MANNER)),
    observed="server-2026",
)
