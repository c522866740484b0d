"""Requests to documented paths that are not imitated, and near misses in general."""

import re
from typing import Any

import pytest

from mockserver.server.http.router import NoRoute, Router
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

VENDORS = load()
WITH_OTHER_PATHS = [vendor for vendor in VENDORS if vendor.contract.other_paths]


def fill(template: str) -> str:
    """Return a path of a template."""
    return re.sub("{[^}]*}", "some-id", template)


def read_near_miss(mock: Any) -> tuple[str, str, str]:
    """Return vendor, path and difference of the first near miss of the last exchange."""
    exchange = [*mock.served.unmatched, *mock.tenant.journal][-1]
    first = exchange.near_misses[0]
    return first.vendor, first.path, first.difference


@pytest.mark.parametrize("vendor", WITH_OTHER_PATHS, ids=lambda vendor: vendor.name)
def test_other_paths_are_not_those_of_endpoints(vendor: Vendor) -> None:
    router = Router([vendor])
    paths = vendor.contract.other_paths

    assert len(set(paths)) == len(paths)
    for path in paths:
        assert isinstance(router.match("GET", fill(path), "", vendor), NoRoute)


@pytest.mark.parametrize("prefixed", [True, False], ids=["prefixed", "root"])
@pytest.mark.parametrize("vendor", WITH_OTHER_PATHS, ids=lambda vendor: vendor.name)
async def test_other_path_is_reported_as_not_imitated(
    serve: Any, vendor: Vendor, caplog: pytest.LogCaptureFixture, *, prefixed: bool
) -> None:
    mock = await serve()
    headers = {"Authorization": f"Bearer {mock.tenant.identifiers[vendor.name].credentials['token']}"}
    expected = f"{vendor.name} documents this path, but it is not imitated"
    for template in vendor.contract.other_paths:
        path = f"/{vendor.name}" * prefixed + fill(template)
        async with mock.client.get(path, headers=headers) as response:
            assert response.status == 404

        assert read_near_miss(mock) == (vendor.name, template, expected)
        assert expected in caplog.messages[-1]


@pytest.mark.parametrize("vendor", WITH_OTHER_PATHS, ids=lambda vendor: vendor.name)
async def test_near_miss_of_typo_is_endpoint_of_vendor_whose_credential_was_sent(
    serve: Any, vendor: Vendor
) -> None:
    mock = await serve()
    headers = {"Authorization": f"Bearer {mock.tenant.identifiers[vendor.name].credentials['token']}"}
    for path in ("/sessions/list", "/api/v2/sessions", "/api/v1/exports/session", "/stats"):
        async with mock.client.get(path, headers=headers) as response:
            assert response.status == 404

        assert read_near_miss(mock)[0] == vendor.name
