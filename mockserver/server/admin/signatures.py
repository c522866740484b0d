"""What a route's handler asks and answers, read from its annotations."""

import inspect
from functools import cache
from typing import Any, get_type_hints

from msgspec import ValidationError, convert

from mockserver._util.validation import explain_validation_error
from mockserver.contract.validation import decode_json
from mockserver.server.admin.problem_details import invalid
from mockserver.server.admin.routing import Route


@cache
def _hints(handler: Any) -> dict[str, Any]:
    return get_type_hints(handler, include_extras=True)


def asked(route: Route) -> dict[str, Any]:
    """The types of ``body`` and ``query``, as far as the handler wants them."""
    return {name: hint for name, hint in _hints(route.handler).items() if name in ("body", "query")}


def answered(route: Route) -> Any:
    """The type of what the handler answers."""
    return _hints(route.handler)["return"]


def summary(route: Route) -> str:
    """What the handler does, in a sentence."""
    return (inspect.getdoc(route.handler) or "").partition("\n")[0]


def decoded(body: bytes, media_type: str = "") -> Any:
    """Decode a body of JSON; an empty one is an empty object. ``media_type`` is what the body is said to be."""
    try:
        return decode_json(body) if body.strip() else {}
    except ValueError as error:
        if media_type and not media_type.endswith("json"):
            raise invalid(f"the body must be JSON, but is {media_type}; send JSON") from None
        raise invalid(f"the body must be JSON: {error}") from None


def parsed(raw: Any, model: Any, *, texts: bool = False) -> Any:
    """Convert to a struct; with ``texts``, texts stand for numbers and booleans as in a query."""
    try:
        return convert(raw, model, strict=not texts)
    except ValidationError as error:
        raise invalid(
            f"the {'query' if texts else 'body'}: {explain_validation_error(raw, model, texts=texts) or error}"
        ) from None
