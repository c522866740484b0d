"""Merge the rows of one list in two worlds, in the order of both, without holding either list."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace


class MergedRow(Struct, frozen=True):
    """A row and the worlds that have it."""

    text: bytes
    """The row as JSON; rows are equal if their texts are."""
    row: Any
    worlds: int
    """Bit n for the n-th world."""


def merge_rows(before: Iterator[MergedRow], after: Iterator[MergedRow]) -> Iterator[MergedRow]:
    """Yield the rows of both, shared rows once; shared rows must have the same order in both.

    Only the rows between two shared rows are held.
    """
    while True:
        left, right, shared = _until_shared(before, after)
        if shared is None:
            yield from left
            yield from right
            return
        i, j = shared
        yield from left[:i]
        yield from right[:j]
        yield replace(right[j], worlds=left[i].worlds | right[j].worlds)
        before, after = _push_back(left[i + 1 :], before), _push_back(right[j + 1 :], after)


def _push_back(rows: list[MergedRow], rest: Iterator[MergedRow]) -> Iterator[MergedRow]:
    return chain(rows, rest) if rows else rest


def _until_shared(
    before: Iterator[MergedRow], after: Iterator[MergedRow]
) -> tuple[list[MergedRow], list[MergedRow], tuple[int, int] | None]:
    """Read both until they share a row.

    Return the rows and the index of the shared row in each, ``None`` at the end.
    """
    left: list[MergedRow] = []
    right: list[MergedRow] = []
    lefts: dict[bytes, int] = {}
    rights: dict[bytes, int] = {}
    while True:
        one, other = next(before, None), next(after, None)
        if one is None and other is None:
            return left, right, None
        if one is not None:
            lefts.setdefault(one.text, len(left))
            left.append(one)
        if other is not None:
            rights.setdefault(other.text, len(right))
            right.append(other)
        if one is not None and one.text in rights:
            return left, right, (len(left) - 1, rights[one.text])
        if other is not None and other.text in lefts:
            return left, right, (lefts[other.text], len(right) - 1)
