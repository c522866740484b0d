"""Browsee: data export, track and identify."""

from mockserver.vendor import Vendor
from mockserver.vendors.browsee.contract import CONTRACT
from mockserver.vendors.browsee.names import names
from mockserver.vendors.browsee.views import VIEWS

VENDOR = Vendor(CONTRACT, names, VIEWS)
