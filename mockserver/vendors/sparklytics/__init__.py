"""Sparklytics: the list of sessions, and one session with its events."""

from mockserver.vendors.base import Vendor, with_dialects
from mockserver.vendors.sparklytics.contract import CONTRACT
from mockserver.vendors.sparklytics.identifiers import create_identifiers
from mockserver.vendors.sparklytics.row_format import ROW_FORMATS
from mockserver.vendors.sparklytics.server.contract import SERVER
from mockserver.vendors.sparklytics.server.row_format import ROW_FORMATS as SERVER_ROW_FORMATS
from mockserver.vendors.sparklytics.server.views import VIEWS as SERVER_VIEWS
from mockserver.vendors.sparklytics.views import VIEWS

VENDOR = with_dialects(
    Vendor(CONTRACT, create_identifiers, VIEWS, ROW_FORMATS),
    Vendor(SERVER, create_identifiers, SERVER_VIEWS, SERVER_ROW_FORMATS),
    observed="server",
)
