"""The server itself: its state, its version and the document of this API."""

from typing import Annotated, Any

from mockserver._util.version import VERSION
from mockserver.admin_schemas.server import Health, Version
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.admin.routing import PEM, HandlerContext, StreamingBody


def get_health(context: HandlerContext) -> Health:
    """Check that the server responds."""
    return Health(message="session-mock is running", tenants=len(context.tenants.by_name))


def get_version(context: HandlerContext) -> Version:  # noqa: ARG001 -- every handler gets the context
    """Return name and version of the server."""
    return Version(version=VERSION)


def get_openapi(context: HandlerContext) -> dict[str, Any]:
    """Return this API as OpenAPI 3.1."""
    from mockserver.server.admin.openapi import document  # noqa: PLC0415 -- rarely needed

    return document(context.routes)


def get_certificate_authority(context: HandlerContext) -> Annotated[StreamingBody, PEM]:
    """Return the certificate of the authority that the server created, for clients to trust."""
    files = context.addresses.certificates
    if files is None:
        detail = "the server has no certificates; start it with --tls or --proxy"
        raise ProblemError("no-certificates", detail)
    return StreamingBody(PEM, iter([files.pem]))
