"""What a vendor's handle says opens every endpoint of that vendor."""

import httpx
import pytest
from msgspec.structs import replace

from mockserver import SessionMock, TenantHandle
from mockserver.contract.credentials import BodyKeys
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.library.crawling import ALL, LISTS, Pair, name, send


@pytest.mark.parametrize("pair", ALL, ids=name)
def test_handle_opens_every_endpoint(tenant: TenantHandle, pair: Pair) -> None:
    """With its base URL, headers and body fields a request is let in; without them it is nobody's."""
    vendor, endpoint = tenant.vendor(pair[0].name), pair[1]
    with httpx.Client() as http:
        told = send(http, vendor, endpoint, dict(endpoint.example))
        bare = send(http, replace(vendor, headers={}, body={}), endpoint, {})
    [exchange] = tenant.journal

    assert exchange["error"] not in ("missing_credential", "wrong_credential", "forbidden", "unknown_path")
    assert exchange["endpoint"] == endpoint.name
    assert told.status_code != bare.status_code or bare.status_code == 404


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("site", [0, 1, -1])
def test_handle_of_another_site_opens_that_site(tenant: TenantHandle, pair: Pair, site: int) -> None:
    """Its credentials or its id in the path name the other site, and its rows are what comes."""
    vendor = tenant.vendor(pair[0].name).for_site(site)
    paths = dict.fromkeys(pair[1].path, vendor.sites[site])
    with httpx.Client() as http:
        told = send(http, vendor, pair[1], {**dict(pair[1].example), **paths})
    expected = tenant.expected_rows(pair[0].name, pair[1].name, site=vendor.sites[site])

    assert told.status_code == 200
    assert vendor.for_site(1).for_site(0) == tenant.vendor(pair[0].name)
    assert expected == tenant.expected_rows(pair[0].name, pair[1].name, site=site % 2)
    assert expected != tenant.expected_rows(pair[0].name, pair[1].name, site=1 - site % 2)


def test_site_that_is_not_there_is_an_index_error(tenant: TenantHandle) -> None:
    """It says which sites there are."""
    with pytest.raises(IndexError, match="sites are 0 to 1"):
        tenant.vendor(load()[0].name).for_site(2)


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
def test_handle_knows_sites_and_segments(tenant: TenantHandle, vendor: Vendor) -> None:
    """As many sites as the world has, every credential, and the vendor's id of each segment."""
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


def test_given_credential_is_what_the_handle_sends(mock: SessionMock) -> None:
    """A credential that somebody chose stands in the headers or in the body, for every vendor."""
    for vendor in load():
        for credential in mock.vendor(vendor.name).credentials:
            with mock.tenant(credentials={f"{vendor.name}.{credential}": "chosen-by-me"}) as tenant:
                handle = tenant.vendor(vendor.name)

                assert "chosen-by-me" in str([handle.headers, handle.body])


def test_unknown_vendor_has_a_near_one(tenant: TenantHandle) -> None:
    """The error says what was probably meant, or which vendors there are."""
    known = load()[0].name
    with pytest.raises(ValueError, match=f"did you mean '{known}'"):
        tenant.vendor(known[:-1])
    with pytest.raises(ValueError, match=f"known are {known}"):
        tenant.vendor("§")
