"""Braze: the series of sessions, and the list of segments by which it can be filtered."""

from mockserver.vendors.base import Vendor, with_dialects
from mockserver.vendors.braze.contract import CONTRACT
from mockserver.vendors.braze.dialect_legacy import LEGACY
from mockserver.vendors.braze.identifiers import create_identifiers
from mockserver.vendors.braze.views import VIEWS

VENDOR = with_dialects(Vendor(CONTRACT, create_identifiers, VIEWS), Vendor(LEGACY, create_identifiers, VIEWS))
