"""From raw values to a typed request, or everything that is wrong with them."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, json

from mockserver.contract.provenance import Basis, Fact
from mockserver.contract.validation import ContractViolation, Lenient, in_turn, read, read_json

FACT = Fact("A fact.", Basis.ASSUMED)
LITERAL = Fact("A fact.", Basis.ASSUMED, error="size must be small")


TEXTS = Fact(
    "A fact.",
    Basis.ASSUMED,
    error=(("", "size is empty"), ("[0-9]+", "size is too large"), ("bi.", "size has a word")),
)


class Options(Struct):
    """Something inside."""

    select: Annotated[list[str] | None, FACT] = None


class Asked(Struct, rename={"offset": "from"}):
    """A request of every kind of field."""

    key: Annotated[str, FACT]
    limit: Annotated[int, Meta(ge=1, le=100), FACT] = 50
    offset: Annotated[int | None, FACT] = None
    unit: Annotated[Literal["day", "hour"], FACT] = "day"
    size: Annotated[int | None, LITERAL] = None
    options: Annotated[Options | None, FACT] = None
    properties: Annotated[dict[str, Any] | None, FACT] = None


def messages(**raw: Any) -> list[str]:
    """What is wrong with some values."""
    found = read(Asked, raw, "body")
    return [violation.message for violation in found] if isinstance(found, list) else []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, ["key is required"]),
        ({"key": 1}, ["key must be a string"]),
        ({"key": "k", "limit": "x"}, ["limit must be an integer"]),
        ({"key": "k", "limit": ""}, ["limit must be an integer"]),
        ({"key": "k", "limit": 1.5}, ["limit must be an integer"]),
        ({"key": "k", "limit": "1.0"}, ["limit must be an integer"]),
        ({"key": "k", "limit": "1e1"}, ["limit must be an integer"]),
        ({"key": "k", "limit": " 7"}, ["limit must be an integer"]),
        ({"key": "k", "limit": "\u0667"}, ["limit must be an integer"]),
        ({"key": "k", "from": "9" * 19}, ["from must be an integer"]),
        ({"key": "k", "limit": True}, ["limit must be an integer"]),
        ({"key": "k", "limit": 0}, ["limit must be an integer, at least 1"]),
        ({"key": "k", "limit": "101"}, ["limit must be an integer, at most 100"]),
        ({"key": "k", "from": []}, ["from must be an integer"]),
        ({"key": "k", "unit": "week"}, ["unit does not know 'week'"]),
        ({"key": "k", "size": "big"}, ["size must be small"]),
        ({"key": "k", "options": []}, ["options must be an object"]),
        ({"key": "k", "options": {"select": "x"}}, ["options.select must be an array"]),
        ({"key": "k", "options": {"select": ["x", 1]}}, ["options.select[1] must be a string"]),
        ({"key": "k", "properties": "x"}, ["properties must be an object"]),
        (
            {"limit": 0, "unit": 5},
            ["key is required", "limit must be an integer, at least 1", "unit must be a string"],
        ),
    ],
    ids=lambda value: json.encode(value).decode() if isinstance(value, dict) else "",
)
def test_each_violation_names_its_field_and_what_would_be_right(
    raw: dict[str, Any], expected: list[str]
) -> None:
    """All that is wrong is said, field by field."""
    assert messages(**raw) == expected


def test_numbers_in_texts_are_read_where_the_contract_allows() -> None:
    """In a query a number is a text; in a body that is a matter of behavior."""
    assert read(Asked, {"key": "k", "limit": "+7", "from": "-3"}, "query") == Asked(
        key="k", limit=7, offset=-3
    )
    assert isinstance(read(Asked, {"key": "k", "limit": "7"}, "body", numeric_texts=False), list)


@pytest.mark.parametrize("numeric_texts", [True, False])
def test_whole_number_with_a_fraction_of_nothing_is_an_integer(*, numeric_texts: bool) -> None:
    """JSON does not tell 7.0 from 7."""
    assert read(Asked, {"key": "k", "limit": 7.0}, "body", numeric_texts=numeric_texts) == Asked("k", 7)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"a":"\xff"}', b"[" * 200_000, b'{"a":1}x'],
    ids=range(9),
)
def test_body_that_is_no_object_is_a_violation(body: bytes) -> None:
    """Whatever the bytes, the answer is a violation that says what was wanted."""
    found = read_json(body)

    assert isinstance(found, ContractViolation)
    assert found.message.startswith("request body must be a JSON object")


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    """Bytes are an object or a violation."""
    assert isinstance(read_json(body), dict | ContractViolation)


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(
        st.sampled_from(["key", "limit", "from", "unit", "size", "options", "properties", "else"]), VALUES
    )
)
def test_no_values_raise(raw: dict[str, Any]) -> None:
    """Values are a request or a list of violations that is not empty."""
    found = read(Asked, raw, "body")

    assert isinstance(found, Asked) or found


class Careless(Struct):
    """What a server is asked that does not check."""

    page: Annotated[int, Meta(ge=1), Lenient(otherwise=1), FACT] = 1
    limit: Annotated[int, Meta(ge=0), Lenient(figures=True), FACT] = 50
    minutes: Annotated[int, Lenient(figures=True, otherwise=0), FACT] = 0
    strict: Annotated[int, FACT] = 0


@pytest.mark.parametrize(
    ("raw", "means"),
    [
        ({}, Careless()),
        ({"page": "7", "limit": "0"}, Careless(page=7, limit=0)),
        ({"page": "0"}, Careless(page=1)),
        ({"page": "x", "limit": "10abc", "minutes": "x"}, Careless(limit=10)),
        ({"limit": "1.9", "minutes": "-5.5"}, Careless(limit=1, minutes=-5)),
        ({"limit": " 3"}, Careless(limit=3)),
        ({"limit": "-1"}, "limit"),
        ({"limit": "abc"}, "limit"),
        ({"page": "x", "strict": "x"}, "strict"),
        ({"page": "9" * 30, "limit": "5"}, Careless(limit=5)),
    ],
    ids=str,
)
def test_a_server_that_does_not_check_makes_something_of_it(
    raw: dict[str, str], means: Careless | str
) -> None:
    """Figures at the beginning, or a number that stands for whatever is none; otherwise it is refused like any other."""
    found = read(Careless, raw, "query")

    assert [each.field for each in found] == [means] if isinstance(found, list) else found == means


class Sized(Struct):
    """A request whose fields are told apart by what is wrong with them."""

    size: Annotated[int, Meta(le=9), TEXTS] = 1
    unit: Annotated[Literal["day", "hour"], FACT] = "day"
    key: Annotated[str, TEXTS] = ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "size is empty"),
        ("10", "size is too large"),
        (99, "size is too large"),
        ("big", "size has a word"),
        ("bigger", "size must be an integer"),
    ],
)
def test_a_literal_text_is_that_of_the_first_pattern_that_matches_all_of_a_value(
    value: object, expected: str
) -> None:
    """Where none does, it is said in words as where the vendor has none."""
    found = read(Sized, {"size": value}, "query")

    assert isinstance(found, list)
    assert [violation.message.partition(", ")[0] for violation in found] == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("unit", "x"), ("size", "")], "unit does not know 'x'"),
        ([("size", ""), ("unit", "x")], "size is empty"),
        ([("key", "k"), ("size", "1"), ("size", "")], "again: size"),
        ([("key", "k"), ("key", "k"), ("unit", "x")], "again: key"),
        ([("other", "1"), ("other", "2"), ("unit", "x")], "unit does not know 'x'"),
        ([("other", "1"), ("other", "2"), ("unit", "day")], None),
        ([], None),
    ],
)
def test_a_query_is_read_in_turn_to_its_first_fault(
    query: list[tuple[str, str]], expected: str | None
) -> None:
    """The first value that cannot be read, or the first known field that comes again, whichever stands before."""
    wrong = read(Sized, dict(reversed(query)), "query")
    found = in_turn(query, Sized, wrong if isinstance(wrong, list) else [], "again: {field}")

    assert [violation.message for violation in found] == ([] if expected is None else [expected])


def test_what_is_missed_in_a_query_read_in_turn_is_told_last() -> None:
    """Only at its end is it known that a field stands nowhere."""
    missing = ContractViolation("query", "key", "is required")

    assert in_turn([("unit", "day")], Sized, [missing], "") == [missing]
