"""A vendor's handle has what a client of every endpoint needs."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from mockserver import SessionMock, TenantHandle
from mockserver.contract.http.credentials import BodyKeys
from mockserver.embedded.vendor_access import VendorHandle
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.embedded.crawling import ALL, LISTS, Pair, name, send
from tests.support.tls import TLS


@pytest.mark.parametrize("pair", ALL, ids=name)
def test_vendor_handle_authenticates_at_every_endpoint(tenant: TenantHandle, pair: Pair) -> None:
    vendor, endpoint = tenant.vendor(pair[0].name), pair[1]
    with httpx.Client(verify=TLS) as http:
        response = send(http, vendor, endpoint, dict(endpoint.example))
        [exchange] = tenant.journal
        unauthenticated = send(http, replace(vendor, headers={}, body={}), endpoint, {})

    assert exchange["error"] not in ("missing_credential", "wrong_credential", "forbidden", "unknown_path")
    assert exchange["endpoint"] == endpoint.name
    assert response.status_code != unauthenticated.status_code or unauthenticated.status_code == 404


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("site", [0, 1, -1])
def test_for_site_returns_rows_of_that_site(tenant: TenantHandle, pair: Pair, site: int) -> None:
    vendor = tenant.vendor(pair[0].name).for_site(site)
    paths = dict.fromkeys(pair[1].path, vendor.sites[site])
    with httpx.Client(verify=TLS) as http:
        response = send(http, vendor, pair[1], {**dict(pair[1].example), **paths})
    expected = tenant.expected_rows(pair[0].name, pair[1].name, site=vendor.sites[site])

    assert response.status_code == 200
    assert vendor.for_site(1).for_site(0) == tenant.vendor(pair[0].name)
    assert expected == tenant.expected_rows(pair[0].name, pair[1].name, site=site % 2)
    assert expected != tenant.expected_rows(pair[0].name, pair[1].name, site=1 - site % 2)


def test_for_site_replaces_key_of_site_in_headers_and_body() -> None:
    """No vendor of the registry has a bearer token for each site."""
    parts: Any = {"name": "made-up", "base_url": "http://mock.test", "sites": ("one", "two"), "segments": {}}
    handles = [
        VendorHandle(
            credentials={"token": key, "secret": "s"},
            headers={"Authorization": f"Bearer {key}"},
            body={"key": key, "secret": "s"},
            **parts,
        )
        for key in ("one", "two")
    ]

    assert [handles[0].for_site(site) for site in (0, 1)] == handles


def test_for_site_unknown_site_raises_index_error(tenant: TenantHandle) -> None:
    with pytest.raises(IndexError, match="unknown site 2; use 0 to 1"):
        tenant.vendor(load()[0].name).for_site(2)


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
def test_vendor_handle_has_sites_and_segments(tenant: TenantHandle, vendor: Vendor) -> None:
    handle = tenant.vendor(vendor.name)
    keyed = any(isinstance(endpoint.credentials, BodyKeys) for endpoint in vendor.contract.endpoints)

    assert (handle.name, handle.base_url, len(handle.sites)) == (
        vendor.name,
        tenant.url,
        len(tenant.world.counts),
    )
    assert (bool(handle.body), bool(handle.headers)) == (keyed, not keyed)
    assert set(handle.body.values()) <= set(handle.credentials.values())
    assert handle.segments == tenant.vendor(vendor.name).segments


def test_configured_credential_is_in_vendor_handle(mock: SessionMock) -> None:
    for vendor in load():
        for credential in mock.vendor(vendor.name).credentials:
            with mock.create_tenant(credentials={f"{vendor.name}.{credential}": "chosen-by-me"}) as tenant:
                handle = tenant.vendor(vendor.name)

                assert "chosen-by-me" in str([handle.headers, handle.body])


def test_unknown_vendor_raises_value_error_with_suggestion(tenant: TenantHandle) -> None:
    name = load()[0].name
    with pytest.raises(ValueError, match=f"did you mean '{name}'"):
        tenant.vendor(name[:-1])
    with pytest.raises(ValueError, match=f"{name}"):
        tenant.vendor("§")
