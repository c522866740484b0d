"""The shapes in which a vendor refuses."""

from collections.abc import Mapping
from http.client import responses
from typing import Any

from msgspec import Struct

from mockserver.contract.behaviors import ByBehavior
from mockserver.contract.provenance import Fact


class ErrorTemplate(Struct, frozen=True):
    """A status and a body; texts in the body may name details as ``{message}``, ``{field}``, ``{credential}``, ``{path}`` or ``{status}``.

    A text that is nothing but the name of a detail becomes that detail, which may be a number; texts of headers are filled in as well.
    """

    status: int | ByBehavior
    body: Any
    """Mappings, lists and texts to be filled in; ``None`` for an empty body."""
    fact: Fact
    headers: Mapping[str, str] = {}
    text: bool = False
    """Whether the body is plain text instead of JSON."""
    defaults: Mapping[str, str | int] = {}
    """Details for a refusal that does not give them, such as one that somebody injects."""


class VendorError(Struct, frozen=True):
    """The name of an error shape and what fills it in.

    A plain value, so that it can be stored. Never store an exception and raise it again: each raise adds to its
    traceback, which keeps every frame alive, with the request that the frame handled.
    """

    error: str
    details: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    numbers: Mapping[str, int] = {}
    """Details that are numbers."""


class ApiError(Exception):
    """Raised for a request that an endpoint refuses; :attr:`refusal` says why."""

    def __init__(
        self,
        error: str,
        *,
        headers: Mapping[str, str] | None = None,
        numbers: Mapping[str, int] | None = None,
        **details: str,
    ) -> None:
        super().__init__(error)
        self.refusal = VendorError(error, details, headers or {}, numbers or {})

    @property
    def error(self) -> str:
        """Name of the error shape."""
        return self.refusal.error

    @property
    def details(self) -> Mapping[str, str]:
        """What fills the error shape in."""
        return self.refusal.details


def status_details(status: int) -> dict[str, Any]:
    """The details that follow from the status that is sent: ``status`` and ``phrase``."""
    return {"status": status, "phrase": responses.get(status, "")}


def render(template: Any, details: Mapping[str, Any]) -> Any:
    """Fill the details into every text of a template."""
    if isinstance(template, str):
        whole = details.get(template[1:-1]) if template[:1] == "{" else None
        return whole if isinstance(whole, int) else template.format_map(details)
    if isinstance(template, Mapping):
        return {name: render(value, details) for name, value in template.items()}
    if isinstance(template, list):
        return [render(value, details) for value in template]
    return template
