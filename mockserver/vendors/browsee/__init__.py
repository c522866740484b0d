"""Browsee: data export, track and identify."""

from mockserver.vendor import Vendor, speaking
from mockserver.vendors.browsee.contract import CONTRACT
from mockserver.vendors.browsee.names import names
from mockserver.vendors.browsee.views import VIEWS

VENDOR = speaking(Vendor(CONTRACT, names, VIEWS))
