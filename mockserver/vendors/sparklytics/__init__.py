"""Sparklytics: the list of sessions, and one session with its events."""

from mockserver.vendors.base import Vendor, speaking
from mockserver.vendors.sparklytics.contract import CONTRACT
from mockserver.vendors.sparklytics.identifiers import names
from mockserver.vendors.sparklytics.server.contract import SERVER
from mockserver.vendors.sparklytics.server.views import VIEWS as SERVER_VIEWS
from mockserver.vendors.sparklytics.views import VIEWS

VENDOR = speaking(Vendor(CONTRACT, names, VIEWS), Vendor(SERVER, names, SERVER_VIEWS), observed="server")
