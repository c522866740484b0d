"""A tenant in whatever dialect is crawled by its paths and reconciled by its rows."""

from typing import Any

import pytest

from mockserver import SessionMock
from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.server.tenancy.config import ConfigError
from mockserver.vendors import every, load
from mockserver.vendors.base import OBSERVED, Vendor
from tests.library.crawling import Pair, crawl, flat
from tests.made_up import NAME, PREFIX

ROWS: list[Pair] = [
    (vendor, endpoint)
    for vendor in every()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path and not set(endpoint.path) - {endpoint.site}
]


def name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].label}.{pair[1].name}"


def vendor_for(mock: Any) -> dict[str, str]:
    """The dialects that a tenant's behaviors name."""
    return {
        behavior.partition(".")[0]: str(mock.behaviors[behavior])
        for behavior in mock.behaviors
        if behavior.endswith(f".{DIALECT}")
    }


@pytest.mark.parametrize("pair", ROWS, ids=name)
def test_right_crawl_is_reconciled_in_every_dialect(mock: SessionMock, pair: Pair) -> None:
    """What a client collected by the dialect's own pages is what it had to collect; one row less is found and blamed."""
    vendor, endpoint = pair
    with mock.tenant(sessions=10, seed=11, dialect={vendor.name: vendor.dialect}) as tenant:
        rows = flat(crawl(tenant, pair))
        tenant.reconcile(rows, vendor=vendor.name, endpoint=endpoint.name)
        with pytest.raises(AssertionError, match="missing: row 0 of those due") as caught:
            tenant.reconcile(rows[1:], vendor=vendor.name, endpoint=endpoint.name)

    assert "on the page of exchange 1 (" in str(caught.value)
    assert f"-> 200 in dialect {vendor.dialect}" in str(caught.value) or vendor.dialect == DOCUMENTED


def test_dialect_whose_paths_are_others_is_crawled(family: Vendor) -> None:
    """Also one that is asked for elsewhere: reconciling knows which exchange carried a row."""
    listing = next(
        endpoint for endpoint in family.in_dialect(NAME).contract.endpoints if endpoint.start_field
    )
    with SessionMock(sessions=10, dialect={family.name: NAME}) as mock:
        rows = flat(crawl(mock, (family, listing)))
        mock.reconcile(rows, vendor=family.name, endpoint=listing.name)
        with pytest.raises(AssertionError, match=f"GET {PREFIX}"):
            mock.reconcile(rows[1:], vendor=family.name, endpoint=listing.name)


def test_server_and_tenant_are_told_a_dialect(mock: SessionMock) -> None:
    """As one name or vendor by vendor; a tenant that is told none is as documented, whatever the server's own speaks."""
    last = list(every())[-1]
    with SessionMock(sessions=1, dialect=OBSERVED) as observed:
        assert vendor_for(observed) == {vendor.name: vendor.observed for vendor in load()}
        with observed.tenant(sessions=1) as plain:
            assert set(vendor_for(plain).values()) == {DOCUMENTED}
    with mock.tenant(sessions=1, dialect={last.name: last.dialect}) as tenant:
        assert vendor_for(tenant)[last.name] == last.dialect
        assert mock.admin.tenant(tenant.id).vendors[last.name].dialect == last.dialect


def test_unknown_dialect_is_refused() -> None:
    """Before a server starts, with the list."""
    with pytest.raises(ConfigError, match=f"'no-such'.*{OBSERVED}"):
        SessionMock(dialect="no-such").start()


def test_choice_of_a_dialect_is_set_as_any_other(family: Vendor) -> None:
    """A running tenant's vendors change their dialect, and a reset comes back."""
    with SessionMock(sessions=1) as mock:
        mock.behaviors[f"{family.name}.{DIALECT}"] = NAME
        assert vendor_for(mock)[family.name] == NAME
        mock.reset()
        assert vendor_for(mock)[family.name] == DOCUMENTED
