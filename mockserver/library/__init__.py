"""session-mock as a library: a server in a thread of its own, and handles of its tenants."""

from mockserver.library.mock import SessionMock
from mockserver.library.tenant import TenantHandle
from mockserver.library.vendor import VendorHandle

__all__ = ["SessionMock", "TenantHandle", "VendorHandle"]
