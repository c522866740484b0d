"""Determine which page of a list a request asks for and a response contains."""

from collections.abc import Mapping
from typing import Any

from msgspec import json, to_builtins

from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import PageInfo, PageNumbers


def collect_fields(endpoint: Endpoint, path: Mapping[str, str], *models: Any) -> dict[str, Any]:
    """Return the parameters of a request by name, from its path and structs, without credentials."""
    secret = endpoint.credentials.fields
    fields = dict[str, Any](path)
    for model in models:
        if model is not None:
            values = to_builtins(model)
            fields |= {
                name: value for name, value in values.items() if value is not None and name not in secret
            }
    return fields


def field_place(endpoint: Endpoint, field: str) -> tuple[str, str] | None:
    """Return ``query`` or ``body`` and the attribute for a request field.

    Return ``None`` if neither has the field.
    """
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        if model is not None and field in model.__struct_encode_fields__:
            return place, model.__struct_fields__[model.__struct_encode_fields__.index(field)]
    return None


def list_key_of(vendor: str, endpoint: Endpoint, site: int, fields: Mapping[str, Any]) -> str:
    """Return a key that is equal for all requests to one list, whatever the page and its size.

    The site is compared by its index, because it may have several names.
    """
    ignored = (*endpoint.pagination.request_fields, endpoint.site)
    kept = {name: value for name, value in fields.items() if name not in ignored}
    return json.encode([vendor, endpoint.name, site, kept], order="deterministic").decode()


def compute_page_info(
    endpoint: Endpoint, fields: Mapping[str, Any], response: Any, page_numbers: PageNumbers
) -> PageInfo | None:
    """Return the position of the page in a decoded response; ``None`` if the endpoint has no list."""
    if endpoint.rows_path is None:
        return None
    rows = get_at(response, endpoint.rows_path)
    count = len(rows) if isinstance(rows, list) else 0
    return endpoint.pagination.page_info(fields, response, count, page_numbers)
