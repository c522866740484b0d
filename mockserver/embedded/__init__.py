"""Run session-mock from Python: a server in a thread of its own, and handles to its tenants."""

from mockserver.embedded.session_mock import SessionMock
from mockserver.embedded.tenant import TenantHandle
from mockserver.embedded.vendor_access import VendorHandle

__all__ = ["SessionMock", "TenantHandle", "VendorHandle"]
