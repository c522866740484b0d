"""Rows in Parquet and DuckDB files are those of NDJSON."""

import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver.cli.export.command import command
from mockserver.cli.export.tables import column_types
from mockserver.vendors import load

ENDPOINTS = [
    (vendor.name, dialect, endpoint)
    for vendor in load()
    for dialect, each in vendor.dialects.items()
    for endpoint in each.contract.endpoints
    if endpoint.rows_path is not None and set(endpoint.path) <= {endpoint.site}
]


def run_export(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert not result.exit_code, result.output
    return result.stdout


def as_sql(value: Any, kind: str) -> Any:
    """Return a value of a row as a query returns it."""
    if value is None:
        return None
    if kind == "JSON":
        assert isinstance(value, dict | list)
        return json.decode(json.encode(value))
    return str(value) if kind == "VARCHAR" else value


@pytest.mark.parametrize("vendor", sorted({vendor for vendor, _, _ in ENDPOINTS}))
def test_tables_have_rows_of_every_endpoint(vendor: str, tmp_path: Path) -> None:
    database, parquet = tmp_path / "all.duckdb", tmp_path / "rows.parquet"
    for name, dialect, endpoint in ENDPOINTS:
        if name != vendor:
            continue
        arguments = [vendor, endpoint.name, "--profile", "awkward", "--sessions", "120"]
        arguments += ["--dialect", f"{vendor}={dialect}"]
        written = [json.decode(line) for line in run_export(*arguments).splitlines()]
        kinds = column_types(endpoint)
        expected = [{key: as_sql(row.get(key), kind) for key, kind in kinds.items()} for row in written]
        run_export(*arguments, "--format", "duckdb", "--output", str(database))
        run_export(*arguments, "--format", "parquet", "--output", str(parquet))
        for source, query in (
            (database, f"FROM {vendor}_{endpoint.name}"),
            (":memory:", f"FROM '{parquet}'"),
        ):
            with duckdb.connect(source) as connection:
                found = connection.execute(query).fetchall()
            rows = [dict(zip(kinds, row, strict=True)) for row in found]
            for row in rows:
                for key, kind in kinds.items():
                    if kind == "JSON" and row[key] is not None:
                        row[key] = json.decode(row[key])

            assert written
            assert rows == expected


def test_table_needs_file_name(tmp_path: Path) -> None:
    vendor, _, endpoint = ENDPOINTS[0]
    result = CliRunner().invoke(command, [vendor, endpoint.name, "--format", "parquet"])
    assert result.exit_code == 2
    assert "give --output FILE" in result.output
    path = tmp_path / "missing" / "rows.parquet"
    result = CliRunner().invoke(
        command, [vendor, endpoint.name, "--format", "parquet", "--output", str(path)]
    )
    assert result.exit_code == 2
    assert f"--output {path}: " in result.output.replace("\n", "")


def test_missing_database_names_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vendor, _, endpoint = ENDPOINTS[0]
    monkeypatch.delitem(sys.modules, "mockserver.cli.export.tables")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    arguments = [vendor, endpoint.name, "--format", "duckdb", "--output", str(tmp_path / "a.duckdb")]
    result = CliRunner().invoke(command, arguments)

    assert result.exit_code == 2
    assert "pip install 'session-mock[sql]'" in result.output
