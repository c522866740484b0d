"""Rybbit: sessions, one session with its events, and where sessions come from."""

from mockserver.vendor import Vendor, speaking
from mockserver.vendors.rybbit.contract import CONTRACT
from mockserver.vendors.rybbit.names import names
from mockserver.vendors.rybbit.views import VIEWS

VENDOR = speaking(Vendor(CONTRACT, names, VIEWS))
