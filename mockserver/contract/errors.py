"""Templates of a vendor's error responses, and the exception that selects one."""

from collections.abc import Mapping
from http.client import responses
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.behaviors import ByBehavior
from mockserver.contract.provenance import Fact

PREFLIGHT: Final = "preflight"
"""Name of the template for the response to ``OPTIONS``, which is an unsupported method if there is none."""
COMMON_ERRORS: Final = (
    "missing_credential",
    "wrong_credential",
    "violation",
    "unknown_path",
    "wrong_method",
    "too_large",
    "internal",
)
"""Errors for which every vendor must have a template."""


class ErrorTemplate(Struct, frozen=True):
    """The status, headers and body of an error, with placeholders for details.

    Placeholders are ``{message}``, ``{field}``, ``{credential}``, ``{path}``, ``{status}`` and so on. A text
    that consists of one placeholder becomes that detail, which may be a number.
    """

    status: int | ByBehavior
    body: Any
    """JSON with placeholders; None for an empty body."""
    fact: Fact
    headers: Mapping[str, str] = {}
    text: bool = False
    """If True, the body is plain text instead of JSON."""
    defaults: Mapping[str, str | int] = {}
    """Details for errors that do not provide them, such as injected ones."""


class VendorError(Struct, frozen=True):
    """The name of an error template and its details.

    A plain value, so that it can be stored. A stored exception must not be raised again: each raise adds to
    its traceback, which keeps every frame alive, with the request that the frame handled.
    """

    error: str
    details: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    numbers: Mapping[str, int] = {}
    """Details that are inserted as numbers."""


class ApiError(Exception):
    """Raised for a request that is answered with one of the vendor's errors: :attr:`refusal`."""

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
        """Name of the error template."""
        return self.refusal.error

    @property
    def details(self) -> Mapping[str, str]:
        """The details for the error template."""
        return self.refusal.details


def status_details(status: int) -> dict[str, Any]:
    """Return the details that follow from the status: ``status`` and ``phrase``."""
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
