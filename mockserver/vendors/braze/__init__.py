"""Braze: the series of sessions, and the list of segments that it can be limited to."""

from mockserver.vendors.base import Vendor, speaking
from mockserver.vendors.braze.contract import CONTRACT
from mockserver.vendors.braze.dialect_legacy import LEGACY
from mockserver.vendors.braze.identifiers import names
from mockserver.vendors.braze.views import VIEWS

VENDOR = speaking(Vendor(CONTRACT, names, VIEWS), Vendor(LEGACY, names, VIEWS))
