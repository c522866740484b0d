"""Requests that lead nowhere: what was closest and what differs, for the answer, the journal and the log."""

import logging
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from mockserver._util.printable import printable
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.validation import read_json
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import Secrets, secrets
from mockserver.server.http.router import NearMiss
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

_NOBODYS: Final = ("missing_credential", "wrong_credential")
_SCHEME: Final = "Bearer"
_AUTHORIZATION: Final = "Authorization"
_LONGEST: Final = 200
"""Characters of a text of a client's that a message repeats."""
_MOST: Final = 10
"""Credentials in wrong places that an exchange is told of: a request may carry thousands."""
_log = logging.getLogger("mockserver")


class _Place(Struct, frozen=True):
    """Where a value stands in a request."""

    kind: str
    """``header``, ``query parameter``, ``path`` or ``body field``."""
    name: str
    scheme: str | None = None
    """What precedes it in the header."""

    def describe(self, found: Secrets) -> str:
        """Return the place in words; its name is a client's, so that credentials in it are masked."""
        return (
            "the path"
            if self.kind == "path"
            else f"the {self.kind} {printable(shorten(found.text(self.name)), keep='')}"
        )


class _Known(Struct, frozen=True):
    """A credential that somebody has or had, and where it was found."""

    value: str
    place: _Place
    vendor: str
    tenant: str
    deleted: bool


def log_near_miss(exchange: Exchange, found: Secrets) -> None:
    """Log in one line what led nowhere, and what was closest."""
    closest = f"; {exchange.near_misses[0].difference}" if exchange.near_misses else ""
    path = found.path(exchange.raw.path.partition("?")[0])
    line = f"{found.text(exchange.raw.method)} {path}: {exchange.error}{closest}"
    _log.warning("%s", printable(line, keep=""))


def shorten(text: str) -> str:
    """Return the beginning of a text that a client wrote, for a message."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def explain_auth_failure(tenants: Tenants, reading: ParsedRequest, exchange: Exchange) -> None:
    """Say why nobody's credential was found: what the request carries instead, the likeliest first."""
    found = secrets(exchange.raw, exchange.headers, known=exchange.known)
    if exchange.error not in _NOBODYS:
        if exchange.near_misses:
            log_near_miss(exchange, found)
        return
    asked, vendor = reading.endpoint, reading.vendor.name
    known = sorted(
        _known(tenants, exchange.raw, exchange.headers),
        key=lambda each: (each.vendor != vendor, each.deleted),
    )
    astray = [each for each in known if each.vendor != vendor or each.deleted or not _is_right(asked, each)]
    wrong = (
        _differs(asked, vendor, each, found) + _elsewhere(reading.vendor, asked, each)
        for each in astray[:_MOST]
    )
    told = dict.fromkeys([*wrong, *_lacking(asked, vendor, known)])
    exchange.near_misses = tuple(
        NearMiss(vendor, asked.name, asked.method, asked.paths[0], each) for each in told
    )
    log_near_miss(exchange, found)


def likely_tenant(tenants: Tenants, vendor: str, exchange: Exchange) -> Tenant | None:
    """The tenant whose key a request that leads nowhere carries, wherever it stands."""
    names = (
        each.tenant
        for each in _known(tenants, exchange.raw, exchange.headers)
        if each.vendor == vendor and not each.deleted
    )
    return next((tenants.by_name[name] for name in names), None)


def _known(tenants: Tenants, raw: RawRequest, headers: Mapping[str, str]) -> Iterator[_Known]:
    """Every credential of any tenant, wherever in a request it stands."""
    vendors = [vendor.name for vendor in load()]
    for place, value in _values(raw, headers):
        for vendor in vendors:
            holder, deleted = tenants.resolve_credential(vendor, value), tenants.deleted_tenant(vendor, value)
            if holder is not None or deleted is not None:
                yield _Known(
                    value, place, vendor, holder.tenant.name if holder else str(deleted), deleted is not None
                )


def _values(raw: RawRequest, headers: Mapping[str, str]) -> Iterator[tuple[_Place, str]]:
    for name, value in headers.items():
        first, _, rest = value.strip().partition(" ")
        if rest:
            yield _Place("header", name, first), rest.strip(" \"'")
        yield _Place("header", name), value.strip(" \"'")
    path, _, query = raw.path.partition("?")
    for name, value in parse_qsl(query, errors="replace"):
        yield _Place("query parameter", name), value.strip(" \"'")
    for word in path.split("/"):
        yield _Place("path", word), word
    body = read_json(raw.body) if raw.body else {}
    for name, value in body.items() if isinstance(body, Mapping) else ():
        if isinstance(value, str):
            yield _Place("body field", name), value.strip(" \"'")


def _is_right(endpoint: Endpoint, known: _Known) -> bool:
    """Whether a credential stands where the endpoint looks for it."""
    asked, place = endpoint.credentials, known.place
    if isinstance(asked, BodyKeys):
        return (place.kind, place.name) == ("body field", asked.key)
    if asked.query is not None and (place.kind, place.name) == ("query parameter", asked.query):
        return True
    return place.kind == "header" and place.name.lower() == _AUTHORIZATION.lower() and place.scheme == _SCHEME


def _differs(endpoint: Endpoint, vendor: str, known: _Known, found: Secrets) -> str:
    """What is wrong with a credential that was found."""
    place, stands = known.place, known.place.describe(found)
    if known.deleted:
        return f"the credential in {stands} was that of tenant {known.tenant!r}, which was deleted"
    if known.vendor != vendor:
        return f"the credential in {stands} is that of tenant {known.tenant!r} at {known.vendor}, not at {vendor}"
    wanted = _wanted(endpoint)
    if (
        place.kind == "header"
        and place.name.lower() == _AUTHORIZATION.lower()
        and not isinstance(endpoint.credentials, BodyKeys)
    ):
        scheme = shorten(found.text(place.scheme or "no scheme"))
        return f"the key of tenant {known.tenant!r} stands behind {scheme!r} instead of {_SCHEME!r}: send {wanted}"
    return f"the key of tenant {known.tenant!r} stands in {stands}: send {wanted}"


def _elsewhere(vendor: Vendor, endpoint: Endpoint, known: _Known) -> str:
    """The dialects that look for a credential where it stands, while the one that is spoken does not."""
    right = _is_right(endpoint, known) or known.deleted or known.vendor != vendor.name
    found = (
        []
        if right
        else [
            name for name, other in vendor.dialects.items() if _is_right(other.endpoint(endpoint.name), known)
        ]
    )
    return (
        f"; only the dialect {' and '.join(found)} looks there, and {vendor.dialect} is spoken here"
        if found
        else ""
    )


def _lacking(endpoint: Endpoint, vendor: str, known: list[_Known]) -> Iterator[str]:
    """What is wrong where no credential, or a half of one, was found."""
    asked, right = (
        endpoint.credentials,
        [each for each in known if each.vendor == vendor and _is_right(endpoint, each)],
    )
    if isinstance(asked, BodyKeys) and asked.secret and right and not right[0].deleted:
        yield f"{asked.key} is that of tenant {right[0].tenant!r}, but {asked.secret} is not"
    elif not known:
        yield f"it carries no tenant's credential: send {_wanted(endpoint)}"


def _wanted(endpoint: Endpoint) -> str:
    asked = endpoint.credentials
    if isinstance(asked, BodyKeys):
        return f"{asked.key} in the JSON body" + (f", with its {asked.secret}" if asked.secret else "")
    return f"the header {_AUTHORIZATION}: {_SCHEME} <token>"
