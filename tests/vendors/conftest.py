"""What the tests of vendors share: a request without HTTP, and the answer read as strictly as its contract allows."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct, json, to_builtins

from mockserver.vendors.base import Vendor, ViewRequest
from mockserver.world.model.spec import DEFAULT_END
from mockserver.world.world import World

S = TypeVar("S", bound=Struct)
KEY = 11
"""The tenant's."""


def asked(
    vendor: Vendor,
    world: World,
    *,
    now: int = DEFAULT_END,
    behaviors: Mapping[str, str] | None = None,
    **parts: Any,
) -> ViewRequest:
    """A request to a vendor's first site; every behavior is at its default but those given, and so are its other parts."""
    settings: dict[str, Any] = {
        behavior.name.partition(".")[2]: behavior.default for behavior in vendor.contract.behaviors
    }
    for name, value in (behaviors or {}).items():
        settings[name] = vendor.contract.behavior(f"{vendor.name}.{name}").read(value)
    names = vendor.names(KEY, world, {})
    usual: dict[str, Any] = {"query": None, "body": None, "path": {}, "site": world.sites[0]}
    return ViewRequest(world=world, now=now, behaviors=settings, names=names, **(usual | parts))


def strictly(body: bytes, model: type[S]) -> S:
    """Read an answer, of whose fields the model must know every one."""
    found = json.decode(body, type=model)
    assert _valued(json.decode(body)) == _valued(to_builtins(found))
    return found


def exactly(body: bytes, model: type[S]) -> S:
    """Read an answer, which is written just as its model is: no key more or less, in that order."""
    found = json.decode(body, type=model)
    assert json.encode(found) == body
    return found


def _valued(value: Any) -> Any:
    """Leave out what is null: whether a field without a value is told is not the model's to say."""
    if isinstance(value, dict):
        return {name: _valued(each) for name, each in value.items() if each is not None}
    return [_valued(each) for each in value] if isinstance(value, list) else value
