"""Tables of rows in Parquet and DuckDB files; importing it requires duckdb."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
from msgspec import inspect, json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.validation import row_model

_SCALARS: Final[dict[type[inspect.Type], str]] = {
    inspect.BoolType: "BOOLEAN",
    inspect.IntType: "BIGINT",
    inspect.FloatType: "DOUBLE",
    inspect.StrType: "VARCHAR",
}
_JSON: Final = "JSON"


class TableError(ValueError):
    """A file that cannot be written; the message is that of the database."""


def write_table(rows: Iterator[Any], endpoint: Endpoint, table: str, form: str, path: Path) -> None:
    """Write rows as a Parquet file, or as a table of a DuckDB file, which may have others.

    Raise :class:`TableError` if the file cannot be written.
    """
    with TemporaryDirectory() as folder:
        lines = Path(folder, "rows.ndjson")
        with lines.open("wb") as file:
            file.writelines(json.encode(row) + b"\n" for row in rows)
        try:
            with duckdb.connect(":memory:" if form == "parquet" else path) as connection:
                table_rows = connection.read_json(
                    str(lines), format="newline_delimited", columns=column_types(endpoint)
                )
                if form == "parquet":
                    table_rows.write_parquet(str(path))
                else:
                    connection.execute(f'DROP TABLE IF EXISTS "{table}"')
                    table_rows.create(table)
        except duckdb.Error as error:
            raise TableError(str(error).partition("\n")[0]) from None


def column_types(endpoint: Endpoint) -> dict[str, str]:
    """Return the SQL type of each column of an endpoint's rows."""
    model = inspect.type_info(row_model(endpoint.response, endpoint.rows_path or ""))
    fields = model.fields if isinstance(model, inspect.StructType) else ()
    return {field.encode_name: _sql_type(field.type) for field in fields}


def _sql_type(expected: inspect.Type) -> str:
    """Return the type of a column; a text or a number becomes text, and what has no SQL type JSON text."""
    expected = expected.type if isinstance(expected, inspect.Metadata) else expected
    match expected:
        case inspect.UnionType(types=types):
            options = {_sql_type(option) for option in types if not isinstance(option, inspect.NoneType)}
            if len(options) == 1:
                return options.pop()
            return "VARCHAR" if "VARCHAR" in options else _JSON
        case inspect.ListType(item_type=item):
            inner = _sql_type(item)
            return _JSON if inner == _JSON else f"{inner}[]"
        case inspect.LiteralType(values=values):
            return "BIGINT" if all(isinstance(value, int) for value in values) else "VARCHAR"
    return _SCALARS.get(type(expected), _JSON)
