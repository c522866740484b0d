"""A dialect that differs from the documented one wherever a dialect may, for tests that need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Final

import pytest
from msgspec.structs import replace

from mockserver.contract.behaviors import BASIS, CORS, DIALECT, ENCODING, Behavior, short_name
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.provenance import Basis, Fact
from mockserver.server.expected.examples import openapi
from mockserver.server.http import redaction as redact
from mockserver.vendors import load
from mockserver.vendors.base import Vendor, with_dialects

NAME: Final = "made-up"
PLACE: Final = "made_up_key"
"""The query parameter in which the dialect takes a key."""
PREFIX: Final = "/moved"
"""Prefix of its paths."""


@contextmanager
def made_up() -> Iterator[Vendor]:
    """Replace the dialects of a vendor with sites in its paths: the documented one and this one remain."""
    family = next(vendor for vendor in load() if any(endpoint.site for endpoint in vendor.contract.endpoints))
    contract = replace(
        family.contract,
        behaviors=tuple(
            behavior
            for behavior in family.contract.behaviors
            if short_name(behavior.name) not in (DIALECT, BASIS, CORS, ENCODING)
        ),
        endpoints=tuple(replace(endpoint, credentials=Bearer()) for endpoint in family.contract.endpoints),
    )
    switch = next(behavior for behavior in contract.behaviors if len(behavior.options) > 1)
    other = replace(
        contract,
        dialect=NAME,
        description="An invented dialect.",
        endpoints=tuple(map(_moved, contract.endpoints)),
        errors={name: _renamed(name, shape) for name, shape in contract.errors.items()},
        behaviors=contract.behaviors_with_defaults(**{short_name(switch.name): another(switch)}),
    )
    module = import_module(f"mockserver.vendors.{family.name}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            module,
            "VENDOR",
            with_dialects(_with_contract(family, contract), _with_contract(family, other), observed=NAME),
        )
        _clear_caches()
        yield load()[[vendor.name for vendor in load()].index(family.name)]
    _clear_caches()


def another(behavior: Behavior) -> str:
    """Return an option that is not the default."""
    return next(option for option in behavior.options if option != behavior.default)


def _with_contract(family: Vendor, contract: Contract) -> Vendor:
    """Return a vendor with another contract and the same views."""
    return Vendor(
        contract,
        family.create_identifiers,
        {endpoint.name: partial(family.respond, endpoint) for endpoint in contract.endpoints},
    )


def _moved(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, paths=(PREFIX + endpoint.paths[0],), credentials=Bearer(query=PLACE))


def _renamed(name: str, shape: ErrorTemplate) -> ErrorTemplate:
    return replace(shape, status=418, body={NAME: name}, text=False, fact=Fact("Made up.", Basis.ASSUMED))


def _clear_caches() -> None:
    """Clear every cache that depends on the registry."""
    for cached in (load, openapi, redact.credential_fields, redact._assignment_pattern):  # noqa: SLF001 -- only tests replace the registry
        cached.cache_clear()
