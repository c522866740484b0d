"""What a client collected, held against what it had to collect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.reconcile import compare

ROWS = [{"id": number, "size": number % 3} for number in range(9)]
MUST: list[Any] = [("required", row) for row in ROWS]


def kinds(collected: list[Any], expected: Any = MUST) -> list[tuple[str, Any]]:
    """Each difference's kind and the id of its row."""
    return [(each.kind, each.row["id"]) for each in compare(collected, expected, ["id"])]


@given(st.lists(st.integers(0, 8), max_size=12))
def test_every_collection_is_explained_exactly(picked: list[int]) -> None:
    """Whatever rows are collected: each missing one and each repeat is told once, and nothing where the collection is the expected rows."""
    found = kinds([ROWS[number] for number in picked])

    assert sorted(number for kind, number in found if kind == "missing") == sorted(
        set(range(9)) - set(picked)
    )
    assert len([kind for kind, _ in found if kind == "duplicate"]) == len(picked) - len(set(picked))
    assert (found == []) == (picked == list(range(9)))


@given(st.permutations(range(9)))
def test_the_fewest_rows_explain_a_wrong_order(order: list[int]) -> None:
    """Without the rows that are told as out of order the others ascend, and there is no order without any of them."""
    odd = {number for kind, number in kinds([ROWS[number] for number in order]) if kind == "out of order"}
    kept = [number for number in order if number not in odd]

    assert kept == sorted(kept)
    assert (not odd) == (order == sorted(order))


def test_altered_row_is_told_field_by_field() -> None:
    """A row with its own identity and other values is altered, neither missing nor foreign."""
    (found,) = compare([{**ROWS[0], "size": 7, "new": 1}, *ROWS[1:]], MUST, ["id"])

    assert (found.kind, found.expected, found.collected) == ("altered", 0, 0)
    assert found.fields == {"size": (0, 7), "new": (None, 1)}


def test_rows_that_share_an_identity_are_told_apart_by_their_values() -> None:
    """Two rows of one identity may come in either order; a third is a duplicate."""
    twins = [{"id": 1, "size": 1}, {"id": 1, "size": 2}]
    expected: Any = [("required", row) for row in twins]

    assert kinds(twins[::-1], expected) == [("out of order", 1)]
    assert kinds(twins, expected) == []
    assert kinds([*twins, twins[0]], expected) == [("duplicate", 1)]


@pytest.mark.parametrize(
    ("label", "absent", "present"),
    [("required", ["missing"], []), ("optional", [], []), ("forbidden", [], ["forbidden"])],
)
def test_verdict_says_what_is_allowed(verification: Any, absent: list[str], present: list[str]) -> None:
    """A row that must be there, may be there, or must not."""
    expected = [(verification, ROWS[0]), *MUST[1:]]

    assert [kind for kind, _ in kinds(ROWS[1:], expected)] == absent
    assert [kind for kind, _ in kinds(ROWS, expected)] == present


def test_unknown_row_is_foreign() -> None:
    """A row that nobody has is told as such, and nothing else."""
    assert kinds([*ROWS, {"id": 99}]) == [("foreign", 99)]
