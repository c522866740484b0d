"""Files of rows that a client wrote: lines of JSON objects, or CSV."""

import csv
from io import StringIO
from typing import Any

from msgspec import DecodeError, json


class RowFileError(ValueError):
    """A file that has no rows; the message says where and why."""


def parse_rows(content: bytes, *, is_csv: bool) -> list[dict[str, Any]]:
    """Parse rows; raise :class:`RowFileError` for content of another form."""
    return _parse_csv(content) if is_csv else _parse_lines(content)


def is_csv_name(name: str) -> bool:
    """Return whether a file of that name is CSV by default."""
    return name.lower().endswith(".csv")


def _parse_lines(content: bytes) -> list[dict[str, Any]]:
    parsed = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            parsed += [json.decode(line, type=dict[str, Any])] if line.strip() else []
        except DecodeError as error:
            raise RowFileError(
                f"line {number} is not a JSON object: {error}; write one row per line"
            ) from None
    return parsed


def _parse_csv(content: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RowFileError(f"not a CSV file: {error}; write UTF-8 text with a header line") from None
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise RowFileError(f"row {number} has not as many values as the header has columns; correct it")
    return rows
