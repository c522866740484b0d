"""Tests of the styles of pagination."""

import pytest

from mockserver._util.json_paths import get_at, set_at
from mockserver.contract.pagination import (
    CursorPagination,
    NoPagination,
    OffsetPagination,
    PageInfo,
    PageNumberPagination,
)

OFFSET = OffsetPagination(offset="skip", limit="take", size=10, total="meta.total", next="meta.next")
WITHOUT_TOTAL = OffsetPagination(offset="skip", limit="take", size=10)
NUMBER = PageNumberPagination(page="page", first=1, limit="take", size=10, maximum=20)
FIXED_SIZE = PageNumberPagination(page="page", first=0, limit=None, size=10)
CURSOR = CursorPagination(cursor="after", limit="take", size=10, next="meta.next")


@pytest.mark.parametrize(
    ("style", "request_fields", "response_fields"),
    [
        (OFFSET, ("skip", "take"), ("meta.total", "meta.next")),
        (WITHOUT_TOTAL, ("skip", "take"), ()),
        (NUMBER, ("page", "take"), ()),
        (FIXED_SIZE, ("page",), ()),
        (CURSOR, ("after", "take"), ("meta.next",)),
        (NoPagination(), (), ()),
    ],
)
def test_style_names_its_fields(
    style: OffsetPagination, request_fields: tuple[str, ...], response_fields: tuple[str, ...]
) -> None:
    assert (style.request_fields, style.response_fields) == (request_fields, response_fields)


@pytest.mark.parametrize(
    ("style", "first", "second"), [(OFFSET, 0, 10), (NUMBER, 1, 2), (FIXED_SIZE, 0, 1), (CURSOR, None, "b")]
)
def test_first_page_is_requested_by_its_key_or_none(
    style: OffsetPagination, first: int | None, second: int | str
) -> None:
    assert style.first == first
    assert all(map(style.is_first, (first, None, "")))
    assert not style.is_first(second)


@pytest.mark.parametrize(
    ("fields", "total", "count", "expected"),
    [
        ({}, 25, 10, PageInfo(1, last=False, rows=10, key=0, next=10)),
        ({"skip": 10}, 25, 10, PageInfo(2, last=False, rows=10, key=10, previous=0, next=20)),
        ({"skip": 20}, 25, 5, PageInfo(3, last=True, rows=5, key=20, previous=10, next=25)),
        ({"skip": 30}, 25, 0, PageInfo(4, last=True, rows=0, key=30, previous=20)),
        ({"skip": 5, "take": 5}, 10, 5, PageInfo(2, last=True, rows=5, key=5, previous=0, next=10)),
        # The vendor reduced pages of 500 rows to 10.
        ({"skip": 20, "take": 500}, 40, 10, PageInfo(3, last=False, rows=10, key=20, previous=10, next=30)),
    ],
)
def test_offset_position_follows_from_total(
    fields: dict[str, int], total: int, count: int, expected: PageInfo
) -> None:
    assert OFFSET.page_info(fields, {"meta": {"total": total}}, count, {}) == expected


@pytest.mark.parametrize(("count", "last"), [(10, False), (9, True)])
def test_short_page_of_offsets_without_total_is_last(count: int, last: bool) -> None:  # noqa: FBT001 -- from parametrize
    assert WITHOUT_TOTAL.page_info({"skip": 10}, {}, count, {}).last is last


@pytest.mark.parametrize(
    ("style", "fields", "count", "expected"),
    [
        (NUMBER, {}, 10, PageInfo(1, last=False, rows=10, key=1, next=2)),
        (NUMBER, {"page": 3}, 9, PageInfo(3, last=True, rows=9, key=3, previous=2, next=4)),
        (NUMBER, {"page": 4}, 0, PageInfo(4, last=True, rows=0, key=4, previous=3)),
        (NUMBER, {"page": 2, "take": 50}, 20, PageInfo(2, last=False, rows=20, key=2, previous=1, next=3)),
        (FIXED_SIZE, {"page": 1}, 10, PageInfo(2, last=False, rows=10, key=1, previous=0, next=2)),
    ],
)
def test_page_number_position_follows_from_rows(
    style: PageNumberPagination, fields: dict[str, int], count: int, expected: PageInfo
) -> None:
    assert style.page_info(fields, {}, count, {}) == expected


@pytest.mark.parametrize(
    ("cursor", "next_cursor", "expected"),
    [
        (None, "b", PageInfo(1, last=False, rows=10, next="b")),
        ("", "b", PageInfo(1, last=False, rows=10, next="b")),
        ("b", "c", PageInfo(2, last=False, rows=10, key="b", next="c")),
        ("c", None, PageInfo(3, last=True, rows=10, key="c", previous="b2")),
        ("x", "y", PageInfo(None, last=False, rows=10, key="x", next="y")),
    ],
)
def test_cursor_position_follows_from_known_cursors(
    cursor: str | None, next_cursor: str | None, expected: PageInfo
) -> None:
    numbers = {"b": 2, "b2": 2, "c": 3}

    assert CURSOR.page_info({"after": cursor}, {"meta": {"next": next_cursor}}, 10, numbers) == expected


def test_response_without_pagination_is_the_whole_list() -> None:
    assert NoPagination().page_info({}, {}, 3, {}) == PageInfo(1, last=True, rows=3)


def test_json_path_reads_nested_values_and_nothing_else() -> None:
    value = {"a": {"b": [1]}, "c": None}

    assert (get_at(value, "a.b"), get_at(value, ""), get_at(value, None)) == ([1], value, value)
    assert [get_at(value, path) for path in ("x", "a.x.y", "a.b.c", "c.d")] == [None] * 4


def test_json_path_replaces_existing_values_only() -> None:
    value = {"a": {"b": 1}, "c": 2}
    for path in ("a.b", "c", "x", "a.x", "c.x"):
        set_at(value, path, 9)

    assert value == {"a": {"b": 9}, "c": 9}
