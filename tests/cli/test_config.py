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
    "faults = [{kind = 'reset'},\n\n {kind = 'latency', seconds = -1}]": (3, "seconds must be"),
    "faults = [\n{kind = 'reset'},\n{kind = 'reset', nth = 2, after = 3}]": (3, "nth: 2 is among"),
    "scenario = 'short-outage'\n[[faults]]\nkind = 'reset'\n[[faults]]\nkind = 'rest'": (5, "'reset'"),
    '[limits."rybbit.api"]\nallowd = 2': (2, "allowd"),
    "[limits]\n'braze.shared' = 1\n'rybbit.api' = 5_000_000_000": (3, "invalid value '5000000000'"),
    "host = '0.0.0.0'": (1, "not loopback"),
    "[tenants.a]\ncredentials = {\"rybbit.token\" = 'x'}\n[tenants.b]\ncredentials = {\"rybbit.token\" = 'x'}": (
        4,
        "used",
    ),
    "[credentials]\n'rybbit.token' = 'x'\n'rybbit.tokn' = 'x'": (3, "unknown credential"),
    "[behaviors]\n'rybbit.cors' = 'any'\n\"browsee.\\u0062usy\" = 'x'": (3, "invalid value 'x'"),
    "[dialect]\nrybbit = 'observed'\nbrowsee = 'x'": (3, "unknown dialect 'x'"),
    "[behaviors]\n'rybbit.cors' = 'any'\n'browsee.dialect' = 'x'": (3, "unknown dialect 'x'"),
    "clock = {action = 'advance', seconds = 'x'}": (1, "invalid duration 'x'"),
    "clock = {action = 'wait'}": (1, "clock"),
    "[world]\nsites = 1\n[tenants.a]\nworld = {}\n[tenants.a.world]": (None, "invalid TOML"),
    "now = 0\n[tenants.a]\nsession = 1\nnow = 'x'": (3, "unknown field 'session'"),
    "now = 0\n[tenants.a]\nnow = 'x'": (3, "'x' is not an ISO 8601 date or time"),
    "[world]\n[tenants.b.world]\nsesions = 1": (3, "did you mean 'sessions'"),
    "[world.segments]\nall = {}\nodd = {devise = 'x'}": (3, "unknown filter 'devise'"),
    "[world]\nlocales = []\nquiet_days = [1,\n 2, # 'x' = 1\n 9]": (5, "quiet_days[2]"),
    '[world]\nvocabulary = """\nsites = 0 """""\nsites = 1\nsites_ = 1': (5, "unknown field 'sites_'"),
    "[world]\nvocabulary = '''\nsites = 0 '''\nsites = 1\nsites_ = 1": (5, "unknown field 'sites_'"),
    "[world]\nstart = 2026-09-10\n\n[[world.add]]\nstart = 2026-09-11\nend = 2026-09-10": (6, "is before"),
    "[world.names]\nsites = ['a']\ncountries = ['XY']": (3, "unknown country 'XY'"),
    "[[world.add]]\nstart = 0\npages = [\n '/',\n 'x']": (5, "'x' is not a path"),
    "[tenants.a]\nprofile = 'x'": (2, "unknown profile"),
    "[tenants.a]\nsessions_as = 'neutral'": (2, "need a file with sessions"),
    "[tenants.a]\nsessions_as = 'neutral'\nsessions_from = 'none.csv'": (3, "cannot read"),
    "port = 0\nrestore = 'none.json'": (2, "cannot read none.json"),
    "port = 0\npass_hosts = ['a.example']": (2, "no effect without proxy"),
    "[vendor_ports]\nrybbit = 0\nrybit = 0": (3, "unknown vendor 'rybit'"),
    "[tenants]\n[tenants.default]": (2, "default"),
    f"{FAULT}{FAULT.replace('faults', 'tenants.b.faults') * 2}times = 0": (10, "times must be"),
    f"scenario = 'short-outage'\n{FAULT}times = 0": (5, "times must be"),
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


@pytest.mark.parametrize(
    ("scenario", "settings", "line"),
    [
        ("[world]\nsesions = 1", "{}", 2),
        ("[world]\nsesions = 1", "{}\n[world]\nsites = 1", 2),
        ("[world]\nsites = 1", "{}\n[world]\nsesions = 1", 4),
        (f"{FAULT}times = 0", f"{{}}\n{FAULT}", 2),
        ("now = 'x'", "[tenants.a]\n{}", 3),
        ("limits = {none = 1}", "[limits]\n[tenants.a]\n{}", 4),
    ],
)
def test_check_shows_line_of_scenario_with_mistake(
    scenario: str, settings: str, line: int, tmp_path: Path
) -> None:
    path = tmp_path / "mock.toml"
    (tmp_path / "mine.toml").write_text(scenario, encoding="utf-8")
    path.write_text("port = 0\n" + settings.format("scenario = 'mine.toml'"), encoding="utf-8")
    result = run("check", str(path))

    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {path}, line {line}: ")


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
