"""From JSON and queries to the structs of the admin API; a word that nobody knows is refused with the nearest."""

from typing import Any

from msgspec import ValidationError, convert

from mockserver.amiss import amiss
from mockserver.contract.request import decode_json
from mockserver.server.admin.problem import invalid


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
        raise invalid(f"the {'query' if texts else 'body'}: {amiss(raw, model, texts=texts) or error}") from None
