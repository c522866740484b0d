"""The aiohttp application in the event loop of its caller."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mockserver import create_app, tenant_of
from mockserver.server.configuration.config import ConfigError
from tests.embedded.crawling import ALL, LISTS, Pair, name

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].rows_path], ids=name)
async def test_application_in_caller_loop_serves_every_list(aiohttp_client: Any, pair: Pair) -> None:
    app = create_app(sessions=5)
    client, tenant = await aiohttp_client(app), tenant_of(app)
    vendor, endpoint = tenant.vendor(pair[0].name), pair[1]
    path = vendor.base_url + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, vendor.sites[0]))
    fields = (
        {"json": {**vendor.body, **endpoint.example}}
        if endpoint.method == "POST"
        else {"params": dict(endpoint.example)}
    )
    async with client.request(endpoint.method, path, headers=vendor.headers, **fields) as answer:
        status = answer.status

    assert (status, len(tenant.journal), tenant.world.counts) == (200, 1, [5, 5])


async def test_tenant_of_application_controls_it(aiohttp_client: Any) -> None:
    app = create_app(sessions=5, now=NOW)
    await aiohttp_client(app)
    tenant, (vendor, endpoint) = tenant_of(app), LISTS[0]
    tenant.faults.add("latency", seconds=0.001)
    expected = tenant.expected_rows(vendor.name, endpoint.name)

    assert (tenant.clock.now, len(list(tenant.faults))) == (NOW, 1)
    tenant.reconcile(expected, vendor=vendor.name, endpoint=endpoint.name)


@pytest.mark.parametrize("settings", [{"sesions": 5}, {"port": 0}, {"profile": "emty"}], ids=str)
def test_create_app_unknown_setting_raises_config_error(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        create_app(**settings)
