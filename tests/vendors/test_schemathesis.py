"""Schemathesis finds no response of the mock that violates its contract."""

import json
import subprocess
import sys
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from mockserver import SessionMock
from mockserver.contract.validation import fields
from mockserver.embedded import VendorHandle
from mockserver.server.expected.examples import openapi
from mockserver.vendors import load, load_dialects
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
PHASES = "examples,coverage,fuzzing,stateful"
SCRIPT = """
import json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from schemathesis.cli import schemathesis

codes = {}
for label, *arguments in json.loads(sys.argv[1]):
    os.chdir(label)
    with open("output", "w", encoding="utf-8") as output, redirect_stdout(output), redirect_stderr(output):
        try:
            schemathesis(["run", "openapi.json", "--no-color", *arguments])
        except SystemExit as error:
            codes[label] = error.code
    os.chdir("..")
print(json.dumps(codes))
"""
"""Runs Schemathesis in each folder and prints the exit codes."""
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


def prepare(mock: SessionMock, label: str, folder: Path) -> None:
    """Write the document of a dialect and the settings of Schemathesis to a folder."""
    dialect = VENDORS[label]
    vendor = mock.vendor(dialect.name)
    document = narrowed_document(mock, dialect, vendor)
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(
        schemathesis_settings(dialect, dict(vendor.headers)), encoding="utf-8"
    )


def test_responses_to_generated_requests_conform_to_contract(tmp_path: Path) -> None:
    """One process tests all dialects, because its start takes as long as the requests of a dialect.

    Requests that follow links are sent to the first dialect of each vendor: the others have the same endpoints.
    """
    runs = []
    with ExitStack() as stack:
        for label, dialect in VENDORS.items():
            mock = stack.enter_context(SessionMock(dialect={dialect.name: dialect.dialect}))
            prepare(mock, label, tmp_path / label)
            phases = PHASES if dialect in load() else PHASES.removesuffix(",stateful")
            runs.append([label, "--url", mock.url, "--phases", phases])
        completed = subprocess.run(
            [sys.executable, "-c", SCRIPT, json.dumps(runs)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    printed = {label: (tmp_path / label / "output").read_text(encoding="utf-8") for label in VENDORS}
    codes = json.loads(completed.stdout)

    assert [printed[label][-6000:] for label, code in codes.items() if code] == []
    assert list(codes) == list(VENDORS)
    assert all(" passed" in text for text in printed.values())
