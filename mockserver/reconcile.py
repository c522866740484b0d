"""Compares the rows a client collected with those it had to collect, and says of each difference what it is."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, json

Row = Mapping[str, Any]
RowLabel = Literal["required", "optional", "forbidden"]
Kind = Literal["missing", "duplicate", "foreign", "altered", "out of order", "forbidden"]
MEANINGS: dict[Kind, str] = {
    "missing": "the client had to deliver it, and did not",
    "duplicate": "the client delivered it more often than it exists",
    "foreign": "no such row exists",
    "altered": "it exists with other values",
    "out of order": "it stands before a row that it has to follow",
    "forbidden": "it was gone before the client asked",
}


class Difference(Struct, frozen=True, kw_only=True):
    """One row that is not as it should be."""

    kind: Kind
    row: Row
    expected: int | None = None
    """Where it stands among the rows that exist, from 0."""
    collected: int | None = None
    """Where it stands among the rows that were collected, from 0."""
    fields: Mapping[str, tuple[Any, Any]] = {}
    """For an altered row: each field that differs, as it is and as it was collected."""


def compare(
    collected: Iterable[Row], expected: Iterable[tuple[RowLabel, Row]], identity: Sequence[str]
) -> list[Difference]:
    """Say in which ways collected rows differ from the expected rows, whose order is the vendor's.

    ``identity`` names the fields by which a row is known again. An altered row is not missing as well; of rows out of
    order the fewest that explain it are told.
    """
    known, told = list(expected), list(collected)
    name = namer(identity)
    places: dict[bytes, deque[int]] = defaultdict(deque)
    for place, (_, row) in enumerate(known):
        places[name(row)].append(place)
    taken: dict[int, int] = {}
    found: list[Difference] = []
    for number, row in enumerate(told):
        difference = _placed(number, row, known, places.get(name(row)), taken)
        if difference is not None:
            found.append(difference)
    got = set(taken.values())
    missing = (
        place
        for place, (verification, _) in enumerate(known)
        if verification == "required" and place not in got
    )
    found += [Difference(kind="missing", row=known[place][1], expected=place) for place in missing]
    found += [
        Difference(kind="out of order", row=told[number], expected=taken[number], collected=number)
        for number in _disordered(taken)
    ]
    return found


def namer(identity: Sequence[str]) -> Callable[[Row], bytes]:
    """How to name a row by the fields that identify it, or by all of it where it has none of them."""

    def name(row: Row) -> bytes:
        known = any(field in row for field in identity)
        return json.encode([row.get(field) for field in identity] if known else row, order="deterministic")

    return name


def _placed(
    number: int,
    row: Row,
    known: Sequence[tuple[RowLabel, Row]],
    places: "deque[int] | None",
    taken: dict[int, int],
) -> Difference | None:
    """Give a collected row its place among those that exist, and say what is wrong with it."""
    if places is None:
        return Difference(kind="foreign", row=row, collected=number)
    if not places:
        return Difference(kind="duplicate", row=row, collected=number)
    place = next((place for place in places if known[place][1] == row), places[0])
    places.remove(place)
    taken[number] = place
    verification, wanted = known[place]
    if verification == "forbidden":
        return Difference(kind="forbidden", row=row, expected=place, collected=number)
    names = [*wanted, *(each for each in row if each not in wanted)]
    fields = {each: (wanted.get(each), row.get(each)) for each in names if wanted.get(each) != row.get(each)}
    return (
        Difference(kind="altered", row=row, expected=place, collected=number, fields=fields)
        if fields
        else None
    )


def _disordered(taken: Mapping[int, int]) -> list[int]:
    """The fewest collected rows without which the others are in order: all that are not on a longest ascending run."""
    ends: list[int] = []
    last: list[int] = []
    before: dict[int, int | None] = {}
    for number, place in sorted(taken.items()):
        length = bisect_left(ends, place)
        before[number] = last[length - 1] if length else None
        ends[length : length + 1] = [place]
        last[length : length + 1] = [number]
    kept, number_ = set(), last[-1] if last else None
    while number_ is not None:
        kept.add(number_)
        number_ = before[number_]
    return [number for number in sorted(taken) if number not in kept]
