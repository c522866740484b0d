"""A vendor's definition with a mistake is refused when it is loaded, before a server could answer 500."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from mockserver.cli.main import cli
from mockserver.contract.behaviors import BASIS, DIALECT, Behavior, ByBehavior, short_name
from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.contract.pagination import OffsetPagination
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor, speaking

FAMILY = next(
    vendor
    for vendor in load()
    if any(isinstance(endpoint.pagination, OffsetPagination) for endpoint in vendor.contract.endpoints)
)
OWN = replace(
    FAMILY.contract,
    behaviors=tuple(
        each for each in FAMILY.contract.behaviors if short_name(each.name) not in (DIALECT, BASIS)
    ),
)
LIST = next(endpoint for endpoint in OWN.endpoints if isinstance(endpoint.pagination, OffsetPagination))
NUMBER = next(iter(OWN.behaviors))


def views(contract: Contract) -> dict[str, Any]:
    """Return a view for every endpoint of a contract."""
    return {endpoint.name: partial(FAMILY.respond, endpoint) for endpoint in contract.endpoints}


def vendor(contract: Contract = OWN) -> Vendor:
    """Return a vendor whose views are complete."""
    return Vendor(contract, FAMILY.names, views(contract))


def changed(**fields: Any) -> Contract:
    """Return the contract with some fields of the list changed."""
    return replace(
        OWN, endpoints=tuple(replace(each, **fields) if each is LIST else each for each in OWN.endpoints)
    )


def added(endpoint: Endpoint) -> Contract:
    """Return the contract with one endpoint more."""
    return replace(OWN, endpoints=(*OWN.endpoints, endpoint))


def status(behavior: ByBehavior) -> Contract:
    """Return the contract with a status that depends on a behavior."""
    return replace(OWN, errors={**OWN.errors, "internal": replace(OWN.errors["internal"], status=behavior)})


BROKEN: dict[str, tuple[Callable[[], object], str]] = {
    "no views": (lambda: Vendor(OWN, FAMILY.names, {}), "endpoints without a view"),
    "misspelled view": (
        lambda: Vendor(OWN, FAMILY.names, {**views(OWN), LIST.name[:-1]: lambda _: None}),  # type: ignore[dict-item,return-value]  # never called
        f"views without an endpoint: {LIST.name[:-1]}; did you mean '{LIST.name}'",
    ),
    "endpoint twice": (lambda: vendor(added(replace(LIST, paths=("/other/{site}",)))), f"duplicate endpoint '{LIST.name}'"),
    "path of another endpoint": (lambda: vendor(added(replace(LIST, name="other"))), f"duplicate path '{LIST.method} /"),
    "unknown error": (lambda: vendor(changed(errors=("nothing",))), "no error shape 'nothing'"),
    "unknown unreadable error": (lambda: vendor(changed(validation_error="nothing")), "no error shape 'nothing'"),
    "unknown parameter of pages": (lambda: vendor(changed(paging=OffsetPagination("nothing", None, 10))), "no parameter 'nothing'"),
    "unknown parameter of the example": (lambda: vendor(changed(example={"nothing": 1})), "no parameter 'nothing'"),
    "unknown parameter of everything": (lambda: vendor(changed(all_rows_params={"nothing": 1})), "no parameter 'nothing'"),
    "unknown total": (lambda: vendor(changed(paging=replace(LIST.pagination, count="nothing"))), "no field 'nothing' in the response"),
    "unknown rows": (lambda: vendor(changed(rows="nothing")), "no field 'nothing' in the response"),
    "unknown identity": (lambda: vendor(changed(identity=("nothing",))), "nothing' in the response"),
    "unknown path parameter": (lambda: vendor(changed(paths=("/other/{nothing}",))), "paths and path parameters differ"),
    "behavior of another vendor": (lambda: vendor(replace(OWN, behaviors=(replace(NUMBER, name="x.y"),))), "must begin with"),
    "behavior twice": (lambda: vendor(replace(OWN, behaviors=(*OWN.behaviors, NUMBER))), f"duplicate behavior '{NUMBER.name}'"),
    "unknown default": (
        lambda: vendor(replace(OWN, behaviors=(*OWN.behaviors, Behavior(name=f"{OWN.vendor}.x", description="X.", default="a", options={"b": "B."})))),
        "has no option 'a'",
    ),
    "unknown behavior of a status": (lambda: vendor(status(ByBehavior(NUMBER.name + "x", {}))), f"did you mean '{NUMBER.name}'"),
    "unknown option of a status": (lambda: vendor(status(ByBehavior(NUMBER.name, {"nothing": 400}))), "has no option 'nothing'"),
    "no documented dialect": (lambda: speaking(vendor(replace(OWN, dialect="other"))), "there is no dialect 'documented'"),
    "unknown observed dialect": (lambda: speaking(vendor(), observed="nothing"), "there is no dialect 'nothing'"),
    "dialect twice": (lambda: speaking(vendor(), vendor()), "two dialects have the same name"),
    "dialects made twice": (lambda: speaking(speaking(vendor())), "was passed to speaking() twice"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BROKEN)
def test_broken_definition_is_refused_when_made(mistake: str) -> None:
    """The error names the vendor and the mistake."""
    make, says = BROKEN[mistake]
    with pytest.raises(ContractError) as refused:
        make()

    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{OWN.vendor}: ")


@pytest.fixture(name="registry")
def _registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], None]]:
    """Replace the vendor that a folder provides, for one test."""

    def provide(vendor: object) -> None:
        module = import_module(f"mockserver.vendors.{FAMILY.name}")
        if vendor is None:
            monkeypatch.delattr(module, "VENDOR")
        else:
            monkeypatch.setattr(module, "VENDOR", vendor)
        load.cache_clear()

    yield provide
    monkeypatch.undo()
    load.cache_clear()


FOLDERS: dict[str, tuple[Callable[[], object], str]] = {
    "no dialects": (vendor, "VENDOR has no dialects; write VENDOR = speaking(Vendor(...))"),
    "no vendor": (lambda: None, "VENDOR must be a Vendor, and is missing"),
    "a contract": (lambda: OWN, "VENDOR must be a Vendor, and is Contract"),
    "vendor of another folder": (
        lambda: (
            import_module(f"mockserver.vendors.{next(name for name in NAMES if name != FAMILY.name)}").VENDOR
        ),
        f"name it '{FAMILY.name}', as its folder",
    ),
}


@pytest.mark.parametrize("mistake", FOLDERS)
def test_broken_folder_is_refused_at_load(mistake: str, registry: Callable[[object], None]) -> None:
    """So no server starts with it."""
    make, says = FOLDERS[mistake]
    registry(make())
    with pytest.raises(ContractError) as refused:
        load()

    assert says in str(refused.value)
    assert str(refused.value).startswith(f"mockserver.vendors.{FAMILY.name}: ")
    assert isinstance(CliRunner().invoke(cli, ["world"]).exception, ContractError)
