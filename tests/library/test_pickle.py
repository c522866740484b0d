"""Handles and other processes: what is data can be pickled, all else names the remedy."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import AdminClient, CheckedTenant, SessionMock, TenantHandle
from mockserver.vendors import NAMES
from tests.library.sweep import PARTS

HANDLES: dict[str, Callable[[SessionMock, TenantHandle], Any]] = {
    "server": lambda mock, _: mock,
    "server that is not running": lambda _, __: SessionMock(),
    "connected server": lambda mock, _: SessionMock.connect(mock.url),
    "tenant": lambda _, tenant: tenant,
    "client": lambda mock, _: mock.admin,
    "client over HTTP": lambda mock, _: AdminClient(mock.url),
    **{part: lambda _, tenant, part=part: getattr(tenant, part) for part in PARTS},  # type: ignore[misc]  # a default binds it
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", HANDLES)
def test_pickled_handle_names_the_remedy(
    mock: SessionMock, tenant: TenantHandle, kind: str, protocol: int
) -> None:
    """In every protocol, as what ``multiprocessing`` would send."""
    handle = HANDLES[kind](mock, tenant)
    with pytest.raises(
        TypeError, match=rf"cannot pickle a {type(handle).__name__}: .*`url`.*SessionMock\.connect\(url\)"
    ):
        pickle.dumps([handle], protocol)


def test_checked_tenant_is_a_handle_too() -> None:
    """So pickling it names the remedy as well."""
    assert issubclass(CheckedTenant, TenantHandle)


@pytest.mark.parametrize("name", NAMES)
def test_pickled_vendor_handle_is_used_in_another_process(tenant: TenantHandle, name: str) -> None:
    """It is plain data: equal here, and complete there."""
    vendor = tenant.vendor(name)
    code = "import pickle, sys; vendor = pickle.load(sys.stdin.buffer); sys.stdout.write(repr(vendor.for_site(1).sites))"
    there = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(vendor), capture_output=True, check=True
    ).stdout

    assert pickle.loads(pickle.dumps(vendor)) == vendor  # noqa: S301 -- it was pickled here
    assert there.decode() == repr(vendor.sites)
