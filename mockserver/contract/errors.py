"""The shapes in which a vendor refuses."""

from collections.abc import Mapping
from http.client import responses
from typing import Any

from msgspec import Struct

from mockserver.contract.basis import Fact
from mockserver.contract.choices import ByChoice


class ErrorShape(Struct, frozen=True):
    """A status and a body; texts in the body may name details as ``{message}``, ``{field}``, ``{credential}``, ``{path}`` or ``{status}``.

    A text that is nothing but the name of a detail becomes that detail, which may be a number; texts of headers are filled in as well.
    """

    status: int | ByChoice
    body: Any
    """Mappings, lists and texts to be filled in; ``None`` for an empty body."""
    fact: Fact
    headers: Mapping[str, str] = {}
    text: bool = False
    """Whether the body is plain text instead of JSON."""
    usual: Mapping[str, str | int] = {}
    """Details for a refusal that does not give them, such as one that somebody injects."""


class Refused(Exception):
    """A request that an endpoint refuses, by the name of the error shape and its details, of which some may be numbers."""

    def __init__(
        self, error: str, *, headers: Mapping[str, str] | None = None, numbers: Mapping[str, int] | None = None, **details: str
    ) -> None:
        super().__init__(error)
        self.error, self.details, self.headers, self.numbers = error, details, headers or {}, numbers or {}


def of_status(status: int) -> dict[str, Any]:
    """The details that follow from the status that is sent: ``status`` and ``phrase``."""
    return {"status": status, "phrase": responses.get(status, "")}


def filled(template: Any, details: Mapping[str, Any]) -> Any:
    """Fill the details into every text of a template."""
    if isinstance(template, str):
        whole = details.get(template[1:-1]) if template[:1] == "{" else None
        return whole if isinstance(whole, int) else template.format_map(details)
    if isinstance(template, Mapping):
        return {name: filled(value, details) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, details) for value in template]
    return template
