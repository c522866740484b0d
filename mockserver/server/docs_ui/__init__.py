"""Pages that show a vendor's OpenAPI document and send requests from it, and their assets.

The viewer is a third-party package that ``fetch`` copied from its registry; nothing is loaded from other
hosts.
"""

from collections.abc import Mapping
from gzip import decompress
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from aiohttp import web
from msgspec import Struct, json

from mockserver._util.version import VERSION
from mockserver.server.admin.app import PRIVATE_HEADERS, Admin
from mockserver.server.admin.auth import authorize
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.expected.examples import asked
from mockserver.server.requests.responses import SERVER
from mockserver.vendors.base import Vendor

ASSETS: Final = Path(__file__).parent / "assets"
ORIGIN: Final = ASSETS / "origin.json"
PACKED: Final = ".gz"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_HEADERS: Final = {
    "Server": SERVER,
    # Files change with the version of the viewer, and requests to localhost are fast.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
    **PRIVATE_HEADERS,
}
# Small images are data URLs in the viewer's code; all other content is from this server, and framing is not
# allowed.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Origin(Struct, frozen=True, kw_only=True):
    """Origin of the shipped viewer."""

    package: str
    version: str
    integrity: str
    """Integrity hash of the archive from the registry."""
    files: Mapping[str, str]
    """SHA-256 of each copied file, uncompressed."""


def origin() -> Origin:
    """Return the origin of the shipped viewer."""
    return json.decode(ORIGIN.read_bytes(), type=Origin)


def page(request: web.Request, vendor: Vendor, admin: Admin | None) -> web.Response:
    """Return a vendor's page; it has the first tenant's values if the client may use the admin API."""
    viewer = origin()
    words = {
        "title": vendor.contract.title,
        "values": json.encode(_values(request, vendor, admin)).decode(),
        "version": VERSION,
        "viewer": f"{viewer.package} {viewer.version}",
    }
    text = Template((ASSETS / "page.html").read_text(encoding="utf-8")).substitute(
        {name: escape(word) for name, word in words.items()}
    )
    headers = {**_HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": _POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _values(request: web.Request, vendor: Vendor, admin: Admin | None) -> dict[str, Any]:
    """Return the first tenant's example requests by method and path, and its token if the vendor has one."""
    tenant = next(iter(admin.tenants.by_name.values()), None) if admin is not None else None
    if admin is None or tenant is None or tenant.vendors[vendor.name] is not vendor:
        return {}
    try:
        authorize(request, admin.token, navigation=True)
    except ProblemError:
        return {}
    requests = {
        f"{endpoint.method.lower()} {path}": asked(tenant, vendor, endpoint)
        for endpoint in vendor.contract.endpoints
        for path in endpoint.paths
    }
    return {"token": tenant.identifiers[vendor.name].credentials.get("token"), "requests": requests}


def asset(request: web.Request, name: str) -> web.Response:
    """Return an asset of the page; raise ``HTTPNotFound`` for an unknown name."""
    path = {path.name.removesuffix(PACKED): path for path in ASSETS.iterdir()}.get(name)
    if path is None or path.suffix == ".html":
        raise web.HTTPNotFound(headers={"Server": SERVER})
    body = path.read_bytes()
    headers = dict(_HEADERS)
    if path.suffix == PACKED and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
    elif path.suffix == PACKED:
        body = decompress(body)
    return web.Response(
        body=body, content_type=_TYPES.get(Path(name).suffix, "text/plain"), charset="utf-8", headers=headers
    )
