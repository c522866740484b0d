"""The registry of vendors and the contracts in it."""

import re
import subprocess
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.checks import check_contract
from mockserver.contract.endpoint import ContractError
from mockserver.contract.provenance import Basis, Fact, NotImitated
from mockserver.contract.validation import ContractKeywordError, fields
from mockserver.vendors import NAMES, load, load_dialects
from mockserver.vendors.base import Vendor

ROOT = Path(__file__).parents[2]
NAMED_SETTINGS = {
    "tests/cli/test_config.py",
    "tests/cli/test_exec.py",
    "tests/cli/test_intercept.py",
    "tests/harness/test_environment.py",
    "tests/pytest_plugin/test_marker.py",
    "tests/server/test_config.py",
    "tests/server/test_scenarios.py",
    "tests/server/test_snapshots.py",
    "tests/test_testcontainers.py",
}
"""Tests that set a limit, behavior or credential of a vendor, or use its variables."""
VENDORS = load()


def test_registry_contains_every_vendor_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "mockserver" / "vendors").glob("*/__init__.py")}

    assert folders == set(NAMES)
    assert [vendor.name for vendor in VENDORS] == list(NAMES)


def without_examples(source: str) -> str:
    """Remove examples in helps and docstrings: command lines, placeholders and variables."""
    return re.sub(
        r"""["']?(eval )?"session-mock [^"]*"|\{\w+\.\w+\}|SESSION_MOCK_\w+|\[limits\."[\w.]+"\]""",
        "",
        source,
    )


def test_modules_outside_vendor_folders_name_no_vendor() -> None:
    """Except tests that have clients of the vendors or set vendors' settings by name, and examples in helps and docstrings."""
    git = subprocess.run(
        ["git", "ls-files", "mockserver/*.py", "tests/*.py"],  # noqa: S607 -- git as it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = [
        path
        for path in git.stdout.split()
        if not re.match(r"(mockserver|tests)/vendors/|tests/(ci|consumer|conformance)/", path)
        and path not in NAMED_SETTINGS
    ]
    violations = [
        path
        for path in modules
        if re.search("|".join(NAMES), without_examples((ROOT / path).read_text("utf-8")), re.IGNORECASE)
    ]

    assert modules
    assert violations == []


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_facts_have_a_source_unless_assumed_or_inferred(vendor: Vendor) -> None:
    sourceless = [
        where
        for where, fact in vendor.contract.facts()
        if fact.source is None and fact.basis not in (Basis.ASSUMED, Basis.INFERRED)
    ]

    assert vendor.contract.facts()
    assert sourceless == []


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_behavior_accepts_default_and_options_only(vendor: Vendor) -> None:
    for behavior in vendor.contract.behaviors:
        settings: list[str | int] = [*behavior.options] or [0, 5, "7"]

        assert [str(behavior.read(setting)) for setting in settings] == [str(setting) for setting in settings]
        assert behavior.read(behavior.default) == behavior.default
        with pytest.raises(ValueError, match=re.escape(behavior.name)):
            behavior.read("no such thing")


@pytest.mark.parametrize("vendor", load_dialects(), ids=lambda vendor: vendor.label)
def test_contract_of_every_dialect_is_consistent(vendor: Vendor) -> None:
    check_contract(vendor.contract)


def test_inconsistent_contract_raises() -> None:
    contract = VENDORS[0].contract
    broken = replace(contract, errors={})

    with pytest.raises(ContractError, match="no error template 'missing_credential'"):
        check_contract(broken)
    with pytest.raises(ContractError, match="not_imitated 'a': unknown source 'b'"):
        check_contract(replace(contract, not_imitated=(NotImitated("a", "1", "2", "b"),)))
    with pytest.raises(ContractError, match="without a view"):
        Vendor(contract, VENDORS[0].create_identifiers, {})


def test_unknown_annotation_and_field_without_fact_raise() -> None:
    class Noted(Struct):
        one: Annotated[int, Fact("x", Basis.ASSUMED), "unknown annotation"]

    class Bare(Struct):
        one: int

    with pytest.raises(ContractKeywordError, match="unknown annotation"):
        fields(Noted)
    with pytest.raises(ContractKeywordError, match="exactly one Fact"):
        fields(Bare)
