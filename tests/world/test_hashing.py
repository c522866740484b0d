"""Keyed hashes are even and depend on their key; permutations are invertible."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.hashing import (
    Permutation,
    below,
    digits,
    draw,
    draw_one,
    hexadecimal,
    key,
    permute,
    pick_weighted,
    unpermute,
)

words = st.integers(0, 2**64 - 1)


def array(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Return values as an array of unsigned numbers."""
    return np.array(values, dtype=np.uint64)


@given(bits=st.integers(0, 12), one=words)
def test_permute_is_bijective(bits: int, one: int) -> None:
    values = np.arange(1 << bits, dtype=np.uint64)

    assert sorted(permute(bits, array(one), values).tolist()) == values.tolist()


@given(bits=st.integers(1, 63), keys=st.lists(words, min_size=3, max_size=3), data=st.data())
def test_unpermute_undoes_permute(bits: int, keys: list[int], data: st.DataObject) -> None:
    values = array(*(data.draw(st.integers(0, (1 << bits) - 1)) for _ in keys))
    there = permute(bits, array(*keys), values)

    assert all(value < 1 << bits for value in there.tolist())
    assert unpermute(bits, array(*keys), there).tolist() == values.tolist()


@given(bits=st.integers(1, 63), one=words, data=st.data())
def test_permutation_back_inverts_forward(bits: int, one: int, data: st.DataObject) -> None:
    permutation, numbers = (
        Permutation(one, bits),
        array(*data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=8))),
    )
    identifiers = permutation.forward(numbers)

    assert all(identifier < 1 << bits for identifier in identifiers.tolist())
    assert permutation.back(identifiers).tolist() == numbers.tolist()
    assert permutation.forward(permutation.back(numbers)).tolist() == numbers.tolist()


def test_permutation_depends_on_key_and_scatters_neighbours() -> None:
    numbers = np.arange(1000, dtype=np.uint64)
    one, other = (Permutation(each, 48).forward(numbers).tolist() for each in (1, 2))

    assert not set(one) & set(other)
    assert all(abs(after - before) > 1 for before, after in pairwise(one))


@given(one=words, index=st.lists(st.integers(0, 2**63), min_size=1, max_size=8))
def test_draw_one_equals_draw(one: int, index: list[int]) -> None:
    assert draw(one, array(*index)).tolist() == [draw_one(one, each) for each in index]


@given(bound=st.integers(1, 2**32), hashed=st.lists(words, min_size=1, max_size=8))
def test_below_is_less_than_bound(bound: int, hashed: list[int]) -> None:
    scaled = below(bound, array(*sorted(hashed))).tolist()

    assert scaled == sorted(scaled)
    assert all(0 <= each < bound for each in scaled)
    assert below(bound, array(0, 2**64 - 1)).tolist() == [0, bound - 1]


def test_draw_is_evenly_distributed() -> None:
    counts = np.bincount(below(64, draw(key("even"), np.arange(64_000, dtype=np.uint64))), minlength=64)

    assert counts.min() > 850
    assert counts.max() < 1150


@given(weights=st.lists(st.sampled_from([0, 0, 1, 5, 50]), min_size=1, max_size=6).filter(any), one=words)
def test_choose_frequencies_follow_weights(weights: list[int], one: int) -> None:
    counts = np.bincount(
        pick_weighted(np.array(weights), draw(one, np.arange(4000, dtype=np.uint64))), minlength=len(weights)
    ).tolist()

    assert [count for count, weight in zip(counts, weights, strict=True) if not weight and count] == []
    assert all(
        abs(count - 4000 * weight / sum(weights)) < 250 for count, weight in zip(counts, weights, strict=True)
    )


def test_choose_each_weight_has_its_share_of_range() -> None:
    quarters = array(0, 1 << 62, 2 << 62, 3 << 62)

    assert pick_weighted(np.array([0, 1, 0, 3]), quarters).tolist() == [1, 3, 3, 3]


@given(
    parts=st.lists(st.integers() | st.text(max_size=3), max_size=3),
    other=st.lists(st.integers() | st.text(max_size=3), max_size=3),
)
def test_key_depends_only_on_path(parts: list[int | str], other: list[int | str]) -> None:
    assert 0 <= key(*parts) < 1 << 64
    assert (key(*parts) == key(*other)) == (parts == other)


def test_key_of_number_differs_from_key_of_text() -> None:
    assert key(1) != key("1")
    assert digits(8, 1) != digits(8, "1")


@given(length=st.integers(0, 64), parts=st.lists(st.integers() | st.text(max_size=3), max_size=3))
def test_digits_depend_only_on_parts(length: int, parts: list[int | str]) -> None:
    token = digits(length, *parts)

    assert len(token) == length
    assert set(token) <= set("0123456789abcdef")
    assert digits(length + 1, *parts).startswith(token)
    assert set(digits(length, *parts, alphabet="xy")) <= {"x", "y"}


@given(numbers=st.lists(words, max_size=5), length=st.integers(1, 8).map(lambda octets: 2 * octets))
def test_hexadecimal_returns_last_digits(numbers: list[int], length: int) -> None:
    assert hexadecimal(array(*numbers), length) == [f"{number:016x}"[-length:] for number in numbers]
    assert hexadecimal(numbers, length) == hexadecimal(array(*numbers), length)
