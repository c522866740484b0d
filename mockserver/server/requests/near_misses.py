"""Explain requests that match no endpoint or credential: the closest match, and what differs."""

import logging
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from mockserver._util.printable import printable
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import SCHEME, BodyKeys
from mockserver.contract.validation import read_json
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import Secrets, collect_secrets
from mockserver.server.http.router import NearMiss
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

_AUTH_ERRORS: Final = ("missing_credential", "wrong_credential")
_AUTHORIZATION: Final = "Authorization"
_MAX_TEXT: Final = 200
"""Characters of a client's text that a message repeats."""
_MAX_CREDENTIALS: Final = 10
"""Misplaced credentials that are reported for an exchange: a request may carry thousands."""
_log = logging.getLogger("mockserver")


class _Location(Struct, frozen=True):
    """Where a value is in a request."""

    kind: str
    """``header``, ``query parameter``, ``path`` or ``body field``."""
    name: str
    scheme: str | None = None
    """The word before the value in its header, such as ``Bearer``."""

    @property
    def is_authorization(self) -> bool:
        return self.kind == "header" and self.name.lower() == _AUTHORIZATION.lower()

    def describe(self, secrets: Secrets) -> str:
        """Describe the location; its name was sent by a client, so that credentials in it are masked."""
        if self.kind == "path":
            return "the path"
        return f"the {self.kind} {printable(shorten(secrets.mask_text(self.name)), keep='')}"


class _FoundCredential(Struct, frozen=True):
    """The credential of a tenant that exists or existed, and where the request carries it."""

    location: _Location
    vendor: str
    tenant: str
    deleted: bool


def log_near_miss(exchange: Exchange, secrets: Secrets) -> None:
    """Log one line about a request that matched nothing, with the closest match."""
    closest = f"; {exchange.near_misses[0].difference}" if exchange.near_misses else ""
    method = secrets.mask_text(exchange.raw.method)
    path = secrets.mask_text(exchange.raw.path.partition("?")[0])
    _log.warning("%s", printable(f"{method} {path}: {exchange.error}{closest}", keep=""))


def shorten(text: str) -> str:
    """Return the beginning of a client's text, for a message."""
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"


def explain_auth_failure(tenants: Tenants, parsed: ParsedRequest, exchange: Exchange) -> None:
    """Record as near misses why authentication failed, the most likely reason first."""
    secrets = collect_secrets(exchange.raw, exchange.headers, known=exchange.known)
    if exchange.error not in _AUTH_ERRORS:
        if exchange.near_misses:
            log_near_miss(exchange, secrets)
        return
    endpoint = parsed.endpoint
    vendor = parsed.vendor.name
    credentials = sorted(
        _find_credentials(tenants, exchange.raw, exchange.headers),
        key=lambda credential: (credential.vendor != vendor, credential.deleted),
    )
    misplaced = [
        credential
        for credential in credentials
        if credential.vendor != vendor
        or credential.deleted
        or not _is_expected_location(endpoint, credential.location)
    ]
    differences = [
        _describe_difference(endpoint, vendor, credential, secrets)
        + _name_dialects(parsed.vendor, endpoint, credential)
        for credential in misplaced[:_MAX_CREDENTIALS]
    ]
    differences += _describe_missing(endpoint, vendor, credentials)
    exchange.near_misses = tuple(
        NearMiss(vendor, endpoint.name, endpoint.method, endpoint.paths[0], difference)
        for difference in dict.fromkeys(differences)
    )
    log_near_miss(exchange, secrets)


def find_owner(
    tenants: Tenants, raw: RawRequest, headers: Mapping[str, str], vendor: str | None
) -> Tenant | None:
    """Return the only tenant whose credential an unmatched request carries, wherever it is.

    A credential for *vendor* wins: tenants may have equal credentials for different vendors.
    """
    found = [each for each in _find_credentials(tenants, raw, headers) if not each.deleted]
    names = {each.tenant for each in found if each.vendor == vendor} or {each.tenant for each in found}
    return tenants.by_name[names.pop()] if len(names) == 1 else None


def find_presented_vendors(tenants: Tenants, exchange: Exchange) -> set[str]:
    """Return the vendors whose credential an unmatched request carries anywhere."""
    return {each.vendor for each in _find_credentials(tenants, exchange.raw, exchange.headers)}


def _find_credentials(
    tenants: Tenants, raw: RawRequest, headers: Mapping[str, str]
) -> Iterator[_FoundCredential]:
    """Yield all credentials of tenants in a request, wherever they are."""
    vendors = [vendor.name for vendor in load()]
    for location, value in _iterate_values(raw, headers):
        for vendor in vendors:
            principal = tenants.resolve_credential(vendor, value)
            deleted = tenants.deleted_tenant(vendor, value)
            if principal is not None:
                yield _FoundCredential(location, vendor, principal.tenant.name, deleted is not None)
            elif deleted is not None:
                yield _FoundCredential(location, vendor, deleted, deleted=True)


def _iterate_values(raw: RawRequest, headers: Mapping[str, str]) -> Iterator[tuple[_Location, str]]:
    """Yield the values of a request that may be credentials, each with its location."""
    for name, value in headers.items():
        first, _, rest = value.strip().partition(" ")
        if rest:
            yield _Location("header", name, first), rest.strip(" \"'")
        yield _Location("header", name), value.strip(" \"'")
    path, _, query = raw.path.partition("?")
    for name, value in parse_qsl(query, errors="replace"):
        yield _Location("query parameter", name), value.strip(" \"'")
    for segment in path.split("/"):
        yield _Location("path", segment), segment
    body = read_json(raw.body) if raw.body else {}
    for name, value in body.items() if isinstance(body, Mapping) else ():
        if isinstance(value, str):
            yield _Location("body field", name), value.strip(" \"'")


def _is_expected_location(endpoint: Endpoint, location: _Location) -> bool:
    """Return whether the endpoint looks for its credential at a location."""
    credentials = endpoint.credentials
    if isinstance(credentials, BodyKeys):
        return location.kind == "body field" and location.name == credentials.key
    if location.kind == "query parameter" and location.name == credentials.query:
        return True
    return location.is_authorization and credentials.accepts_scheme(location.scheme or "")


def _describe_difference(
    endpoint: Endpoint, vendor: str, credential: _FoundCredential, secrets: Secrets
) -> str:
    """Describe what is wrong with a misplaced credential."""
    place = credential.location.describe(secrets)
    if credential.deleted:
        return f"the credential in {place} was that of tenant {credential.tenant!r}, which was deleted"
    if credential.vendor != vendor:
        return (
            f"the credential in {place} is that of tenant {credential.tenant!r} "
            f"at {credential.vendor}, not at {vendor}"
        )
    remedy = f"send {_describe_expected(endpoint)}"
    if credential.location.is_authorization and not isinstance(endpoint.credentials, BodyKeys):
        scheme = credential.location.scheme
        if scheme is None:
            return f"the key of tenant {credential.tenant!r} has no {SCHEME!r} before it; {remedy}"
        sent = shorten(secrets.mask_text(scheme))
        return f"the key of tenant {credential.tenant!r} follows {sent!r} instead of {SCHEME!r}; {remedy}"
    return f"the key of tenant {credential.tenant!r} is in {place}; {remedy}"


def _name_dialects(vendor: Vendor, endpoint: Endpoint, credential: _FoundCredential) -> str:
    """Name the dialects that look for a credential where it is, if the tenant's dialect does not."""
    location = credential.location
    if credential.deleted or credential.vendor != vendor.name or _is_expected_location(endpoint, location):
        return ""
    dialects = [
        name
        for name, dialect in vendor.dialects.items()
        if _is_expected_location(dialect.endpoint(endpoint.name), location)
    ]
    if not dialects:
        return ""
    return f"; only the dialect {' and '.join(dialects)} looks there, and this tenant uses {vendor.dialect}"


def _describe_missing(endpoint: Endpoint, vendor: str, credentials: list[_FoundCredential]) -> Iterator[str]:
    """Describe a missing credential, or a key without its secret."""
    keys = endpoint.credentials
    expected = [
        credential
        for credential in credentials
        if credential.vendor == vendor and _is_expected_location(endpoint, credential.location)
    ]
    if isinstance(keys, BodyKeys) and keys.secret and expected and not expected[0].deleted:
        yield f"{keys.key} is that of tenant {expected[0].tenant!r}, but {keys.secret} is not"
    elif not credentials:
        yield f"the request carries no tenant's credential; send {_describe_expected(endpoint)}"


def _describe_expected(endpoint: Endpoint) -> str:
    credentials = endpoint.credentials
    if isinstance(credentials, BodyKeys):
        secret = f", with its {credentials.secret}" if credentials.secret else ""
        return f"{credentials.key} in the JSON body{secret}"
    return f"the header {_AUTHORIZATION}: {SCHEME} <token>"
