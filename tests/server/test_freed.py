"""The tenants that are deleted, and their worlds, are freed at once, without the garbage collector."""

import gc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest

from mockserver.vendors import load
from mockserver.world.generator.archetypes.dimensions import DIMENSIONS
from mockserver.world.model.locales import load_vocabulary
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import Site

LISTS = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def test_deleted_tenant_is_freed_with_its_exchanges(serve: Any) -> None:
    mock = await serve(tenants={"other": {"world": {"seed": 3}}})
    first = mock.tenant
    mock.tenant = mock.tenants["other"]
    for pair in LISTS:
        await mock.ask(*pair, {})
    tenant = ref(mock.tenant)

    mock.served.delete(mock.tenant)
    mock.tenant = first
    await mock.ask(*LISTS[0], {})  # The server still had the parsed requests of the last generation.

    assert tenant() is None


def test_site_is_freed_with_everything_computed_for_it() -> None:
    world_spec = spec(seed=4, sessions=10_000)
    site = Site(world_spec, load_vocabulary(world_spec), 0)
    sessions = site.find(Query(), world_spec.end or 0).page(0, 100)
    for batch in sessions.map_rows(lambda batch: [batch]):
        for name in DIMENSIONS:
            site.people.texts(name, str)
        assert batch.emails
    population = ref(site.people)
    archetypes = ref(site.people.archetypes)

    del batch, sessions, site

    assert (population(), archetypes()) == (None, None)
