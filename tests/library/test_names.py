"""The public names: few, light to import, typed, and their examples run."""

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
from mockserver.admin_schemas import FindingSummary, LimitState, Verification

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
def test_import_is_light(module: str) -> None:
    """Importing the package, or the plugin that every run of pytest imports, pulls in nothing heavy."""
    program = f"import sys, pytest\nbefore = set(sys.modules)\nimport {module}\nprint(*sorted(set(sys.modules) - before))"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert module in told
    assert [name for name in told if name in HEAVY] == []


@pytest.mark.parametrize("name", mockserver.__all__)
def test_public_name_is_there(name: str) -> None:
    """Each name can be imported, is documented, and is the same however it is reached."""
    found = getattr(mockserver, name)

    assert name == "__version__" or inspect.getdoc(found)
    assert getattr(import_module("mockserver"), name) is found


def test_public_names_are_few() -> None:
    """They fit on a screen, in order, and every name that is found lazily is among them."""
    assert mockserver.__all__ == sorted(mockserver.__all__)
    assert {*mockserver._PLACES, "__version__"} == set(mockserver.__all__)  # noqa: SLF001 -- both lists must agree
    assert len(mockserver.__all__) < 25


def test_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'mockserver' has no attribute 'SesionMock'"):
        mockserver.SesionMock  # type: ignore[attr-defined]  # noqa: B018 -- that it is not there is the point


@pytest.mark.parametrize("module", ["mock", "tenant", "parts", "app", "vendor"])
def test_examples_run(module: str) -> None:
    """Every example in a docstring of the library says what comes of it."""
    tried = doctest.testmod(import_module(f"mockserver.embedded.{module}"))

    assert tried.failed == 0
    assert tried.attempted or module != "mock"


def test_handles_are_typed(mock: SessionMock, tenant: TenantHandle) -> None:
    """A type checker knows what everything gives: mypy reads these lines, and they are true."""
    limit = next(iter(tenant.limits))
    vendor = tenant.vendor(tenant.vendors[0])
    assert_type(mock.admin, AdminClient)
    assert_type(mock.tenant(), TenantHandle)
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


def test_misspelled_name_is_found_by_a_type_checker() -> None:
    """That a server says what to do before it runs hides no name from mypy: without its complaint this file would fail its check."""
    with SessionMock(sessions=1) as mock, pytest.raises(AttributeError):
        mock.wrold  # type: ignore[attr-defined]  # noqa: B018 -- that it is not there is the point
