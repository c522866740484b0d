"""Keyed hashes and permutations: even, different under every key, and undone exactly."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.hashing import Permutation, below, choose, digits, draw, draw_one, hexadecimal, key, permute, unpermute

words = st.integers(0, 2**64 - 1)


def array(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Values as an array of unsigned numbers."""
    return np.array(values, dtype=np.uint64)


@given(bits=st.integers(0, 12), one=words)
def test_permute_maps_a_range_onto_itself(bits: int, one: int) -> None:
    """Every value of a range is hit exactly once, under any key."""
    values = np.arange(1 << bits, dtype=np.uint64)

    assert sorted(permute(bits, array(one), values).tolist()) == values.tolist()


@given(bits=st.integers(1, 63), keys=st.lists(words, min_size=3, max_size=3), data=st.data())
def test_unpermute_undoes_permute(bits: int, keys: list[int], data: st.DataObject) -> None:
    """Values of a range of any size come back under the same keys."""
    values = array(*(data.draw(st.integers(0, (1 << bits) - 1)) for _ in keys))
    there = permute(bits, array(*keys), values)

    assert all(value < 1 << bits for value in there.tolist())
    assert unpermute(bits, array(*keys), there).tolist() == values.tolist()


@given(bits=st.integers(1, 63), one=words, data=st.data())
def test_a_permutation_leads_there_and_back(bits: int, one: int, data: st.DataObject) -> None:
    """Numbers become identifiers of the same range, and identifiers the numbers they were."""
    permutation, numbers = Permutation(one, bits), array(*data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=8)))
    identifiers = permutation.forward(numbers)

    assert all(identifier < 1 << bits for identifier in identifiers.tolist())
    assert permutation.back(identifiers).tolist() == numbers.tolist()
    assert permutation.forward(permutation.back(numbers)).tolist() == numbers.tolist()


def test_permutations_differ_by_key_and_scatter_neighbours() -> None:
    """Under two keys the same numbers get other identifiers, and neighbours do not stay neighbours."""
    numbers = np.arange(1000, dtype=np.uint64)
    one, other = (Permutation(each, 48).forward(numbers).tolist() for each in (1, 2))

    assert not set(one) & set(other)
    assert all(abs(after - before) > 1 for before, after in pairwise(one))


@given(one=words, index=st.lists(st.integers(0, 2**63), min_size=1, max_size=8))
def test_one_is_drawn_as_many_are(one: int, index: list[int]) -> None:
    """Drawing a single hash gives what drawing an array of them gives."""
    assert draw(one, array(*index)).tolist() == [draw_one(one, each) for each in index]


@given(bound=st.integers(1, 2**32), hashed=st.lists(words, min_size=1, max_size=8))
def test_below_stays_below(bound: int, hashed: list[int]) -> None:
    """Scaled hashes lie in [0, bound), in the order of the hashes, and reach both ends."""
    scaled = below(bound, array(*sorted(hashed))).tolist()

    assert scaled == sorted(scaled)
    assert all(0 <= each < bound for each in scaled)
    assert below(bound, array(0, 2**64 - 1)).tolist() == [0, bound - 1]


def test_draws_are_even() -> None:
    """Of 64,000 draws below 64 each value comes about a thousand times."""
    counts = np.bincount(below(64, draw(key("even"), np.arange(64_000, dtype=np.uint64))), minlength=64)

    assert counts.min() > 850
    assert counts.max() < 1150


@given(weights=st.lists(st.sampled_from([0, 0, 1, 5, 50]), min_size=1, max_size=6).filter(any), one=words)
def test_choose_picks_as_often_as_weights_say(weights: list[int], one: int) -> None:
    """What has no weight is never chosen, and the rest in proportion."""
    counts = np.bincount(choose(np.array(weights), draw(one, np.arange(4000, dtype=np.uint64))), minlength=len(weights)).tolist()

    assert [count for count, weight in zip(counts, weights, strict=True) if not weight and count] == []
    assert all(abs(count - 4000 * weight / sum(weights)) < 250 for count, weight in zip(counts, weights, strict=True))


def test_choose_gives_each_weight_its_share_of_the_range() -> None:
    """Four quarters of all hashes, shared by weights 0, 1, 0 and 3."""
    quarters = array(0, 1 << 62, 2 << 62, 3 << 62)

    assert choose(np.array([0, 1, 0, 3]), quarters).tolist() == [1, 3, 3, 3]


@given(parts=st.lists(st.integers() | st.text(max_size=3), max_size=3), other=st.lists(st.integers() | st.text(max_size=3), max_size=3))
def test_a_key_is_of_its_path_alone(parts: list[int | str], other: list[int | str]) -> None:
    """Equal paths of names and numbers have the same 64-bit key, others another."""
    assert 0 <= key(*parts) < 1 << 64
    assert (key(*parts) == key(*other)) == (parts == other)


def test_a_number_is_no_text() -> None:
    """The path 1 and the path "1" are two."""
    assert key(1) != key("1")
    assert digits(8, 1) != digits(8, "1")


@given(length=st.integers(0, 64), parts=st.lists(st.integers() | st.text(max_size=3), max_size=3))
def test_digits_follow_from_their_parts(length: int, parts: list[int | str]) -> None:
    """Tokens have their length and alphabet, and a longer one begins as the shorter does."""
    token = digits(length, *parts)

    assert len(token) == length
    assert set(token) <= set("0123456789abcdef")
    assert digits(length + 1, *parts).startswith(token)
    assert set(digits(length, *parts, alphabet="xy")) <= {"x", "y"}


@given(numbers=st.lists(words, max_size=5), length=st.integers(1, 16))
def test_hexadecimal_writes_the_last_digits(numbers: list[int], length: int) -> None:
    """Each number has just so many digits, leading zeros included, from a list as from an array."""
    assert hexadecimal(array(*numbers), length) == [f"{number:016x}"[-length:] for number in numbers]
    assert hexadecimal(numbers, length) == hexadecimal(array(*numbers), length)
