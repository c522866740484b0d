"""Comparison of collected with expected rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.reconcile import compare

ROWS = [{"id": number, "size": number % 3} for number in range(9)]
EXPECTED: list[Any] = [("required", row) for row in ROWS]


def kinds(collected: list[Any], expected: Any = EXPECTED) -> list[tuple[str, Any]]:
    """Return the kind of each difference and the id of its row."""
    return [(difference.kind, difference.row["id"]) for difference in compare(collected, expected, ["id"])]


@given(st.lists(st.integers(0, 8), max_size=12))
def test_compare_reports_each_missing_and_repeated_row(picked: list[int]) -> None:
    differences = kinds([ROWS[number] for number in picked])

    assert sorted(number for kind, number in differences if kind == "missing") == sorted(
        set(range(9)) - set(picked)
    )
    assert len([kind for kind, _ in differences if kind == "duplicate"]) == len(picked) - len(set(picked))
    assert (differences == []) == (picked == list(range(9)))


@given(st.permutations(range(9)))
def test_compare_reports_fewest_rows_out_of_order(order: list[int]) -> None:
    """Without the reported rows the others ascend; a row is reported only if the order is wrong."""
    out_of_order = {
        number for kind, number in kinds([ROWS[number] for number in order]) if kind == "out of order"
    }
    in_order = [number for number in order if number not in out_of_order]

    assert in_order == sorted(in_order)
    assert (not out_of_order) == (order == sorted(order))


def test_compare_altered_row_reports_fields() -> None:
    (differences,) = compare([{**ROWS[0], "size": 7, "new": 1}, *ROWS[1:]], EXPECTED, ["id"])

    assert (differences.kind, differences.expected, differences.collected) == ("altered", 0, 0)
    assert differences.fields == {"size": (0, 7), "new": (None, 1)}


def test_compare_distinguishes_rows_of_same_identity_by_values() -> None:
    twins = [{"id": 1, "size": 1}, {"id": 1, "size": 2}]
    expected: Any = [("required", row) for row in twins]

    assert kinds(twins[::-1], expected) == [("out of order", 1)]
    assert kinds(twins, expected) == []
    assert kinds([*twins, twins[0]], expected) == [("duplicate", 1)]


def test_compare_row_without_null_fields_matches_its_variant() -> None:
    plain = {"id": "a", "traits": None}
    extended = {"id": "a", "traits": None, "score": 0.5}
    expected: list[Any] = [("optional", plain), ("required", extended)]

    assert compare([{"id": "a", "score": 0.5}], expected, ["id"]) == []
    assert [(item.kind, item.expected) for item in compare([{"id": "a", "score": 2}], expected, ["id"])] == [
        ("altered", 1)
    ]


@pytest.mark.parametrize(
    ("label", "absent", "present"),
    [("required", ["missing"], []), ("optional", [], []), ("forbidden", [], ["forbidden"])],
)
def test_compare_respects_labels(label: Any, absent: list[str], present: list[str]) -> None:
    expected = [(label, ROWS[0]), *EXPECTED[1:]]

    assert [kind for kind, _ in kinds(ROWS[1:], expected)] == absent
    assert [kind for kind, _ in kinds(ROWS, expected)] == present


def test_compare_unknown_row_is_unexpected() -> None:
    assert kinds([*ROWS, {"id": 99}]) == [("unexpected", 99)]


def test_row_with_several_forms_is_compared_with_the_most_similar_one() -> None:
    forms: list[Any] = [
        ("optional", {"id": 1, "size": 2}),
        ("optional", {"id": 1, "size": 2, "score": 0.5}),
        ("forbidden", {"id": 1, "size": 3, "score": 0.7}),
    ]
    (difference,) = compare([{"id": 1, "size": 2, "score": 0.7}], forms, ["id"])

    assert difference.fields == {"score": (0.5, 0.7)}
