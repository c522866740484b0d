"""session-mock as a library: a server in a thread of its own, and handles of its tenants."""

from mockserver.embedded.session_mock import SessionMock
from mockserver.embedded.tenant import TenantHandle
from mockserver.embedded.vendor_access import VendorHandle

__all__ = ["SessionMock", "TenantHandle", "VendorHandle"]
