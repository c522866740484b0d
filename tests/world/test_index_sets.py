"""Index sets count and page subsets of sessions like lists do."""

from bisect import bisect_left

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.archetypes.table import ArchetypeTable, SiteInputs
from mockserver.world.generator.index_sets import AllSessions, ArchetypeSet, Difference, ExplicitSet, IndexSet
from mockserver.world.generator.schedule import SessionSchedule
from mockserver.world.generator.timeline import exact_timeline
from mockserver.world.model.vocabulary import load
from tests.world.worlds import DAY, seeds

MOST = 3 * ARCHETYPES
shares = st.sampled_from([0.0, 0.001, 0.3, 0.7, 0.999, 1.0])


def build_archetype_set(seed: int, lanes: int, share: float) -> tuple[IndexSet, list[int]]:
    """Return a set of archetypes with a share of all rows, and its sessions in the first blocks."""
    deal = SessionSchedule(
        seed,
        ArchetypeTable(seed, SiteInputs(load("default"), ("www.site.example",)), lanes, bots=False),
        exact_timeline(seed, 10**6, (0, 31 * DAY)),
    )
    rows = np.sort(np.argsort(np.sin(np.arange(ARCHETYPES) * (seed % 1000 + 1)))[: int(ARCHETYPES * share)])
    return ArchetypeSet(deal, rows), np.flatnonzero(
        np.isin(deal.archetype_of(np.arange(MOST)), rows)
    ).tolist()


whole = (
    st.builds(build_archetype_set, seeds, st.sampled_from([1, 8, 512]), shares)
    | st.just((AllSessions(), list(range(MOST))))
    | st.lists(st.integers(0, MOST - 1), unique=True, max_size=20).map(
        lambda index: (ExplicitSet(np.array(sorted(index), dtype=np.int64)), sorted(index))
    )
)


def without_some(made: tuple[IndexSet, list[int]], some: list[int]) -> tuple[IndexSet, list[int]]:
    """Return an index set without some of its sessions."""
    selection, listed = made
    excluded = sorted({listed[each % len(listed)] for each in some} if listed else ())
    return Difference(selection, np.array(excluded, dtype=np.int64)), sorted(set(listed) - set(excluded))


selections = whole | st.builds(
    without_some, whole, st.lists(st.integers(0, MOST) | st.integers(0, 5), max_size=10)
)


@given(
    made=selections,
    index=st.lists(
        st.integers(0, MOST) | st.sampled_from([0, ARCHETYPES, 2 * ARCHETYPES, ARCHETYPES - 1]),
        min_size=1,
        max_size=10,
    ),
)
def test_index_set_rank_equals_number_of_smaller_members(
    made: tuple[IndexSet, list[int]], index: list[int]
) -> None:
    selection, listed = made
    index = [*index, *range(8)]
    expected = [bisect_left(listed, each) for each in index]

    assert [selection.rank(each) for each in index] == expected
    assert list(selection.ranks(index)) == expected


@given(made=selections, low=st.integers(0, 8) | st.integers(0, MOST), size=st.integers(-1, 2 * ARCHETYPES))
def test_index_set_take_equals_slice_of_members(
    made: tuple[IndexSet, list[int]], low: int, size: int
) -> None:
    selection, listed = made
    low = min(low, len(listed))
    high = max(min(low + size, len(listed)), 0)

    assert selection.take(low, high).tolist() == listed[low : max(low, high)]
    for each in range(min(8, len(listed))):
        assert selection.take(each, each + 1).tolist() == listed[each : each + 1]


@given(seed=seeds, share=shares, far=st.integers(0, 10**12))
def test_index_set_rank_and_take_agree_at_high_indices(seed: int, share: float, far: int) -> None:
    selection, _ = build_archetype_set(seed, 512, share)
    rank = selection.rank(far)
    taken = selection.take(rank, rank + 3).tolist()

    assert all(each >= far for each in taken)
    assert [selection.rank(each) for each in taken] == list(range(rank, rank + len(taken)))
    assert len(taken) == (3 if share >= 0.001 else 0)


@given(seed=seeds, share=shares)
def test_index_set_archetypes_occur_in_each_block(seed: int, share: float) -> None:
    selection, listed = build_archetype_set(seed, 8, share)

    assert selection.rows is not None
    assert len(listed) == 3 * len(selection.rows)
    assert AllSessions().rows is not None
    assert ExplicitSet(np.array([1])).rows is None
