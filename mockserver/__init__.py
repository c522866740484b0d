"""session-mock: a mock server for session-analytics HTTP APIs with one seeded, self-consistent data set.

The names in ``__all__`` are public. Each is imported when it is first used, so that ``import mockserver``
stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver._util.version import VERSION

if TYPE_CHECKING:
    from mockserver.client import AdminClient, AdminError
    from mockserver.embedded import SessionMock, TenantHandle, VendorHandle
    from mockserver.embedded.aiohttp_app import create_app, tenant_of
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant

__version__ = VERSION
__all__ = [
    "AdminClient",
    "AdminError",
    "CheckedTenant",
    "SessionMock",
    "TenantHandle",
    "VendorHandle",
    "__version__",
    "create_app",
    "tenant_of",
]
_MODULES = {
    "AdminClient": "mockserver.client",
    "AdminError": "mockserver.client",
    "CheckedTenant": "mockserver.pytest_plugin.checked_tenant",
    "SessionMock": "mockserver.embedded",
    "TenantHandle": "mockserver.embedded",
    "VendorHandle": "mockserver.embedded",
    "create_app": "mockserver.embedded.aiohttp_app",
    "tenant_of": "mockserver.embedded.aiohttp_app",
}


if not TYPE_CHECKING:  # A type checker reports unknown names only without this function.

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)
