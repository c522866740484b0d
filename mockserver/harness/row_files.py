"""Rows that a client wrote: lines of JSON objects, a JSON array, or CSV."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec import DecodeError, json


class RowFileError(ValueError):
    """A file that has no rows; the message has the place and the reason."""


def read_rows(path: Path, form: str | None, *, is_partial: bool = False) -> tuple[list[Any], bool]:
    """Return the rows of a file, and whether all their values are texts.

    A file that does not exist has no rows. *form* is ``ndjson`` or ``csv``; None decides by the name and the
    first character. With *is_partial*, the client failed: what follows the last readable row, such as half of
    a row or a message, is dropped.
    """
    if not path.exists():
        return [], False
    content = path.read_bytes()
    is_csv = form == "csv" or (form is None and _looks_like_csv(path.name, content))
    return parse_rows(content, is_csv=is_csv, is_partial=is_partial), is_csv


def parse_rows(content: bytes, *, is_csv: bool, is_partial: bool = False) -> list[Any]:
    """Parse rows; raise :class:`RowFileError` for content of another form."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RowFileError(f"the rows are not UTF-8: {error}; write UTF-8") from None
    if is_csv:
        return _parse_csv(text, is_partial=is_partial)
    if text.lstrip().startswith("["):
        return _parse_array(text, is_partial=is_partial)
    return _parse_lines(text, is_partial=is_partial)


def is_csv_name(name: str) -> bool:
    """Return whether a file of that name is CSV by default."""
    return name.lower().endswith(".csv")


def _looks_like_csv(name: str, content: bytes) -> bool:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return is_csv_name(name) or start not in (b"", b"{", b"[")


def _parse_lines(text: str, *, is_partial: bool) -> list[Any]:
    rows = []
    # Not splitlines(): a text of a row may have U+2028 or U+0085 unescaped.
    for number, line in enumerate(text.split("\n"), 1):
        try:
            rows += [json.decode(line, type=dict[str, Any])] if line.strip() else []
        except DecodeError as error:
            if is_partial:
                break
            raise RowFileError(
                f"line {number} is not a JSON object: {error}; write one row per line"
            ) from None
    return rows


def _parse_array(text: str, *, is_partial: bool) -> list[Any]:
    try:
        return json.decode(text, type=list[Any])
    except DecodeError as error:
        if is_partial:
            return []
        raise RowFileError(
            f"the rows are not a JSON array: {error}; write all rows, or one row per line"
        ) from None


def _parse_csv(text: str, *, is_partial: bool) -> list[Any]:
    try:
        rows: list[Any] = list(csv.DictReader(StringIO(text, newline=""), strict=not is_partial))
    except csv.Error as error:
        raise RowFileError(f"not a CSV file: {error}; write UTF-8 text with a header line") from None
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            if is_partial:
                return rows[: number - 1]
            raise RowFileError(f"row {number} has not as many values as the header has columns; correct it")
    return rows
