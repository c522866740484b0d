"""Browsee: data export, track and identify."""

from mockserver.vendors.base import Vendor, speaking
from mockserver.vendors.browsee.contract import CONTRACT
from mockserver.vendors.browsee.dialect_gist_2020 import GIST_2020
from mockserver.vendors.browsee.identifiers import names
from mockserver.vendors.browsee.views import GIST_2020_VIEWS, VIEWS

VENDOR = speaking(Vendor(CONTRACT, names, VIEWS), Vendor(GIST_2020, names, GIST_2020_VIEWS))
