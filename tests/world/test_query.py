"""Conditions compare values by their operators."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.query import Condition, Operator
from mockserver.world.model.vocabulary import Place, load
from tests.world.worlds import latitude


def city(place: Place) -> str:
    """Return the city of a place."""
    return place.city


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        ("equals", ("Berlin",), ["Berlin"]),
        ("equals", ("Berlin", "Porto"), ["Berlin", "Porto"]),
        ("equals", ("berlin", ""), [""]),
        ("equals", (), []),
        ("contains", ("lin",), ["Berlin", "Dublin"]),
        ("contains", ("lin", "ort"), ["Berlin", "Dublin", "Porto"]),
        ("contains", (".",), []),
        ("contains", ("LIN",), []),
        ("starts", ("Ber", "P"), ["Berlin", "Porto"]),
        ("ends", ("lin",), ["Berlin", "Dublin"]),
        ("regex", ("^.{4}$",), ["Lyon", "Rome"]),
        ("regex", ("lin$", "^Por"), ["Berlin", "Dublin", "Porto"]),
        ("regex", ("(?i)^bERLIN",), ["Berlin"]),
    ],
)
def test_condition_on_texts_compares_by_operator(
    operator: Operator, values: tuple[str, ...], found: list[str]
) -> None:
    some = [
        place
        for place in load("default").places
        if place.city in {"", "Berlin", "Dublin", "Porto", "Lyon", "Rome"}
    ]

    assert sorted(
        place.city for place in some if Condition("place", city, operator, values).passes(place)
    ) == sorted(found)


@given(place=st.sampled_from(load("default").places), bound=st.floats(-90, 90))
def test_condition_on_numbers_compares_by_operator(place: Place, bound: float) -> None:
    operators: tuple[Operator, ...] = ("greater", "less", "least", "most", "equals", "near")
    passes = [Condition("place", latitude, operator, (bound,)).passes(place) for operator in operators]
    north = place.latitude

    assert passes == [
        north > bound,
        north < bound,
        north >= bound,
        north <= bound,
        north == bound,
        abs(north - bound) <= 0.001,
    ]


def test_condition_near_accepts_difference_of_a_thousandth() -> None:
    berlin = next(place for place in load("default").places if place.city == "Berlin")

    assert [
        Condition("place", latitude, "near", (north,)).passes(berlin) for north in (52.5209, 52.5191, 52.5215)
    ] == [True, True, False]


def test_conditions_with_equal_fields_are_equal_and_share_hash() -> None:
    assert (
        len(
            {Condition("place", city, "equals", ("Berlin",)), Condition("place", city, "equals", ("Berlin",))}
        )
        == 1
    )
    assert Condition("place", city, "equals", ("Berlin",)) != Condition(
        "place", city, "equals", ("Berlin",), negate=True
    )
