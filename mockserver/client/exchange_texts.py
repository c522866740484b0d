"""Short texts about an exchange of a journal, for reports and tables."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MAX_CURSOR: Final = 16
_MAX_ERROR: Final = 100
_ERROR: Final = 400


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun in singular or plural."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def describe_result(exchange: Mapping[str, Any]) -> list[str]:
    """Return the rows, the total and the next page of a list, or the text of an error response."""
    response = exchange["response"] or {}
    if response.get("status", 0) >= _ERROR:
        text = max(_list_texts(response["body"]), key=len, default="")
        return [f'"{_shorten(text, _MAX_ERROR)}"'] if text else []
    result = exchange.get("result")
    if result is None:
        return []
    named = {name: result[name] for name in ("total", "next") if result[name] is not None}
    texts = [f"{name} {_shorten(str(value), _MAX_CURSOR)}" for name, value in named.items()]
    return [count_of(result["rows"], "row"), *texts]


def _list_texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value; the longest one of an error is written for people."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _list_texts(inner)


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
