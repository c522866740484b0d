"""Browsee: data export, track and identify."""

from mockserver.vendors.base import Vendor, with_dialects
from mockserver.vendors.browsee.contract import CONTRACT
from mockserver.vendors.browsee.dialect_gist_2020 import GIST_2020
from mockserver.vendors.browsee.identifiers import create_identifiers
from mockserver.vendors.browsee.row_format import ROW_FORMATS
from mockserver.vendors.browsee.views import GIST_2020_VIEWS, VIEWS

VENDOR = with_dialects(
    Vendor(CONTRACT, create_identifiers, VIEWS, ROW_FORMATS),
    Vendor(GIST_2020, create_identifiers, GIST_2020_VIEWS, ROW_FORMATS),
)
