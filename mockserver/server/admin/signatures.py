"""Types of requests and responses, from the annotations of a route's handler."""

import inspect
from functools import cache
from typing import Any, get_type_hints

from msgspec import ValidationError, convert

from mockserver._util.validation import explain_validation_error
from mockserver.contract.validation import decode_json
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import Route


@cache
def _hints(handler: Any) -> dict[str, Any]:
    return get_type_hints(handler, include_extras=True)


def request_types(route: Route) -> dict[str, Any]:
    """Return the types of ``body`` and ``query``, if the handler has these parameters."""
    return {name: hint for name, hint in _hints(route.handler).items() if name in ("body", "query")}


def response_type(route: Route) -> Any:
    """Return the type of the handler's result."""
    return _hints(route.handler)["return"]


def get_summary(route: Route) -> str:
    """Return the first line of the handler's docstring."""
    return (inspect.getdoc(route.handler) or "").partition("\n")[0]


def decode_body(body: bytes, media_type: str = "") -> Any:
    """Decode a JSON body; an empty one is an empty object. *media_type* is that of the request."""
    try:
        return decode_json(body) if body.strip() else {}
    except ValueError as error:
        if media_type and not media_type.endswith("json"):
            raise invalid_request(f"body: expected JSON, got {media_type}; send JSON") from None
        raise invalid_request(f"body: invalid JSON: {error}; correct it") from None


def parse_fields(raw: Any, model: Any, *, texts: bool = False) -> Any:
    """Convert *raw* to a struct; with *texts*, numbers and booleans may be texts, as in a query."""
    try:
        return convert(raw, model, strict=not texts)
    except ValidationError as error:
        reason = explain_validation_error(raw, model, texts=texts) or str(error)
        raise invalid_request(f"{'query' if texts else 'body'}: {reason}") from None
