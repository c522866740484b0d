"""Pickling handles for other processes: data works, everything else raises with a remedy."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import AdminClient, CheckedTenant, SessionMock, TenantHandle
from mockserver.vendors import NAMES
from tests.embedded.sweep import PARTS

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
def test_pickle_of_handle_raises_with_remedy(
    mock: SessionMock, tenant: TenantHandle, kind: str, protocol: int
) -> None:
    handle = HANDLES[kind](mock, tenant)
    with pytest.raises(
        TypeError, match=rf"cannot pickle a {type(handle).__name__}: .*`url`.*SessionMock\.connect\(url\)"
    ):
        pickle.dumps([handle], protocol)


def test_checked_tenant_is_tenant_handle() -> None:
    assert issubclass(CheckedTenant, TenantHandle)


@pytest.mark.parametrize("name", NAMES)
def test_pickled_vendor_handle_works_in_another_process(tenant: TenantHandle, name: str) -> None:
    vendor = tenant.vendor(name)
    code = "import pickle, sys; vendor = pickle.load(sys.stdin.buffer); sys.stdout.write(repr(vendor.for_site(1).sites))"
    output = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(vendor), capture_output=True, check=True
    ).stdout

    assert pickle.loads(pickle.dumps(vendor)) == vendor  # noqa: S301 -- it was pickled here
    assert output.decode() == repr(vendor.sites)
