"""The README and the reference pages: every block of the README runs, and every fault is documented."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver.cli.main import cli
from mockserver.server.configuration.config import read_config
from mockserver.server.configuration.tenants import tenants
from mockserver.server.faults.base import Fault
from mockserver.server.faults.describe import arguments
from mockserver.server.faults.registry import kinds
from mockserver.vendors import load
from tests.docs.running import differs
from tests.support.generated import stale

ROOT = Path(__file__).parents[1]
FAULTS = ROOT / "docs" / "faults.md"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
FILES = {name[1]: block for _, block in BLOCKS if (name := re.match(r"# (\w+\.py)\n", block))}
SCRIPTS = [block for kind, block in BLOCKS if kind == "python" and block not in FILES.values()]
SHELL_BLOCKS = [block.strip() for kind, block in BLOCKS if kind == "sh"]
LINES = "\n".join(SHELL_BLOCKS).splitlines()
SHOWN = {command.strip(): output for (_, command), (kind, output) in pairwise(BLOCKS) if kind == "text"}
"""The output that the README shows for a shell block."""
FAILING = [name for name in FILES if f"pytest {name}" in SHOWN]
PASSING = [name for name in FILES if name not in FAILING]
TOML = next(block for kind, block in BLOCKS if kind == "toml")
QUICK_COMMANDS = ("vendors", "contract", "world", "export")
ADMIN_LINES = [line for line in LINES if line.startswith("session-mock admin ") or "/__admin/" in line]
CURL_LINES = [line for line in LINES if line.startswith("curl ") and line not in ADMIN_LINES]


def clean_environment() -> dict[str, str]:
    """Return the environment without the variables of this test run."""
    prefixes = ("COV", "PYTEST", "SESSION_MOCK")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def run_pytest(name: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Write a file of the README to an empty folder and run pytest there."""
    (folder / name).write_text(FILES[name], encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", name],
        cwd=folder,
        env={**clean_environment(), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_readme_has_only_blocks_that_tests_run() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "toml", "python", "text"}
    assert {line.split()[0] for line in LINES} == {"make", "curl", "session-mock", "pytest"}
    assert len(CURL_LINES) == len(load()), stale(ROOT / "README.md")
    assert [line.split()[1:] for line in LINES if line.startswith("pytest ")] == [[name] for name in FILES]
    assert list(SHOWN) == [f"pytest {name}" for name in FAILING]
    assert FAILING
    assert PASSING
    assert SCRIPTS


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_readme_make_target_exists(line: str) -> None:
    target = shlex.split(line, comments=True)[1]
    finished = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 -- make from the PATH

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout


@pytest.fixture(name="url", scope="module")
def _url() -> Iterator[str]:
    """Run a server with default settings in another process and return its URL."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.mark.parametrize("line", CURL_LINES)
def test_readme_curl_line_works_as_pasted(line: str, url: str) -> None:
    # Only the port differs from the document.
    words = shlex.split(line.replace("http://127.0.0.1:8080", url))
    finished = subprocess.run([*words, "--fail"], capture_output=True, text=True, check=True)

    assert json.loads(finished.stdout)


def test_readme_admin_lines_work_in_order(url: str) -> None:
    environment = {**os.environ, "SESSION_MOCK_URL": url}
    for line in ADMIN_LINES:
        words = shlex.split(line.replace("http://127.0.0.1:8080", url))
        python = [sys.executable, "-m", "mockserver", *words[1:]]
        command = [*words, "--fail"] if words[0] == "curl" else python
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        assert finished.returncode == 0, f"{line}\n{finished.stderr}"
        assert finished.stdout, line


@pytest.mark.parametrize("name", PASSING)
def test_readme_file_passes_as_pasted(name: str, tmp_path: Path) -> None:
    finished = run_pytest(name, tmp_path)

    assert finished.returncode == 0, finished.stdout
    assert " 1 passed " in finished.stdout


@pytest.mark.parametrize("name", FAILING)
def test_readme_file_fails_as_shown(name: str, tmp_path: Path) -> None:
    finished = run_pytest(name, tmp_path)
    missing = differs(SHOWN[f"pytest {name}"], finished.stdout)

    assert finished.returncode == 1, finished.stdout
    assert " 1 failed " in finished.stdout
    assert missing is None, f"pytest does not print\n{missing}\nbut\n{finished.stdout}"


@pytest.mark.parametrize("script", SCRIPTS)
def test_readme_script_runs(script: str, tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout


@pytest.mark.parametrize(
    "line", [line for line in LINES if line.startswith("session-mock") and line.split()[1] in QUICK_COMMANDS]
)
def test_readme_command_succeeds(line: str) -> None:
    finished = CliRunner().invoke(cli, shlex.split(line, comments=True)[1:])

    assert finished.exit_code == 0, finished.output
    assert finished.output


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("session-mock serve")])
def test_readme_serve_line_starts_and_stops(line: str, tmp_path: Path) -> None:
    (tmp_path / "mock.toml").write_text(TOML, encoding="utf-8")
    # Ports of the document may be taken here.
    words = re.sub(r"(\w+=)(?=\d{4})\d+", r"\g<1>0", line.partition("#")[0]).split()[1:]
    command = [sys.executable, "-m", "mockserver", *words, "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        printed: dict[str, Any] = json.loads(process.stdout.readline())
        process.terminate()
        code = process.wait(timeout=1)

    assert set(printed["vendors"]) == {vendor.name for vendor in load()}
    assert code == 0


def test_readme_toml_defines_tenants(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(TOML, encoding="utf-8")
    by_name = {tenant.name: tenant for tenant in tenants(read_config(path, {}))}

    assert tomllib.loads(TOML)["port"] == 8090
    assert by_name["default"].world.spec.sessions == 250
    assert by_name["empty"].world.spec.sessions == 0
    assert "german-phones" in by_name["default"].world.segments


@pytest.mark.parametrize("kind", kinds())
def test_fault_kind_has_section_with_arguments_and_example(kind: str) -> None:
    text = FAULTS.read_text(encoding="utf-8")
    section = text.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    example = section.partition("```json\n")[2].partition("```")[0] or "null"
    rows = [f"| `{argument.name}` | {argument.type} |" for argument in arguments(kinds()[kind])]

    assert json.loads(example) == kinds()[kind].EXAMPLE, stale(FAULTS)
    assert kinds()[kind].EXAMPLE["kind"] == kind
    assert re.match(r"\n[A-Z][^|]+\.\n", section), stale(FAULTS)
    assert all(row in section for row in rows), stale(FAULTS)
    assert [argument.name for argument in arguments(kinds()[kind]) if not argument.description] == []


def test_fault_conditions_are_documented_in_one_table() -> None:
    text = FAULTS.read_text(encoding="utf-8")
    table = text.partition("\n## Conditions\n")[2].partition("\n## ")[0]

    assert all(f"| `{condition.name}` | " in table for condition in arguments(Fault)), stale(FAULTS)
    assert [condition.name for condition in arguments(Fault) if not condition.description] == []
