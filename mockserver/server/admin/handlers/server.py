"""The admin API about the server itself."""

from typing import Any

from mockserver import __version__
from mockserver.admin_schemas import Health, Version
from mockserver.server.admin.routing import HandlerContext


def health(call: HandlerContext) -> Health:
    """Say that the server answers."""
    return Health(message="session-mock serves", tenants=len(call.tenants.by_name))


def version(call: HandlerContext) -> Version:  # noqa: ARG001 -- every handler takes the call
    """Say which session-mock it is."""
    return Version(version=__version__)


def openapi(call: HandlerContext) -> dict[str, Any]:
    """Describe this API as OpenAPI 3.1."""
    from mockserver.server.admin.openapi import document  # noqa: PLC0415 -- few ask for it

    return document(call.routes)
