"""The documents: generated parts are current, and every block of code runs."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver.cli.main import cli
from mockserver.server.faults.base import Fault
from mockserver.server.faults.describe import arguments
from mockserver.server.faults.registry import kinds
from mockserver.server.tenancy.config import read_config, tenants
from mockserver.vendors import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
FILES = {name[1]: block for _, block in BLOCKS if (name := re.match(r"# (\w+\.py)\n", block))}
SCRIPTS = [block for kind, block in BLOCKS if kind == "python" and block not in FILES.values()]
LINES = [line for kind, block in BLOCKS if kind == "sh" for line in block.strip().splitlines()]
QUICK = ("vendors", "contract", "world", "export")
STEERING = [line for line in LINES if line.startswith("session-mock admin ") or "/__admin/" in line]


def plain() -> dict[str, str]:
    """The environment without what this run has set up for itself."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV", "PYTEST", "SESSION_MOCK"))
    }


def test_every_block_of_the_readme_is_run_by_a_test() -> None:
    """Each line of a shell block is one of the kinds that the tests below run; other blocks are TOML, scripts, or files for pytest."""
    kinds = [line.split()[0] for line in LINES]

    assert {kind for kind, _ in BLOCKS} == {"sh", "toml", "python"}
    assert set(kinds) == {"make", "curl", "session-mock", "pytest"}
    assert len([line for line in LINES if line.startswith("curl ") and line not in STEERING]) == len(load())
    assert [line.split()[1:] for line in LINES if line.startswith("pytest ")] == [[name] for name in FILES]
    assert SCRIPTS


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_make_knows_the_target(line: str) -> None:
    """A command of the README is a target of the Makefile."""
    target = shlex.split(line, comments=True)[1]
    told = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 -- make as it is

    assert told.returncode == 0, told.stderr
    assert told.stdout


@pytest.fixture(name="served", scope="module")
def _served() -> Iterator[str]:
    """The URL of a default server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.mark.parametrize(
    "line", [line for line in LINES if line.startswith("curl ") and line not in STEERING]
)
def test_curl_of_the_readme_works_as_pasted(line: str, served: str) -> None:
    """Only the port differs from what a reader pastes."""
    words = shlex.split(line.replace("http://127.0.0.1:8080", served))
    told = subprocess.run([*words, "--fail"], capture_output=True, text=True, check=True)

    assert json.loads(told.stdout)


def test_steering_of_the_readme_works_line_after_line(served: str) -> None:
    """The admin commands, and curl beside them, steer a server that runs; each prints what came of it."""
    environment = {**os.environ, "SESSION_MOCK_URL": served}
    for line in STEERING:
        words = shlex.split(line.replace("http://127.0.0.1:8080", served))
        command = (
            [*words, "--fail"] if words[0] == "curl" else [sys.executable, "-m", "mockserver", *words[1:]]
        )
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        assert told.returncode == 0, f"{line}\n{told.stderr}"
        assert told.stdout, line


@pytest.mark.parametrize("name", FILES)
def test_python_of_the_readme_passes_as_pasted(name: str, tmp_path: Path) -> None:
    """Its files are tests that pass in a project without any configuration."""
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "pytest", name],
        cwd=tmp_path,
        env=plain(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout
    assert " 1 passed " in told.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_of_the_readme_runs(script: str, tmp_path: Path) -> None:
    """What has no name is a script, and prints something."""
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=plain(), capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout


@pytest.mark.parametrize(
    "line", [line for line in LINES if line.startswith("session-mock") and line.split()[1] in QUICK]
)
def test_command_of_the_readme_runs(line: str) -> None:
    """Commands that end by themselves end well."""
    told = CliRunner().invoke(cli, shlex.split(line, comments=True)[1:])

    assert told.exit_code == 0, told.output
    assert told.output


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("session-mock serve")])
def test_serve_of_the_readme_starts(line: str, tmp_path: Path) -> None:
    """Each way to serve gets as far as saying that it does, and ends within a second of being told to."""
    toml = next(block for kind, block in BLOCKS if kind == "toml")
    (tmp_path / "mock.toml").write_text(toml, encoding="utf-8")
    words = re.sub(r"(\w+=)(?=\d{4})\d+", r"\g<1>0", line.partition("#")[0]).split()[1:]
    command = [sys.executable, "-m", "mockserver", *words, "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        told: dict[str, Any] = json.loads(process.stdout.readline())
        process.terminate()
        code = process.wait(timeout=1)

    assert set(told["vendors"]) == {vendor.name for vendor in load()}
    assert code == 0


def test_settings_of_the_readme_are_read(tmp_path: Path) -> None:
    """The TOML block makes the tenants it says."""
    path = tmp_path / "mock.toml"
    path.write_text(next(block for kind, block in BLOCKS if kind == "toml"), encoding="utf-8")
    made = {tenant.name: tenant for tenant in tenants(read_config(path, {}))}

    assert tomllib.loads(path.read_text(encoding="utf-8"))["port"] == 8090
    assert made["default"].world.spec.sessions == 250
    assert made["empty"].world.spec.sessions == 0
    assert "german-phones" in made["default"].world.segments


@pytest.mark.parametrize("kind", kinds())
def test_every_fault_is_documented(kind: str) -> None:
    """Each kind has a section that says what it does, what each of its arguments means, and an example of it."""
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    example = json.loads(section.partition("```json\n")[2].partition("```")[0])

    assert example == kinds()[kind].EXAMPLE
    assert example["kind"] == kind
    assert re.match(r"\n[A-Z][^|]+\.\n", section)
    assert all(f"| `{argument.name}` | {argument.type} |" in section for argument in arguments(kinds()[kind]))
    assert [argument.name for argument in arguments(kinds()[kind]) if not argument.description] == []


def test_every_condition_of_faults_is_documented() -> None:
    """The conditions that all kinds share stand in one table, each with its meaning."""
    text = (
        (ROOT / "docs" / "faults.md")
        .read_text(encoding="utf-8")
        .partition("\n## Conditions\n")[2]
        .partition("\n## ")[0]
    )

    assert all(f"| `{condition.name}` | " in text for condition in arguments(Fault))
    assert [condition.name for condition in arguments(Fault) if not condition.description] == []
