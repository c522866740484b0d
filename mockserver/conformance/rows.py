"""Read the rows that a command wrote: lines of JSON, a JSON array, or CSV."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec import DecodeError, json


class RowsError(ValueError):
    """Rows that cannot be read; the message says where and why."""


def read_rows(path: Path, form: str | None, *, is_partial: bool = False) -> tuple[list[Any], bool]:
    """Return the rows of a file, and whether all their values are texts.

    A file that does not exist has no rows. *form* is ``ndjson`` or ``csv``; None decides by the name and the
    first character. With *is_partial*, the client failed: what follows the last readable row, such as half of
    a row or a message, is dropped.
    """
    if not path.exists():
        return [], False
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RowsError(f"the rows are not UTF-8: {error}; write UTF-8") from None
    if form == "csv" or (form is None and _looks_like_csv(path, text)):
        return _read_csv(text, is_partial=is_partial), True
    if text.lstrip().startswith("["):
        return _read_array(text, is_partial=is_partial), False
    return _read_lines(text, is_partial=is_partial), False


def _looks_like_csv(path: Path, text: str) -> bool:
    start = text.lstrip()[:1]
    return path.suffix.lower() == ".csv" or bool(start and start not in "{[")


def _read_lines(text: str, *, is_partial: bool) -> list[Any]:
    rows = []
    # Not splitlines(): a text of a row may have U+2028 or U+0085 unescaped.
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.decode(line, type=dict[str, Any]))
        except DecodeError as error:
            if is_partial:
                break
            raise RowsError(f"line {number} is not a JSON object: {error}; write one row per line") from None
    return rows


def _read_array(text: str, *, is_partial: bool) -> list[Any]:
    try:
        return json.decode(text, type=list[Any])
    except DecodeError as error:
        if is_partial:
            return []
        raise RowsError(
            f"the rows are not a JSON array: {error}; write all rows, or one row per line"
        ) from None


def _read_csv(text: str, *, is_partial: bool) -> list[Any]:
    try:
        rows: list[Any] = list(csv.DictReader(StringIO(text, newline=""), strict=not is_partial))
    except csv.Error as error:
        raise RowsError(f"the rows are not CSV: {error}; write UTF-8 text with a header line") from None
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            if is_partial:
                return rows[: number - 1]
            raise RowsError(f"row {number} has not as many values as the header has columns; correct it")
    return rows
