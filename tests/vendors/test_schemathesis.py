"""Schemathesis against the served mock: no answer outside its own contract, whatever is asked."""

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
from mockserver.vendors import every
from mockserver.vendors.base import Vendor

EXAMPLES = 15
INTERNAL = 500
UNSAYABLE = {
    "rybbit": "Two parameters of time come together or not at all.",
    "sparklytics": "The end is not before the start.",
}
"""What OpenAPI cannot say of a query, so that what its schema allows may be refused all the same."""
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
"""A vendor may answer 404 to a method that it does not have; a dialect may take what its schema does not allow, and may state errors of
status 500, which are then held to what it states."""
VENDORS = {vendor.label: vendor for vendor in every()}


def known(mock: SessionMock, spoken: Vendor, vendor: VendorHandle) -> dict[str, list[str]]:
    """What a tenant has of the things that a request can name; no cursor is known beforehand."""
    listing = next((endpoint for endpoint in spoken.contract.endpoints if endpoint.start_field), None)
    ids = (
        [row[listing.row_key[0]] for row in mock.expected_rows(vendor.name, listing.name)[:5]]
        if listing
        else []
    )
    segments = list(vendor.segments.values())
    return {
        "sites": list(vendor.sites),
        "segments": segments,
        "sessions": ids,
        "zones": sorted(available_timezones())[:20],
    }


def settings(vendor: Vendor, headers: dict[str, str]) -> str:
    """How Schemathesis looks at a vendor in a dialect: no check is left out but those that its contract contradicts."""
    told = ", ".join(f"{each} = {json.dumps(value)}" for each, value in headers.items())
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
    checks = {"sayable": vendor.name not in UNSAYABLE, "checking": not lenient, "sound": not failing}
    return SETTINGS.format(
        headers=told, examples=EXAMPLES, **{name: str(enabled).lower() for name, enabled in checks.items()}
    )


def filtered_example(mock: SessionMock, spoken: Vendor, vendor: VendorHandle) -> dict[str, Any]:
    """A vendor's document, in which a request names only what there is."""
    document, names = deepcopy(openapi(spoken.name, spoken.dialect)), known(mock, spoken, vendor)
    sites = {endpoint.site for endpoint in spoken.contract.endpoints}
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
        for field, told in schema.get("properties", {}).items():
            if field in vendor.body:
                told["enum"] = [vendor.body[field]]
            elif "x-known" in told:
                told["enum"] = [*names[told["x-known"]], None]
    return document


@pytest.mark.parametrize("label", VENDORS)
def test_no_answer_is_outside_its_contract(label: str, tmp_path: Path) -> None:
    """Positive and negative data, every operation, and sessions of the list in the detail, where there are both."""
    spoken = VENDORS[label]
    with SessionMock(dialect={spoken.name: spoken.dialect}) as mock:
        vendor = mock.vendor(spoken.name)
        (tmp_path / "openapi.json").write_text(
            json.dumps(filtered_example(mock, spoken, vendor)), encoding="utf-8"
        )
        (tmp_path / "schemathesis.toml").write_text(settings(spoken, dict(vendor.headers)), encoding="utf-8")
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            "openapi.json",
            "--url",
            mock.url,
            "--no-color",
        ]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    assert ran.returncode == 0, ran.stdout[-6000:]
    assert " passed" in ran.stdout
