"""A dialect that differs from the documented one in all that a dialect may, for tests that hold whatever dialects vendors have."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Final

import pytest
from msgspec.structs import replace

from mockserver.contract.behaviors import BASIS, DIALECT, Behavior, short_name
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.provenance import Basis, Fact
from mockserver.server.expected.examples import openapi
from mockserver.server.http import redaction as redact
from mockserver.vendors import load
from mockserver.vendors.base import Vendor, speaking

NAME: Final = "made-up"
PLACE: Final = "made_up_key"
"""The query parameter in which the dialect takes a key."""
PREFIX: Final = "/moved"
"""What its paths begin with."""


@contextmanager
def made_up() -> Iterator[Vendor]:
    """While it is open, a vendor that has its sites in the path has this dialect beside the documented one, and no other."""
    family = next(vendor for vendor in load() if any(endpoint.site for endpoint in vendor.contract.endpoints))
    contract = replace(
        family.contract,
        behaviors=tuple(
            behavior
            for behavior in family.contract.behaviors
            if short_name(behavior.name) not in (DIALECT, BASIS)
        ),
        endpoints=tuple(replace(endpoint, credentials=Bearer()) for endpoint in family.contract.endpoints),
    )
    switch = next(behavior for behavior in contract.behaviors if len(behavior.options) > 1)
    other = replace(
        contract,
        dialect=NAME,
        description="As nobody has it.",
        endpoints=tuple(map(_moved, contract.endpoints)),
        errors={name: _renamed(name, shape) for name, shape in contract.errors.items()},
        behaviors=contract.preferring(**{short_name(switch.name): another(switch)}),
    )
    module = import_module(f"mockserver.vendors.{family.name}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            module, "VENDOR", speaking(_spoken(family, contract), _spoken(family, other), observed=NAME)
        )
        _forget()
        yield load()[[vendor.name for vendor in load()].index(family.name)]
    _forget()


def another(behavior: Behavior) -> str:
    """An option that is not the default."""
    return next(option for option in behavior.options if option != behavior.default)


def _spoken(family: Vendor, contract: Contract) -> Vendor:
    """A contract with the views that the vendor has anyway."""
    return Vendor(
        contract,
        family.names,
        {endpoint.name: partial(family.respond, endpoint) for endpoint in contract.endpoints},
    )


def _moved(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, paths=(PREFIX + endpoint.paths[0],), credentials=Bearer(query=PLACE))


def _renamed(name: str, shape: ErrorTemplate) -> ErrorTemplate:
    return replace(shape, status=418, body={NAME: name}, text=False, fact=Fact("Made up.", Basis.ASSUMED))


def _forget() -> None:
    """Whatever was read of the registry is read anew."""
    for cached in (load, openapi, redact.names, redact._named):  # noqa: SLF001 -- nobody else replaces the registry
        cached.cache_clear()
