"""The text of a struct without its secrets."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver._util.printable import MASK


def repr_masked(value: Struct, secret: tuple[str, ...]) -> str:
    """Return the repr of a struct, with the values of secret fields masked in every field.

    Tracebacks, logs and failed assertions print what they have at hand, so no repr may contain a secret.
    """
    secrets: set[str] = set()
    for name in secret:
        secrets.update(_values(getattr(value, name)))
    fields = (
        f"{name}={_mask(getattr(value, name), secrets, whole=name in secret)!r}"
        for name in value.__struct_fields__
    )
    return f"{type(value).__name__}({', '.join(fields)})"


def _values(field: Any) -> tuple[str, ...]:
    if isinstance(field, Mapping):
        return tuple(str(value) for value in field.values())
    return () if field is None else (str(field),)


def _mask(value: Any, secrets: set[str], *, whole: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _mask(item, secrets, whole=whole) for name, item in value.items()}
    if isinstance(value, tuple | list):
        has_secret = not secrets.isdisjoint(value)  # If one site's id is a key, all ids are masked.
        return type(value)(_mask(item, secrets, whole=has_secret) for item in value)
    return MASK if (whole and value is not None) or (isinstance(value, str) and value in secrets) else value
