"""What is made of a value is found again by the value itself."""

from mockserver.world.memo import Memo


def test_a_value_is_made_something_of_once() -> None:
    """The same value finds what was made of it; one that is only equal does not."""
    made = Memo(lambda value: [*value])
    one, other = ["a"], ["a"]

    assert made(one) == made(other) == ["a"]
    assert made(one) is made(one) is not made(other)


def test_what_was_made_first_gives_way() -> None:
    """Of many values only the last are remembered, and none is ever taken for another."""
    made, values = Memo(lambda value: [*value]), [[str(number)] for number in range(100)]
    first = made(values[0])

    assert [made(value) for value in values] == values
    assert [made([str(number)]) for number in range(100)] == values
    assert made(values[0]) == first
    assert made(values[0]) is not first
