"""session-mock: a mock server for session-analytics HTTP APIs over one seeded, self-consistent world.

What stands in ``__all__`` is public; each name is imported when it is first used, because start-up is felt.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.client import AdminClient, AdminError
    from mockserver.embedded import SessionMock, TenantHandle, VendorHandle
    from mockserver.embedded.aiohttp_app import create_app, tenant_of
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant

__version__ = "0.1.0"
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
_PLACES = {
    **dict.fromkeys(("AdminClient", "AdminError"), "mockserver.client"),
    **dict.fromkeys(("SessionMock", "TenantHandle", "VendorHandle"), "mockserver.embedded"),
    **dict.fromkeys(("create_app", "tenant_of"), "mockserver.embedded.aiohttp_app"),
    "CheckedTenant": "mockserver.pytest_plugin.checked_tenant",
}


if not TYPE_CHECKING:  # A type checker shall know a misspelled name.

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_PLACES[name]), name)
