"""Hypothesis strategies: their values are valid and shrink well."""

from collections.abc import Iterator
from functools import partial
from operator import eq
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from mockserver import SessionMock
from mockserver.server.faults.registry import kinds
from mockserver.strategies import credentials, fault_schedules, hostile_strings, page_sizes, worlds
from mockserver.vendors import load

VENDORS = [vendor.name for vendor in load()]


@pytest.fixture(name="mock", scope="module")
def _mock() -> Iterator[SessionMock]:
    with SessionMock() as mock:
        yield mock


@given(world=worlds(sessions=20), faults=fault_schedules())
def test_tenant_of_every_world_and_schedule_can_be_created(
    mock: SessionMock, world: dict[str, Any], faults: list[dict[str, Any]]
) -> None:
    with mock.create_tenant(faults=faults, **world) as tenant:
        assert tenant.world.counts == [world["sessions"]]
        assert [fault["kind"] for fault in tenant.faults] == [fault["kind"] for fault in faults]
        assert all(fault["remaining"] <= 3 for fault in tenant.faults)


def test_worlds_shrink_to_two_sessions_with_equal_start(mock: SessionMock) -> None:
    def together(world: dict[str, Any]) -> bool:
        with mock.create_tenant(**world) as tenant:
            starts = [tenant.world.session(index)["start"] for index in range(world["sessions"])]
        return len(set(starts)) < len(starts)

    smallest = find(worlds(sessions=20), together, settings=settings(max_examples=500, database=None))

    assert smallest["sessions"] == 2
    assert smallest["grain"] > 1


def test_fault_schedules_shrink_to_no_fault() -> None:
    assert find(fault_schedules(), lambda _: True) == []


@pytest.mark.parametrize("kind", kinds())
def test_fault_schedules_draw_only_named_kinds(kind: str) -> None:
    (fault,) = find(fault_schedules(kind, max_size=1, endpoint="somewhere"), bool)

    assert (fault["kind"], fault["endpoint"]) == (kind, "somewhere")


def test_fault_schedules_unknown_kind_raises_value_error() -> None:
    with pytest.raises(ValueError, match=r"'lateness'; .*latency"):
        fault_schedules("lateness")


@given(data=st.data(), maximum=st.integers(1, 1000))
def test_page_sizes_are_within_bounds(data: st.DataObject, maximum: int) -> None:
    assert 1 <= data.draw(page_sizes(maximum)) <= maximum


@given(data=st.data(), name=st.sampled_from(VENDORS))
def test_credentials_have_exactly_one_wrong_value(mock: SessionMock, data: st.DataObject, name: str) -> None:
    vendor = mock.vendor(name)
    drawn = data.draw(credentials(vendor))

    assert drawn.keys() == vendor.credentials.keys()
    assert sum(drawn[name] != vendor.credentials[name] for name in drawn) == 1


def test_hostile_strings_contain_known_traps() -> None:
    for text in ("", "%2F..%2F", '"', "日本語", "x" * 2_048):
        assert find(hostile_strings(), partial(eq, text), settings=settings(max_examples=5_000)) == text
