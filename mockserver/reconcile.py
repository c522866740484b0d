"""Compare the rows that a client collected with the expected rows, and classify each difference."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

from msgspec import DecodeError, Struct, json

Row = Mapping[str, Any]
RowLabel = Literal["required", "optional", "forbidden"]
DifferenceKind = Literal[
    "missing",
    "duplicate",
    "unexpected",
    "outside window",
    "filtered out",
    "altered",
    "out of order",
    "forbidden",
]
DESCRIPTIONS: dict[DifferenceKind, str] = {
    "missing": "expected but not collected",
    "duplicate": "collected more than once",
    "unexpected": "not in the requested list",
    "outside window": "exists, but outside the window of this list",
    "filtered out": "exists on the site, but the parameters of this list exclude it",
    "altered": "collected with other values",
    "out of order": "comes before a row that should precede it",
    "forbidden": "deleted before the client requested it",
}


class Difference(Struct, frozen=True, kw_only=True):
    """One difference between the collected and the expected rows."""

    kind: DifferenceKind
    row: Row
    expected: int | None = None
    """Index of the row among the expected rows; None if it is not one of them."""
    collected: int | None = None
    """Index of the row among the collected rows; None if it was not collected."""
    fields: Mapping[str, tuple[Any, Any]] = {}
    """For an altered row: the expected and the collected value of each field that differs."""


def compare(
    collected: Iterable[Row],
    expected: Iterable[tuple[RowLabel, Row]],
    identity: Sequence[str],
    *,
    ordered: bool = True,
) -> list[Difference]:
    """Return the differences of the collected from the expected rows, which are in the vendor's order.

    Without *ordered* the order of the collected rows does not count.
    *identity* names the fields that identify a row. An altered row is not reported as missing. Of rows out
    of order, the smallest set that explains the order is reported.
    """
    expected_rows = list(expected)
    collected_rows = list(collected)
    key_of = row_key_function(identity)
    unmatched: dict[bytes, deque[int]] = defaultdict(deque)
    for place, (_, row) in enumerate(expected_rows):
        unmatched[key_of(row)].append(place)
    matched: dict[int, int] = {}
    differences: list[Difference] = []
    for number, row in enumerate(collected_rows):
        difference = _match_row(number, row, expected_rows, unmatched.get(key_of(row)), matched)
        if difference is not None:
            differences.append(difference)
    matched_places = set(matched.values())
    differences += [
        Difference(kind="missing", row=row, expected=place)
        for place, (label, row) in enumerate(expected_rows)
        if label == "required" and place not in matched_places
    ]
    differences += [
        Difference(
            kind="out of order", row=collected_rows[number], expected=matched[number], collected=number
        )
        for number in (_find_disordered(matched) if ordered else ())
    ]
    return differences


def row_key_function(identity: Sequence[str]) -> Callable[[Row], bytes]:
    """Return a function that encodes the identifying fields of a row, or all fields if it has none."""

    def key_of(row: Row) -> bytes:
        has_identity = any(field in row for field in identity)
        key = [row.get(field) for field in identity] if has_identity else row
        return json.encode(key, order="deterministic")

    return key_of


def identify(row: Row, identity: Sequence[str]) -> Row:
    """Return the identifying fields of a row, or the whole row if it has none."""
    return select_fields(row, identity) or row


def select_fields(row: Row, fields: Iterable[str]) -> Row:
    """Return those of the fields that a row has."""
    return {name: row[name] for name in fields if name in row}


def as_rows(rows: list[Any], identity: Sequence[str]) -> list[Row] | None:
    """Return *rows*, or, if they are values of the one identifying field, rows with that field.

    None if some are neither.
    """
    if all(isinstance(row, Mapping) for row in rows):
        return rows
    if len(identity) != 1 or any(isinstance(row, Mapping) for row in rows):
        return None
    return [{identity[0]: value} for value in rows]


def convert_texts(rows: Iterable[Row], expected: Iterable[Row]) -> list[Row]:
    """Return rows whose values are texts, as in CSV, with the types that the expected rows have.

    An empty text is None if the expected column has no texts, or lacks a value and has no empty text.
    """
    expected_rows = list(expected)
    names = dict.fromkeys(chain.from_iterable(expected_rows))
    converters = {name: _text_converter([row.get(name) for row in expected_rows]) for name in names}
    return [
        {
            name: converters[name](value) if name in converters and isinstance(value, str) else value
            for name, value in row.items()
        }
        for row in rows
    ]


def _text_converter(values: Sequence[Any]) -> Callable[[str], Any]:
    known = {_cell_text(value): value for value in reversed(values)}
    has_texts = any(isinstance(value, str) for value in values)
    is_empty_none = not has_texts or (None in values and "" not in values)

    def convert_text(text: str) -> Any:
        if not text and is_empty_none:
            return None
        if text in known:
            return known[text]
        if has_texts:
            return text
        if any(isinstance(value, bool) for value in values) and text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        try:
            return json.decode(text)
        except DecodeError:
            return text

    return convert_text


def _cell_text(value: Any) -> str:
    """Return a value as a cell of CSV; a structured value as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.encode(value).decode()


_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def _match_row(
    number: int,
    row: Row,
    expected_rows: Sequence[tuple[RowLabel, Row]],
    places: "deque[int] | None",
    matched: dict[int, int],
) -> Difference | None:
    """Match a collected row with an expected one, record that in *matched*, and return how the two differ.

    *places* are the indices of the expected rows with the same key that are not matched yet.
    """
    if places is None:
        return Difference(kind="unexpected", row=row, collected=number)
    if not places:
        return Difference(kind="duplicate", row=row, collected=number)
    place = next((place for place in places if expected_rows[place][1] == row), None)
    if place is None:
        place = min(places, key=lambda place: _compare_forms(*expected_rows[place], row))
    places.remove(place)
    matched[number] = place
    label, expected_row = expected_rows[place]
    if label == "forbidden":
        return Difference(kind="forbidden", row=row, expected=place, collected=number)
    fields = _find_differing_fields(expected_row, row)
    if not fields:
        return None
    return Difference(kind="altered", row=row, expected=place, collected=number, fields=fields)


def _compare_forms(label: RowLabel, expected: Row, collected: Row) -> tuple[bool, bool, int]:
    """Return the order in which forms of a row are tried: equal ones, allowed ones, the most similar one."""
    differing = _find_differing_fields(expected, collected)
    return bool(differing), label == "forbidden", len(differing) + len(expected.keys() ^ collected.keys())


def _find_differing_fields(expected: Row, collected: Row) -> dict[str, tuple[Any, Any]]:
    """Return the expected and the collected value of each field that differs; absent is the same as None."""
    return {
        name: (expected.get(name), collected.get(name))
        for name in dict.fromkeys(chain(expected, collected))
        if expected.get(name) != collected.get(name)
    }


def _find_disordered(matched: Mapping[int, int]) -> list[int]:
    """Return the smallest set of collected rows without which the others are in order.

    *matched* maps the index of a collected row to that of its expected row. The rows in order are a longest
    increasing subsequence, found by patience sorting.
    """
    smallest_ends: list[int] = []
    last_of_length: list[int] = []
    previous: dict[int, int | None] = {}
    for number, place in sorted(matched.items()):
        length = bisect_left(smallest_ends, place)
        previous[number] = last_of_length[length - 1] if length else None
        smallest_ends[length : length + 1] = [place]
        last_of_length[length : length + 1] = [number]
    in_order = set()
    current = last_of_length[-1] if last_of_length else None
    while current is not None:
        in_order.add(current)
        current = previous[current]
    return [number for number in sorted(matched) if number not in in_order]
