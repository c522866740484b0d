"""A client generated from a committed OpenAPI document works with the mock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import SessionMock
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.generated import calling
from tests.support.generated import stale

DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"
QUIET = "post_hooks: []\n"
"""The generated code need not be formatted."""


@pytest.mark.parametrize("vendor", load_dialects(), ids=lambda vendor: vendor.label)
def test_generated_client_parses_every_response(vendor: Vendor, tmp_path: Path) -> None:
    document = DOCUMENTS / f"{vendor.label}.json"
    (tmp_path / "config.yml").write_text(QUIET, encoding="utf-8")
    generator = [
        str(Path(sys.executable).with_name("openapi-python-client")),
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    generated = subprocess.run(
        [*generator, "--config", "config.yml", "--path", str(document), "--output-path", "generated"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert generated.returncode == 0, generated.stdout + generated.stderr

    with SessionMock(dialect={vendor.name: vendor.dialect}) as mock:
        token = mock.vendor(vendor.name).credentials.get("token", "none")
        command = [sys.executable, calling.__file__, "generated", str(document), mock.url, token]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    outcomes = {outcome["operation"]: outcome for outcome in map(json.loads, finished.stdout.splitlines())}
    operations = [
        operation
        for path in json.loads(document.read_bytes())["paths"].values()
        for operation in path.values()
    ]

    assert finished.returncode == 0, finished.stderr
    for operation in operations:
        outcome = outcomes[operation["operationId"]]
        documented = operation["responses"]["200"]["content"]["application/json"]

        assert outcome["status"] == 200, outcome
        assert outcome["model"] == documented["schema"]["$ref"].rpartition("/")[2]
        assert outcome["parsed"] == outcome["sent"]
        assert outcome["sent"] == documented["example"], stale(document)
