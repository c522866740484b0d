"""Strategies for tests of clients: what they give can be had, and shrinks to what a person understands."""

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
def test_every_world_and_schedule_can_be_minted(
    mock: SessionMock, world: dict[str, Any], faults: list[dict[str, Any]]
) -> None:
    """A tenant has just as many sessions as its world says, and all of its faults, none of which triggers for ever."""
    with mock.tenant(faults=faults, **world) as tenant:
        assert tenant.world.counts == [world["sessions"]]
        assert [fault["kind"] for fault in tenant.faults] == [fault["kind"] for fault in faults]
        assert all(fault["remaining"] <= 3 for fault in tenant.faults)


def test_worlds_shrink_to_two_sessions_that_share_their_start(mock: SessionMock) -> None:
    """The smallest world in which two sessions start together has these two, and a coarse grain."""

    def together(world: dict[str, Any]) -> bool:
        with mock.tenant(**world) as tenant:
            starts = [tenant.world.session(index)["start"] for index in range(world["sessions"])]
        return len(set(starts)) < len(starts)

    smallest = find(worlds(sessions=20), together, settings=settings(max_examples=500, database=None))

    assert smallest["sessions"] == 2
    assert smallest["grain"] > 1


def test_schedules_shrink_to_no_fault() -> None:
    """Nothing goes wrong in the simplest schedule."""
    assert find(fault_schedules(), lambda _: True) == []


@pytest.mark.parametrize("kind", kinds())
def test_kinds_can_be_named(kind: str) -> None:
    """Every fault of a schedule is of the wanted kind, under the wanted conditions."""
    (fault,) = find(fault_schedules(kind, most=1, endpoint="somewhere"), bool)

    assert (fault["kind"], fault["endpoint"]) == (kind, "somewhere")


def test_unknown_kind_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(ValueError, match="'lateness'; known are latency, "):
        fault_schedules("lateness")


@given(data=st.data(), maximum=st.integers(1, 1000))
def test_sizes_of_pages_are_within_their_bounds(data: st.DataObject, maximum: int) -> None:
    """No page has no row, and none has more than there may be."""
    assert 1 <= data.draw(page_sizes(maximum)) <= maximum


@given(data=st.data(), name=st.sampled_from(VENDORS))
def test_credentials_are_never_right(mock: SessionMock, data: st.DataObject, name: str) -> None:
    """One of them is another than the tenant's, and none is lost."""
    vendor = mock.vendor(name)
    drawn = data.draw(credentials(vendor))

    assert drawn.keys() == vendor.credentials.keys()
    assert sum(drawn[each] != vendor.credentials[each] for each in drawn) == 1


def test_hostile_strings_hold_what_clients_forget() -> None:
    """Emptiness, what URLs and JSON escape, other scripts, and length."""
    for wanted in ("", "%2F..%2F", '"', "日本語", "x" * 2_048):
        assert find(hostile_strings(), partial(eq, wanted), settings=settings(max_examples=5_000)) == wanted
