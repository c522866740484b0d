"""Mistakes in the definition of a vendor raise ContractError when it is checked or loaded."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import pytest
from click.testing import CliRunner
from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.cli.main import cli
from mockserver.contract.behaviors import BASIS, DIALECT, Behavior, ByBehavior, short_name
from mockserver.contract.checks import check_contract
from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.contract.limits import WindowLimit
from mockserver.contract.pagination import OffsetPagination
from mockserver.contract.provenance import assumed
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor, with_dialects

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


def build_vendor(contract: Contract = OWN) -> Vendor:
    """Check a contract as the tests of the registry do, and return a vendor whose views are complete."""
    check_contract(contract)
    return Vendor(contract, FAMILY.create_identifiers, views(contract))


def with_list_fields(**fields: Any) -> Contract:
    """Return the contract with some fields of the list changed."""
    return replace(
        OWN, endpoints=tuple(replace(each, **fields) if each is LIST else each for each in OWN.endpoints)
    )


def with_endpoint(endpoint: Endpoint) -> Contract:
    """Return the contract with one endpoint more."""
    return replace(OWN, endpoints=(*OWN.endpoints, endpoint))


def with_status(behavior: ByBehavior) -> Contract:
    """Return the contract with a status that depends on a behavior."""
    return replace(OWN, errors={**OWN.errors, "internal": replace(OWN.errors["internal"], status=behavior)})


def with_limit(body: str, defaults: dict[str, str | int]) -> Contract:
    """Return the contract with a limit, and with another body of its error."""
    limit = WindowLimit(allowed=NUMBER.name, seconds=1, opens="clock", pool="all")
    template = replace(OWN.errors["internal"], body=body, defaults=defaults)
    return replace(
        with_endpoint(
            replace(LIST, name="limited", paths=("/limited",), path={}, site=None, limits=(limit,))
        ),
        errors={**OWN.errors, limit.error: template},
    )


class Unreadable(Struct):
    """A query with bounds where msgspec takes none."""

    number: Annotated[int | None, Meta(ge=0), assumed("A number.")] = None


BROKEN: dict[str, tuple[Callable[[], object], str]] = {
    "no views": (lambda: Vendor(OWN, FAMILY.create_identifiers, {}), "endpoints without a view"),
    "misspelled view": (
        lambda: Vendor(OWN, FAMILY.create_identifiers, {**views(OWN), LIST.name[:-1]: lambda _: None}),  # type: ignore[dict-item,return-value]  # never called
        f"views without an endpoint: {LIST.name[:-1]}; did you mean '{LIST.name}'",
    ),
    "endpoint twice": (lambda: build_vendor(with_endpoint(replace(LIST, paths=("/other/{site}",)))), f"duplicate endpoint '{LIST.name}'"),
    "path of another endpoint": (lambda: build_vendor(with_endpoint(replace(LIST, name="other"))), f"duplicate path '{LIST.method} /"),
    "unknown error": (lambda: build_vendor(with_list_fields(errors=("nothing",))), "no error template 'nothing'"),
    "unknown unreadable error": (lambda: build_vendor(with_list_fields(validation_error="nothing")), "no error template 'nothing'"),
    "unknown parameter of pages": (lambda: build_vendor(with_list_fields(pagination=OffsetPagination("nothing", None, 10))), "no parameter 'nothing'"),
    "unknown parameter of the example": (lambda: build_vendor(with_list_fields(example={"nothing": 1})), "no parameter 'nothing'"),
    "unknown parameter of everything": (lambda: build_vendor(with_list_fields(all_rows_params={"nothing": 1})), "no parameter 'nothing'"),
    "unknown total": (lambda: build_vendor(with_list_fields(pagination=replace(LIST.pagination, total="nothing"))), "no field 'nothing' in the response"),
    "unknown rows": (lambda: build_vendor(with_list_fields(rows_path="nothing")), "no field 'nothing' in the response"),
    "unknown identity": (lambda: build_vendor(with_list_fields(row_key=("nothing",))), "nothing' in the response"),
    "unknown path parameter": (lambda: build_vendor(with_list_fields(paths=("/other/{nothing}",))), "paths and path parameters differ"),
    "behavior of another vendor": (lambda: build_vendor(replace(OWN, behaviors=(replace(NUMBER, name="x.y"),))), "must begin with"),
    "behavior twice": (lambda: build_vendor(replace(OWN, behaviors=(*OWN.behaviors, NUMBER))), f"duplicate behavior '{NUMBER.name}'"),
    "unknown default": (
        lambda: build_vendor(replace(OWN, behaviors=(*OWN.behaviors, Behavior(name=f"{OWN.vendor}.x", description="X.", default="a", options={"b": "B."})))),
        "has no option 'a'",
    ),
    "unknown behavior of a status": (lambda: build_vendor(with_status(ByBehavior(NUMBER.name + "x", {}))), f"did you mean '{NUMBER.name}'"),
    "unknown option of a status": (lambda: build_vendor(with_status(ByBehavior(NUMBER.name, {"nothing": 400}))), "has no option 'nothing'"),
    "limit's error without defaults": (lambda: build_vendor(with_limit("error {scope}, {retryAfter}", {"scope": "burst"})), "defaults: no 'retryAfter'; a fault"),
    "bounds of a nullable number": (lambda: build_vendor(with_list_fields(query=Unreadable)), "Unreadable: Can only set `ge` on a numeric type"),
    "no documented dialect": (lambda: with_dialects(build_vendor(replace(OWN, dialect="other"))), "unknown dialect 'documented'"),
    "unknown observed dialect": (lambda: with_dialects(build_vendor(), observed="nothing"), "unknown dialect 'nothing'"),
    "dialect twice": (lambda: with_dialects(build_vendor(), build_vendor()), "two dialects have the same name"),
    "dialects made twice": (lambda: with_dialects(with_dialects(build_vendor())), "was passed to with_dialects() twice"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BROKEN)
def test_broken_definition_raises_error_with_vendor_and_mistake(mistake: str) -> None:
    make, message = BROKEN[mistake]
    with pytest.raises(ContractError) as raised:
        make()

    assert message in str(raised.value)
    assert str(raised.value).startswith(f"{OWN.vendor}: ")


@pytest.fixture(name="registry")
def _registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], None]]:
    """Return a function that replaces the vendor in a folder, for one test."""

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
    "no dialects": (
        build_vendor,
        "VENDOR has no dialects; write VENDOR = with_dialects(Vendor(...))",
    ),
    "no vendor": (lambda: None, "VENDOR is missing; write VENDOR = with_dialects(Vendor(...))"),
    "a contract": (lambda: OWN, "VENDOR is a Contract; write VENDOR = with_dialects(Vendor(...))"),
    "vendor of another folder": (
        lambda: (
            import_module(f"mockserver.vendors.{next(name for name in NAMES if name != FAMILY.name)}").VENDOR
        ),
        f"name it '{FAMILY.name}', like its folder",
    ),
}


@pytest.mark.parametrize("mistake", FOLDERS)
def test_broken_folder_raises_at_load(mistake: str, registry: Callable[[object], None]) -> None:
    make, message = FOLDERS[mistake]
    registry(make())
    with pytest.raises(ContractError) as raised:
        load()

    assert message in str(raised.value)
    assert str(raised.value).startswith(f"mockserver.vendors.{FAMILY.name}: ")
    assert isinstance(CliRunner().invoke(cli, ["world"]).exception, ContractError)
