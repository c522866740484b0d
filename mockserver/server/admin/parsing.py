"""From JSON and queries to the structs of the admin API; a word that nobody knows is refused with the nearest."""

from typing import Any

from msgspec import DecodeError, ValidationError, convert, json

from mockserver.amiss import amiss
from mockserver.server.admin.problem import invalid


def decoded(body: bytes) -> Any:
    """Read a body of JSON; an empty one asks for nothing in particular."""
    try:
        return json.decode(body) if body.strip() else {}
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"the body must be JSON: {error}") from None


def parsed(raw: Any, model: Any, *, texts: bool = False) -> Any:
    """Convert to a struct; with ``texts``, texts stand for numbers and booleans as in a query."""
    try:
        return convert(raw, model, strict=not texts)
    except ValidationError as error:
        raise invalid(f"the {'query' if texts else 'body'}: {amiss(raw, model, texts=texts) or error}") from None
