"""Find names in a request that its endpoint does not know: vendors ignore them, so a typing error is silent.

| name | level |
| --- | --- |
| close to a known one (`filter_contry`, `startDate`), or known elsewhere at the vendor | error |
| any other one (`utm`) | warning |
| a credential in another place | none; `key-in-query` reports it |
| a key of an object whose properties the vendor does not restrict | none |
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Final

from msgspec import DecodeError, Struct, json

from mockserver._util.json_paths import get_at
from mockserver._util.levels import Level
from mockserver._util.printable import encodable, printable
from mockserver._util.suggest import nearest
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.lint_rules import InQuery
from mockserver.contract.validation import fields
from mockserver.server.http.redaction import collect_secrets, is_secret
from mockserver.server.journal.journal import Exchange, Finding
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.requests.values import split_query
from mockserver.vendors.base import Vendor

_NAME: Final = "unknown-parameter"
_CLOSE: Final = 0.75
"""Similarity from which a name is taken for another one that was mistyped."""
_MAX_NAMES: Final = 10
"""Unknown names of one request that are reported."""
_MAX_LENGTH: Final = 60
_OTHER_CHARACTERS: Final = re.compile(r"[^a-z0-9]")
_QUERY, _BODY = "query", "body"


class _Names(Struct, frozen=True):
    """The names that an endpoint knows, and where the vendor knows others."""

    query: frozenset[str]
    body: frozenset[str]
    """Dotted names of all fields of the body."""
    selectable: frozenset[str]
    """The names of row fields that a request can select."""
    elsewhere: Mapping[str, str]
    """The place of names that other parts of the vendor's contract know."""


def check_parameters(parsed: ParsedRequest, exchange: Exchange) -> list[Finding]:
    """Return a finding for each name in the query, the body and lists of fields that is unknown."""
    if parsed.principal is None or parsed.near_misses:
        return []
    names = _collect_names(parsed.vendor, parsed.endpoint.name)
    unknown = [*_find_in_query(names, exchange.raw.path)]
    if parsed.endpoint.body is not None:
        unknown += _find_in_body(names, parsed.endpoint, exchange.raw.body)
    if not unknown:
        return []
    credentials = parsed.principal.tenant.identifiers[parsed.vendor.name].credentials
    shown = [
        (place, name)
        for place, name in dict.fromkeys(unknown)
        if name not in credentials and not is_secret(name) and not _has_credential(exchange, name)
    ]
    return [
        _create_finding(parsed.vendor, parsed.endpoint.name, place, name)
        for place, name in shown[:_MAX_NAMES]
    ]


def _has_credential(exchange: Exchange, name: str) -> bool:
    """Return whether a name contains a credential in any encoding, which no message may repeat."""
    return collect_secrets(exchange.raw, exchange.headers, known=exchange.known).mask_text(name) != name


def _find_in_query(names: _Names, path: str) -> Iterator[tuple[str, str]]:
    query = path.partition("?")[2]
    if not query or names.query.issuperset([pair.partition("=")[0] for pair in query.split("&")]):
        return  # Decoding the query takes three times as long.
    for name, _ in split_query(query):
        if name and name not in names.query:
            yield _QUERY, name


def _find_in_body(names: _Names, endpoint: Endpoint, text: bytes) -> Iterator[tuple[str, str]]:
    try:
        body = json.decode(text)
    except (DecodeError, UnicodeDecodeError, RecursionError):  # The vendor refuses it.
        return
    if not isinstance(body, dict):
        return
    for name in _walk(body, names.body):
        yield _BODY, name
    for path in endpoint.select_fields:
        selected = get_at(body, path)
        for name in selected if isinstance(selected, list) else ():
            if isinstance(name, str) and name not in names.selectable:
                yield path, name


def _walk(values: Mapping[str, Any], known: frozenset[str], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of unknown fields; objects without documented fields have any."""
    for key, value in values.items():
        name = prefix + key
        if name not in known:
            yield name
        elif isinstance(value, dict) and any(other.startswith(f"{name}.") for other in known):
            yield from _walk(value, known, f"{name}.")


@cache
def _collect_names(vendor: Vendor, endpoint_name: str) -> _Names:
    endpoint = vendor.endpoint(endpoint_name)
    elsewhere: dict[str, str] = {}
    for dialect in vendor.dialects.values():
        for other in dialect.contract.endpoints:
            of_dialect = "" if dialect is vendor else f" in the dialect {dialect.dialect}"
            for name in (*_query_names(other), *_body_names(other)):
                elsewhere.setdefault(name, f"it is a parameter of {other.name}{of_dialect}")
    in_query, in_body = _query_names(endpoint), _body_names(endpoint)
    elsewhere |= {name: "it belongs in the body" for name in in_body if "." not in name}
    elsewhere |= dict.fromkeys(in_query, "it belongs in the query")
    for path in endpoint.pagination.response_fields:
        name = path.rpartition(".")[2]
        elsewhere.setdefault(name, f"it is a field of responses; send {endpoint.pagination.key_field}")
    row_prefix = f"{endpoint.rows_path}." if endpoint.rows_path else ""
    in_response = [field.name for field in fields(endpoint.response, deep=True)]
    return _Names(
        query=frozenset({*in_query, *endpoint.ignored_params, *_credential_names(vendor)}),
        body=frozenset({*in_body, *endpoint.ignored_params, *_credential_names(vendor)}),
        selectable=frozenset(
            name.removeprefix(row_prefix) for name in in_response if name.startswith(row_prefix)
        ),
        elsewhere=elsewhere,
    )


def _query_names(endpoint: Endpoint) -> list[str]:
    return [field.name for field in fields(endpoint.query)]


def _body_names(endpoint: Endpoint) -> list[str]:
    return [field.name for field in fields(endpoint.body, deep=True)]


def _credential_names(vendor: Vendor) -> set[str]:
    """Return the names of credentials in any place; another finding is about wrong places."""
    names: set[str] = set()
    for dialect in vendor.dialects.values():
        for endpoint in dialect.contract.endpoints:
            names.update(endpoint.credentials.fields)
            names.update(
                rule.when.parameter for rule in endpoint.lint_rules if isinstance(rule.when, InQuery)
            )
    return names


@lru_cache(1024)
def _create_finding(vendor: Vendor, endpoint_name: str, place: str, name: str) -> Finding:
    names = _collect_names(vendor, endpoint_name)
    known = {_QUERY: names.query, _BODY: names.body}.get(place, names.selectable)
    level, hint = _explain(name, known, {} if place not in (_QUERY, _BODY) else names.elsewhere)
    shown = _show(name)
    kind = {_QUERY: "query parameter", _BODY: "body field"}.get(place, f"name in {place}")
    text = f"The endpoint does not know the {kind} {shown!r}, so the vendor ignores it{hint or '.'}"
    return Finding.of_kind(_NAME, text, level, shown)


def _explain(name: str, known: Iterable[str], elsewhere: Mapping[str, str]) -> tuple[Level, str]:
    """Return the level of a finding about an unknown name, and the end of its message."""
    if name in elsewhere:
        return "error", f"; {elsewhere[name]}."
    close = _find_close(name, known)
    if close is not None:
        return "error", f"; did you mean {close!r}?"
    similar = nearest(name, known)
    return "warning", "" if similar is None else f"; the nearest known name is {similar!r}."


def _find_close(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was mistyped, written in another case or with other separators."""
    from difflib import SequenceMatcher  # noqa: PLC0415 -- few clients send unknown names

    word = _normalize(name)
    similarities = [
        (SequenceMatcher(None, word, _normalize(other)).ratio(), other) for other in sorted(known)
    ]
    best = max(similarities, default=(0, ""))
    return best[1] if best[0] >= _CLOSE else None


def _normalize(name: str) -> str:
    return _OTHER_CHARACTERS.sub("", name.lower()[:_MAX_LENGTH])


def _show(name: str) -> str:
    shown = printable(encodable(name), keep="")
    return shown if len(shown) <= _MAX_LENGTH else f"{shown[:_MAX_LENGTH]}…"
