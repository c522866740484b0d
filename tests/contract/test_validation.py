"""Raw values are converted to a typed request, or to all violations."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, json

from mockserver.contract.provenance import Basis, Fact
from mockserver.contract.validation import ContractViolation, Lenient, first_violation, read, read_json

FACT = Fact("A fact.", Basis.ASSUMED)
LITERAL = Fact("A fact.", Basis.ASSUMED, error="size must be small")


MESSAGES = Fact(
    "A fact.",
    Basis.ASSUMED,
    error=(("", "size is empty"), ("[0-9]+", "size is too large"), ("bi.", "size has a word")),
)


class Options(Struct):
    select: Annotated[list[str] | None, FACT] = None


class Params(Struct, rename={"offset": "from"}):
    """Has a field of every kind."""

    key: Annotated[str, FACT]
    limit: Annotated[int, Meta(ge=1, le=100), FACT] = 50
    offset: Annotated[int | None, FACT] = None
    unit: Annotated[Literal["day", "hour"], FACT] = "day"
    size: Annotated[int | None, LITERAL] = None
    options: Annotated[Options | None, FACT] = None
    properties: Annotated[dict[str, Any] | None, FACT] = None


def messages(**raw: Any) -> list[str]:
    """Return the messages of all violations."""
    result = read(Params, raw, "body")
    return [violation.message for violation in result] if isinstance(result, list) else []


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
        ({"key": "k", "from": "9" * 641}, ["from must be an integer"]),
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
def test_read_invalid_values_returns_violation_of_each_field(
    raw: dict[str, Any], expected: list[str]
) -> None:
    assert messages(**raw) == expected


def test_read_accepts_numbers_in_texts_only_with_numeric_texts() -> None:
    assert read(Params, {"key": "k", "limit": "+7", "from": "-3"}, "query") == Params(
        key="k", limit=7, offset=-3
    )
    assert isinstance(read(Params, {"key": "k", "limit": "7"}, "body", numeric_texts=False), list)


@pytest.mark.parametrize("numeric_texts", [True, False])
def test_read_accepts_integral_float_as_integer(*, numeric_texts: bool) -> None:
    """JSON does not distinguish 7.0 from 7."""
    assert read(Params, {"key": "k", "limit": 7.0}, "body", numeric_texts=numeric_texts) == Params("k", 7)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"a":"\xff"}', b"[" * 200_000, b'{"a":1}x'],
    ids=range(9),
)
def test_read_json_without_object_returns_violation(body: bytes) -> None:
    result = read_json(body)

    assert isinstance(result, ContractViolation)
    assert result.message.startswith("request body must be a JSON object")


@given(st.binary())
def test_read_json_any_bytes_returns_object_or_violation(body: bytes) -> None:
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
def test_read_any_values_returns_request_or_violations(raw: dict[str, Any]) -> None:
    result = read(Params, raw, "body")

    assert isinstance(result, Params) or result


class LenientParams(Struct):
    """Parameters of a server that does not validate them all."""

    page: Annotated[int, Meta(ge=1), Lenient(fallback=1), FACT] = 1
    limit: Annotated[int, Meta(ge=0), Lenient(leading_digits=True), FACT] = 50
    minutes: Annotated[int, Lenient(leading_digits=True, fallback=0), FACT] = 0
    strict: Annotated[int, FACT] = 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, LenientParams()),
        ({"page": "7", "limit": "0"}, LenientParams(page=7, limit=0)),
        ({"page": "0"}, LenientParams(page=1)),
        ({"page": "x", "limit": "10abc", "minutes": "x"}, LenientParams(limit=10)),
        ({"limit": "1.9", "minutes": "-5.5"}, LenientParams(limit=1, minutes=-5)),
        ({"limit": " 3"}, LenientParams(limit=3)),
        ({"limit": "-1"}, "limit"),
        ({"limit": "abc"}, "limit"),
        ({"page": "x", "strict": "x"}, "strict"),
        ({"page": "9" * 30, "limit": "5"}, LenientParams(page=10**30 - 1, limit=5)),
    ],
    ids=str,
)
def test_read_lenient_field_uses_leading_digits_or_fallback(
    raw: dict[str, str], expected: LenientParams | str
) -> None:
    """A text that has neither is a violation like any other."""
    result = read(LenientParams, raw, "query")

    if isinstance(result, list):
        assert [violation.field for violation in result] == [expected]
    else:
        assert result == expected


class ParamsWithMessages(Struct):
    """Parameters with several vendor messages."""

    size: Annotated[int, Meta(le=9), MESSAGES] = 1
    unit: Annotated[Literal["day", "hour"], FACT] = "day"
    key: Annotated[str, MESSAGES] = ""


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
def test_vendor_message_is_that_of_first_pattern_matching_whole_value(value: object, expected: str) -> None:
    """If no pattern matches, the message is our own."""
    result = read(ParamsWithMessages, {"size": value}, "query")

    assert isinstance(result, list)
    assert [violation.message.partition(", ")[0] for violation in result] == [expected]


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
def test_first_violation_is_first_invalid_or_repeated_parameter(
    query: list[tuple[str, str]], expected: str | None
) -> None:
    result = read(ParamsWithMessages, dict(reversed(query)), "query")
    violations = result if isinstance(result, list) else []
    found = first_violation(query, ParamsWithMessages, violations, "again: {field}")

    assert [violation.message for violation in found] == ([] if expected is None else [expected])


def test_first_violation_without_others_is_missing_parameter() -> None:
    """Only at the end of a query is it known that a parameter is missing."""
    missing = ContractViolation("query", "key", "is required")

    assert first_violation([("unit", "day")], ParamsWithMessages, [missing], "") == [missing]
