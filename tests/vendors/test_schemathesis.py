"""Schemathesis finds no response of the mock that violates its contract."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest

from mockserver import SessionMock
from mockserver.contract.validation import fields
from mockserver.embedded import VendorHandle
from mockserver.server.expected.examples import openapi
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor

EXAMPLES = 15
INTERNAL = 500
CROSS_FIELD_RULES = {
    "rybbit": "Time parameters must be sent in pairs.",
    "sparklytics": "The end must not be before the start.",
}
"""Rules that OpenAPI cannot express, for which a query that its schema allows may be rejected."""
SETTINGS = """
seed = 1
headers = {{ {headers} }}
[generation]
max-examples = {examples}
[checks]
unsupported_method.enabled = false
positive_data_acceptance.enabled = {sayable}
negative_data_rejection.enabled = {checking}
not_a_server_error.enabled = {sound}
"""
"""A vendor may respond with 404 to unknown methods. A dialect may accept values that its schema forbids, and
may document errors with status 500, which are then compared with the document."""
VENDORS = {vendor.label: vendor for vendor in load_dialects()}


def known_values(mock: SessionMock, dialect: Vendor, vendor: VendorHandle) -> dict[str, list[str]]:
    """Return a tenant's existing values by kind; cursors are not known in advance."""
    session_list = next((endpoint for endpoint in dialect.contract.endpoints if endpoint.start_field), None)
    ids = (
        [row[session_list.row_key[0]] for row in mock.expected_rows(vendor.name, session_list.name)[:5]]
        if session_list
        else []
    )
    segments = list(vendor.segments.values())
    return {
        "sites": list(vendor.sites),
        "segments": segments,
        "sessions": ids,
        "zones": sorted(available_timezones())[:20],
    }


def schemathesis_settings(vendor: Vendor, headers: dict[str, str]) -> str:
    """Return the Schemathesis settings for a dialect.

    Only checks that contradict its contract are disabled.
    """
    header_lines = ", ".join(f"{each} = {json.dumps(value)}" for each, value in headers.items())
    lenient = [
        field
        for each in vendor.contract.endpoints
        for field in fields(each.query)
        if field.lenient is not None
    ]
    failing = [
        name
        for name, shape in vendor.contract.errors.items()
        if shape.status == INTERNAL and name != "internal"
    ]
    checks = {"sayable": vendor.name not in CROSS_FIELD_RULES, "checking": not lenient, "sound": not failing}
    return SETTINGS.format(
        headers=header_lines,
        examples=EXAMPLES,
        **{name: str(enabled).lower() for name, enabled in checks.items()},
    )


def narrowed_document(mock: SessionMock, dialect: Vendor, vendor: VendorHandle) -> dict[str, Any]:
    """Return a vendor's document, restricted to requests for existing things."""
    document = deepcopy(openapi(dialect.name, dialect.dialect))
    names = known_values(mock, dialect, vendor)
    sites = {endpoint.site for endpoint in dialect.contract.endpoints}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for parameter in list(operation.get("parameters", [])):
            kind = parameter["schema"].get("x-known")
            if parameter["in"] == "path":
                kind = "sites" if parameter["name"] in sites else "sessions"
            if kind == "cursors":
                operation["parameters"].remove(parameter)
            elif kind:
                parameter["schema"]["enum"] = names[kind]
    for schema in document["components"]["schemas"].values():
        for field, details in schema.get("properties", {}).items():
            if field in vendor.body:
                details["enum"] = [vendor.body[field]]
            elif "x-known" in details:
                details["enum"] = [*names[details["x-known"]], None]
    return document


@pytest.mark.parametrize("label", VENDORS)
def test_responses_to_generated_requests_conform_to_contract(label: str, tmp_path: Path) -> None:
    dialect = VENDORS[label]
    with SessionMock(dialect={dialect.name: dialect.dialect}) as mock:
        vendor = mock.vendor(dialect.name)
        (tmp_path / "openapi.json").write_text(
            json.dumps(narrowed_document(mock, dialect, vendor)), encoding="utf-8"
        )
        (tmp_path / "schemathesis.toml").write_text(
            schemathesis_settings(dialect, dict(vendor.headers)), encoding="utf-8"
        )
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            "openapi.json",
            "--url",
            mock.url,
            "--no-color",
        ]
        completed = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )

    assert completed.returncode == 0, completed.stdout[-6000:]
    assert " passed" in completed.stdout
