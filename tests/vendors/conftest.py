"""Helpers of the vendors' tests: view requests without HTTP, and strict decoding of responses."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct, json, to_builtins

from mockserver.vendors.base import Vendor, ViewRequest
from mockserver.world.model.spec import DEFAULT_END
from mockserver.world.world import World

S = TypeVar("S", bound=Struct)
KEY = 11
"""Key of the tenant."""


def make_view_request(
    vendor: Vendor,
    world: World,
    *,
    now: int = DEFAULT_END,
    behaviors: Mapping[str, str] | None = None,
    **parts: Any,
) -> ViewRequest:
    """Return a request to a vendor's first site; all behaviors and parts not given have their defaults."""
    settings: dict[str, Any] = {
        behavior.name.partition(".")[2]: behavior.default for behavior in vendor.contract.behaviors
    }
    for name, value in (behaviors or {}).items():
        settings[name] = vendor.contract.behavior(f"{vendor.name}.{name}").read(value)
    identifiers = vendor.create_identifiers(KEY, world, {})
    defaults: dict[str, Any] = {"query": None, "body": None, "path": {}, "site": world.sites[0]}
    return ViewRequest(
        world=world, now=now, behaviors=settings, identifiers=identifiers, **(defaults | parts)
    )


def decode_strictly(body: bytes, model: type[S]) -> S:
    """Decode a response, all of whose fields must be fields of the model."""
    decoded = json.decode(body, type=model)
    assert _without_nulls(json.decode(body)) == _without_nulls(to_builtins(decoded))
    return decoded


def decode_exactly(body: bytes, model: type[S]) -> S:
    """Decode a response, whose keys must be exactly those of the model, in the same order."""
    decoded = json.decode(body, type=model)
    assert json.encode(decoded) == body
    return decoded


def _without_nulls(value: Any) -> Any:
    """Remove nulls: models do not determine how missing values are represented."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
