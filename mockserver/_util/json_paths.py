"""Read and replace fields of JSON values by dotted paths."""

from collections.abc import Mapping
from typing import Any


def get_at(value: Any, path: str | None) -> Any:
    """Return what is at a dotted path of a JSON value, or ``None`` if there is nothing."""
    for name in (path or "").split("."):
        if name:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def set_at(target: Any, path: str, value: Any) -> None:
    """Replace what is at a dotted path of a JSON value, if there is anything."""
    *parents, name = path.split(".")
    inner = get_at(target, ".".join(parents))
    if isinstance(inner, dict) and name in inner:
        inner[name] = value
