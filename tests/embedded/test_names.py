"""The public names: cheap to import, typed, and with examples that run."""

import doctest
import inspect
import subprocess
import sys
from datetime import datetime
from importlib import import_module
from typing import Any, assert_type

import pytest

import mockserver
import mockserver.embedded
from mockserver import (
    AdminClient,
    SessionMock,
    TenantHandle,
    VendorHandle,
)
from mockserver.admin_schemas.journals import FindingSummary, Verification
from mockserver.admin_schemas.limits import LimitState

HEAVY = (
    "numpy",
    "aiohttp",
    "msgspec",
    "click",
    "rich",
    "faker",
    "asyncio",
    "mockserver.embedded",
    "mockserver.world",
    "mockserver.server",
)


@pytest.mark.parametrize("module", ["mockserver", "mockserver.pytest_plugin"])
def test_import_loads_no_heavy_module(module: str) -> None:
    program = f"import sys, pytest\nbefore = set(sys.modules)\nimport {module}\nprint(*sorted(set(sys.modules) - before))"
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert module in modules
    assert [name for name in modules if name in HEAVY] == []


@pytest.mark.parametrize("name", mockserver.__all__)
def test_public_name_is_importable_and_documented(name: str) -> None:
    value = getattr(mockserver, name)

    assert name == "__version__" or inspect.getdoc(value)
    assert getattr(import_module("mockserver"), name) is value


def test_public_names_are_sorted_and_complete() -> None:
    assert mockserver.__all__ == sorted(mockserver.__all__)
    assert {*mockserver._MODULES, "__version__"} == set(mockserver.__all__)  # noqa: SLF001 -- both lists must agree
    assert len(mockserver.__all__) < 25


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'mockserver' has no attribute 'SesionMock'"):
        mockserver.SesionMock  # type: ignore[attr-defined]  # noqa: B018 -- that it is not there is the point


@pytest.mark.parametrize("module", ["session_mock", "tenant", "controls", "aiohttp_app", "vendor_access"])
def test_docstring_examples_run(module: str) -> None:
    tried = doctest.testmod(import_module(f"mockserver.embedded.{module}"))

    assert tried.failed == 0
    assert tried.attempted or module != "session_mock"


def test_handles_have_precise_types(mock: SessionMock, tenant: TenantHandle) -> None:
    limit = next(iter(tenant.limits))
    vendor = tenant.vendor(tenant.vendors[0])
    assert_type(mock.admin, AdminClient)
    assert_type(mock.create_tenant(), TenantHandle)
    assert_type(vendor, VendorHandle)
    assert_type(vendor.sites, tuple[str, ...])
    assert_type(tenant.clock.now, datetime)
    assert_type(tenant.clock.advance(1), datetime)
    assert_type(tenant.faults.add("latency", seconds=0), dict[str, Any])
    assert_type(limit, LimitState)
    assert_type(tenant.journal.findings(), list[FindingSummary])
    assert_type(tenant.verify(), Verification)
    assert_type(tenant.world.counts, list[int])
    assert_type(tenant.expected_rows(tenant.vendors[0], "x") if not tenant else [], list[Any])

    assert isinstance(vendor, VendorHandle)
    assert isinstance(tenant.clock.now, datetime)


def test_misspelled_name_is_reported_by_mypy() -> None:
    """Without an error of mypy for the name, mypy fails on this file, because the ignore would be unused."""
    with SessionMock(sessions=1) as mock, pytest.raises(AttributeError):
        mock.wrold  # type: ignore[attr-defined]  # noqa: B018 -- that it is not there is the point
