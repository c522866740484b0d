"""A client that a well-kept generator makes from a committed OpenAPI document works against the mock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import SessionMock
from mockserver.vendors import every
from mockserver.vendors.base import Vendor
from tests.generated import calling

DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"
QUIET = "post_hooks: []\n"
"""The code is run, and not read by anybody."""


@pytest.mark.parametrize("vendor", every(), ids=lambda vendor: vendor.label)
def test_generated_client_understands_every_answer(vendor: Vendor, tmp_path: Path) -> None:
    """It is made without a warning, sends the example of each request, and its typed model holds all that was sent back."""
    document = DOCUMENTS / f"{vendor.label}.json"
    (tmp_path / "config.yml").write_text(QUIET, encoding="utf-8")
    generator = [
        str(Path(sys.executable).with_name("openapi-python-client")),
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    made = subprocess.run(
        [*generator, "--config", "config.yml", "--path", str(document), "--output-path", "made"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 0, made.stdout + made.stderr

    with SessionMock(dialect={vendor.name: vendor.dialect}) as mock:
        token = mock.vendor(vendor.name).credentials.get("token", "none")
        command = [sys.executable, calling.__file__, "made", str(document), mock.url, token]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = {each["operation"]: each for each in map(json.loads, ran.stdout.splitlines())}
    operations = [
        operation
        for path in json.loads(document.read_bytes())["paths"].values()
        for operation in path.values()
    ]

    assert ran.returncode == 0, ran.stderr
    for operation in operations:
        each, wanted = (
            told[operation["operationId"]],
            operation["responses"]["200"]["content"]["application/json"],
        )

        assert each["status"] == 200, each
        assert each["model"] == wanted["schema"]["$ref"].rpartition("/")[2]
        assert each["parsed"] == each["sent"] == wanted["example"]
