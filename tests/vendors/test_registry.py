"""The registry and the contracts it names."""

import re
import subprocess
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.endpoint import ContractError
from mockserver.contract.provenance import Basis, Fact
from mockserver.contract.validation import ContractKeywordError, fields
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor

ROOT = Path(__file__).parents[2]
VENDORS = load()


def test_registry_names_every_folder() -> None:
    """A vendor's folder and its line in the registry go together."""
    folders = {path.parent.name for path in (ROOT / "mockserver" / "vendors").glob("*/__init__.py")}

    assert folders == set(NAMES)
    assert [vendor.name for vendor in VENDORS] == list(NAMES)


def test_no_module_outside_a_vendors_folder_names_a_vendor() -> None:
    """Server, world, contract and commands know no vendor: a fifth is a folder and a line.

    The project in tests/consumer is somebody else's, and a client of each vendor.
    """
    listed = subprocess.run(
        ["git", "ls-files", "mockserver/*.py", "tests/*.py"],  # noqa: S607 -- git as it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    outside = [
        path
        for path in listed.stdout.split()
        if not re.match(r"(mockserver|tests)/vendors/|tests/consumer/", path)
    ]
    named = [
        path
        for path in outside
        if re.search("|".join(NAMES), (ROOT / path).read_text(encoding="utf-8"), re.IGNORECASE)
    ]

    assert outside
    assert named == []


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_every_fact_has_a_basis_and_what_is_not_chosen_a_source(vendor: Vendor) -> None:
    """Whoever reads a fact can go and look, unless nobody says it."""
    sourceless = [
        where
        for where, fact in vendor.contract.facts()
        if fact.source is None and fact.basis not in (Basis.ASSUMED, Basis.INFERRED)
    ]

    assert vendor.contract.facts()
    assert sourceless == []


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_every_choice_reads_its_own_settings_and_refuses_others(vendor: Vendor) -> None:
    """A behavior takes its default and each option, and nothing else."""
    for behavior in vendor.contract.behaviors:
        settings: list[str | int] = [*behavior.options] or [0, 5, "7"]

        assert [str(behavior.read(each)) for each in settings] == [str(each) for each in settings]
        assert behavior.read(behavior.default) == behavior.default
        with pytest.raises(ValueError, match=re.escape(behavior.name)):
            behavior.read("no such thing")


def test_contract_that_contradicts_itself_is_refused_at_load() -> None:
    """An endpoint that names an unknown behavior, path parameter or error shape stops the start."""
    contract = VENDORS[0].contract
    broken = replace(contract, errors={})

    with pytest.raises(ContractError, match="no error shape 'missing_credential'"):
        broken.check()
    with pytest.raises(ContractError, match="without a view"):
        Vendor(contract, VENDORS[0].names, {})


def test_unknown_contract_keyword_is_refused() -> None:
    """What nobody reads, and a field without a fact, are errors and not ignored."""

    class Noted(Struct):
        one: Annotated[int, Fact("x", Basis.ASSUMED), "nobody reads this"]

    class Bare(Struct):
        one: int

    with pytest.raises(ContractKeywordError, match="nobody reads"):
        fields(Noted)
    with pytest.raises(ContractKeywordError, match="exactly one Fact"):
        fields(Bare)
