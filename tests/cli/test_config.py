"""`session-mock config` describes and checks the files that `serve` reads."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from mockserver.cli.config import build_schema
from mockserver.cli.main import cli
from mockserver.server.configuration.config import ConfigError, read_config
from mockserver.server.faults.registry import kinds

SCENARIOS = sorted((Path(__file__).parents[2] / "mockserver" / "scenarios").glob("*.toml"))
VALID = """
scenario = "short-outage"
now = "2026-09-15"
[world]
sessions = 5
[limits."rybbit.api"]
allowed = 2
[behaviors]
"browsee.hold" = 0
[[faults]]
kind = "latency"
seconds = 0
[tenants.nightly]
clock = {action = "rate", rate = 60}
[[tenants.nightly.faults]]
kind = "reset"
[[tenants.nightly.world.add]]
start = "2026-09-10"
pages = ["/", {page = "/pricing", seconds = 5}]
"""
FAULT = "[[faults]]\nkind = 'status'\nstatus = 503\n"
INVALID = {
    "wrold = 1": (1, "unknown"),
    "[[faults]]\nkind = 'latency'\nsecond = 1": (3, "unknown argument 'second'; did you mean 'seconds'"),
    '[limits."rybbit.api"]\nallowd = 2': (2, "allowd"),
    "host = '0.0.0.0'": (1, "not loopback"),
    "[tenants.a]\ncredentials = {\"rybbit.token\" = 'x'}\n[tenants.b]\ncredentials = {\"rybbit.token\" = 'x'}": (
        None,
        "used",
    ),
    "clock = {action = 'advance', seconds = 'x'}": (None, "invalid duration 'x'"),
    "clock = {action = 'wait'}": (1, "clock"),
    "[world]\nsites = 1\n[tenants.a]\nworld = {}\n[tenants.a.world]": (None, "invalid TOML"),
    "now = 0\n[tenants.a]\nsession = 1\nnow = 'x'": (3, "unknown field 'session'"),
    "now = 0\n[tenants.a]\nnow = 'x'": (3, "'x' is not an ISO 8601 date or time"),
    "[world]\n[tenants.b.world]\nsesions = 1": (3, "did you mean 'sessions'"),
    f"{FAULT}{FAULT.replace('faults', 'tenants.b.faults') * 2}times = 0": (10, "times must be"),
    f"scenario = 'short-outage'\n{FAULT}times = 0": (None, "times must be"),
    "[[world.add]]\nstart = 0\n[[world.add]]\nstart = 'x'": (4, "world.add[1]: start: 'x' is not an ISO"),
}
"""Settings with the line and a part of the message."""


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["config", *words])


def test_check_accepts_settings_and_every_shipped_scenario(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(VALID, encoding="utf-8")
    result = run("check", str(path), *map(str, SCENARIOS))

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[0] == f"{path}: valid settings with 2 tenants"
    assert result.output.count("a valid scenario") == len(SCENARIOS) >= 12


@pytest.mark.parametrize("text", INVALID)
def test_check_explains_invalid_settings_with_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(text, encoding="utf-8")
    result = run("check", str(path))

    assert result.exit_code == 1
    line, message = INVALID[text]
    assert result.output.startswith(f"Error: {path}: " if line is None else f"Error: {path}, line {line}: ")
    assert message in result.output


def test_schema_describes_files_and_the_arguments_of_every_fault() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("schema").output))
    validator.check_schema(build_schema())
    text = json.dumps(build_schema())

    validator.validate(tomllib.loads(VALID))
    for path in SCENARIOS:
        validator.validate(tomllib.loads(path.read_text("utf-8")))
    assert all(f'"{kind}"' in text for kind in kinds())
    for wrong in (
        "wrold = 1",
        "[[faults]]\nkind = 'none'",
        "[world]\nsesions = 1",
        "port = 'x'",
        "[[world.add]]\nend = 0",
    ):
        assert not validator.is_valid(tomllib.loads(wrong)), wrong


def test_whole_configuration_comes_from_one_variable(tmp_path: Path) -> None:
    shown = CliRunner(env={"SESSION_MOCK_TOML": "[world]\nsessions = 5\nsites = 1"}).invoke(
        cli, ["world", "--json"]
    )

    assert [site["sessions"] for site in json.loads(shown.output)["sites"]] == [5]
    with pytest.raises(ConfigError, match="exclude each other"):
        read_config(tmp_path / "x.toml", {}, "a = 1")
    with pytest.raises(ConfigError, match=r"TOML text \(--toml, SESSION_MOCK_TOML\): invalid TOML"):
        read_config(None, {}, "a")
