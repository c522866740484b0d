"""Series of the wrong app, and wrong counts, differ from the expected rows of the default world."""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from mockserver import SessionMock
from mockserver.pytest_plugin.checked_tenant import CheckedTenant
from mockserver.vendors import get_vendor
from mockserver.vendors.base import Vendor
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.clients.lists import find_errors, strict_tenant
from tests.world.mistakes import MISTAKES, Count, count_days, count_sessions

LIST: Final[dict[str, Any]] = {"vendor": "braze", "endpoint": "sessions_data_series"}
MONTH: Final[dict[str, Any]] = {"length": 30, "ending_at": "2026-10-01"}
DIALECTS: Final = list(get_vendor("braze").dialects.values())


@pytest.fixture(name="tenant", params=DIALECTS, ids=lambda vendor: str(vendor.label))
def create_default_tenant(request: pytest.FixtureRequest) -> Iterator[CheckedTenant]:
    """Create a tenant with the default world."""
    vendor: Vendor = request.param
    with SessionMock() as mock, strict_tenant(mock, vendor, sessions=1000, seed=7) as tenant:
        yield tenant


def get_series(tenant: CheckedTenant, site: int, **params: Any) -> list[dict[str, Any]]:
    """Return the series of the app of a site."""
    braze = tenant.vendor("braze")
    response = httpx.get(
        f"{braze.base_url}/sessions/data_series",
        params={"app_id": braze.sites[site], **params},
        headers=braze.headers,
    )
    return list(response.json()["data"])


@pytest.mark.parametrize("params", [MONTH, {**MONTH, "unit": "hour", "length": 100}], ids=["day", "hour"])
def test_series_of_wrong_app_differs(tenant: CheckedTenant, params: dict[str, Any]) -> None:
    for site, app in enumerate(tenant.vendor("braze").sites):
        tenant.reconcile(get_series(tenant, site, **params), **LIST, app_id=app, **params)

        assert find_errors(tenant) == []
        with pytest.raises(AssertionError, match="altered: "):
            tenant.reconcile(get_series(tenant, 1 - site, **params), **LIST, app_id=app, **params)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: str(mistake.__name__))
def test_series_of_wrong_counts_differs(tenant: CheckedTenant, mistake: Count) -> None:
    world = build(spec())
    for site, app in enumerate(tenant.vendor("braze").sites):
        times = [row["time"] for row in get_series(tenant, site, **MONTH)]
        correct, wrong = (
            [
                {"time": time, "sessions": count}
                for time, count in zip(times, count_days(counted, world, site), strict=True)
            ]
            for counted in (count_sessions, mistake)
        )
        tenant.reconcile(correct, **LIST, app_id=app, **MONTH)
        with pytest.raises(AssertionError, match="altered: "):
            tenant.reconcile(wrong, **LIST, app_id=app, **MONTH)
