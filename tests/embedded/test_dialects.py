"""Tenants in every dialect: their paths, rows and reconciliation."""

from typing import Any

import pytest

from mockserver import SessionMock
from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.server.configuration.config import ConfigError
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import OBSERVED, Vendor
from tests.embedded.crawling import Pair, crawl, flat
from tests.made_up import NAME, PREFIX

ROWS: list[Pair] = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path and not set(endpoint.path) - {endpoint.site}
]


def name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].label}.{pair[1].name}"


def vendor_for(mock: Any) -> dict[str, str]:
    """Return a tenant's dialects by vendor."""
    return {
        behavior.partition(".")[0]: str(mock.behaviors[behavior])
        for behavior in mock.behaviors
        if behavior.endswith(f".{DIALECT}")
    }


@pytest.mark.parametrize("pair", ROWS, ids=name)
def test_reconcile_of_complete_crawl_passes_in_every_dialect(mock: SessionMock, pair: Pair) -> None:
    vendor, endpoint = pair
    with mock.create_tenant(sessions=10, seed=11, dialect={vendor.name: vendor.dialect}) as tenant:
        rows = flat(crawl(tenant, pair))
        tenant.reconcile(rows, vendor=vendor.name, endpoint=endpoint.name)
        with pytest.raises(AssertionError, match="missing: row 0 of the expected") as caught:
            tenant.reconcile(rows[1:], vendor=vendor.name, endpoint=endpoint.name)

    assert "returned by request #1 (" in str(caught.value)
    assert f"-> 200 in dialect {vendor.dialect}" in str(caught.value) or vendor.dialect == DOCUMENTED


def test_reconcile_in_dialect_with_other_paths(family: Vendor) -> None:
    listing = next(
        endpoint for endpoint in family.in_dialect(NAME).contract.endpoints if endpoint.start_field
    )
    with SessionMock(sessions=10, dialect={family.name: NAME}) as mock:
        rows = flat(crawl(mock, (family, listing)))
        mock.reconcile(rows, vendor=family.name, endpoint=listing.name)
        with pytest.raises(AssertionError, match=f"GET {PREFIX}"):
            mock.reconcile(rows[1:], vendor=family.name, endpoint=listing.name)


def test_dialect_of_server_and_tenant_is_set(mock: SessionMock) -> None:
    last = list(load_dialects())[-1]
    with SessionMock(sessions=1, dialect=OBSERVED) as observed:
        assert vendor_for(observed) == {vendor.name: vendor.observed for vendor in load()}
        with observed.create_tenant(sessions=1) as plain:
            assert set(vendor_for(plain).values()) == {DOCUMENTED}
    with mock.create_tenant(sessions=1, dialect={last.name: last.dialect}) as tenant:
        assert vendor_for(tenant)[last.name] == last.dialect
        assert mock.admin.tenant(tenant.id).vendors[last.name].dialect == last.dialect


def test_unknown_dialect_raises_config_error() -> None:
    with pytest.raises(ConfigError, match=f"'no-such'.*{OBSERVED}"):
        SessionMock(dialect="no-such").start()


def test_dialect_is_changed_like_a_behavior_and_reset(family: Vendor) -> None:
    with SessionMock(sessions=1) as mock:
        mock.behaviors[f"{family.name}.{DIALECT}"] = NAME
        assert vendor_for(mock)[family.name] == NAME
        mock.reset()
        assert vendor_for(mock)[family.name] == DOCUMENTED
