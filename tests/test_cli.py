"""The command, run as its user runs it."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import json as fast

from mockserver import __version__
from mockserver.cli import cli
from mockserver.server.config import TenantConfig, make_tenant
from mockserver.vendors import NAMES, every, load

WIDE = {"COLUMNS": "10000"}
"""A terminal that folds nothing."""


def run(*words: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Run a command in this process and return what it printed."""
    told = CliRunner(env=env).invoke(cli, words)

    assert told.exit_code == code, told.output
    return told.output


def test_version_and_help() -> None:
    """The command says its version and its commands."""
    assert run("--version").strip().endswith(__version__)
    assert all(word in run("--help") for word in ("serve", "admin", "vendors", "contract", "world", "export"))


def test_vendors_lists_every_endpoint() -> None:
    """Every path of every endpoint is listed, for people and for programs."""
    listed = json.loads(run("vendors", "--json"))
    paths = [path for vendor in load() for endpoint in vendor.contract.endpoints for path in endpoint.paths]

    assert [each["path"] for each in listed] == paths
    assert all(path in run("vendors") for path in paths)


@pytest.mark.parametrize("vendor", NAMES)
def test_contract_prints_facts_with_basis_and_source(vendor: str) -> None:
    """All facts, or those of one basis, every source with its title."""
    whole, chosen = (json.loads(run("contract", vendor, "--json", *more)) for more in ([], ["--basis", "chosen"]))
    text = run("contract", vendor, env=WIDE)

    assert {fact["basis"] for fact in chosen["facts"]} == {"chosen"}
    assert [fact for fact in whole["facts"] if fact["basis"] == "chosen"] == chosen["facts"]
    assert all(fact["says"] in text for fact in whole["facts"])
    assert all(source["title"] in text for source in whole["sources"].values())


@pytest.mark.parametrize("columns", [60, 110])
@pytest.mark.parametrize("vendor", NAMES)
def test_contract_is_as_wide_as_the_terminal(vendor: str, columns: int) -> None:
    """Sentences are folded between words, in a pipe too; a URL that has room stands in a line of its own."""
    text = run("contract", vendor, env={"COLUMNS": str(columns)})
    told = json.loads(run("contract", vendor, "--json"))
    lines = text.splitlines()
    folded = [line.split("  ")[-1].strip() for line in lines]
    urls = {source["url"] for source in told["sources"].values() if source["url"]}

    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    assert all(word in text for fact in told["facts"] for word in fact["says"].split() if len(word) < columns // 3)
    assert urls <= set(folded) or columns == 60


def test_contract_of_nobody_in_particular_is_that_of_all() -> None:
    """Every vendor that has the dialect; with a basis, only the facts that rest on it."""
    chosen = json.loads(run("contract", "--dialect", "documented", "--basis", "chosen", "--json"))
    observed = json.loads(run("contract", "--dialect", "observed", "--json"))

    assert [each["vendor"] for each in chosen] == [each["vendor"] for each in observed] == list(NAMES)
    assert {fact["basis"] for each in chosen for fact in each["facts"]} == {"chosen"}
    assert chosen == [json.loads(run("contract", name, "--basis", "chosen", "--json")) for name in NAMES]
    assert [each["dialect"] for each in observed] == [vendor.observed for vendor in load()]


def test_contract_of_nobody_in_no_dialect_is_all_there_is() -> None:
    """Every dialect of every vendor, the others as far as they differ: what is only assumed stands in it, and on its page."""
    told = json.loads(run("contract", "--basis", "chosen", "--json"))
    text, page = (
        run("contract", "--basis", "chosen", env=WIDE),
        (Path(__file__).parents[1] / "docs" / "assumed.md").read_text(encoding="utf-8"),
    )

    assert [(each["vendor"], each["dialect"]) for each in told] == [(vendor.name, vendor.dialect) for vendor in every()]
    for each in told:
        documented = next(one for one in told if one["vendor"] == each["vendor"])
        assert each is documented or not [fact for fact in each["facts"] if fact in documented["facts"]]
        assert all(fact["says"] in text and fact["says"].replace("|", "\\|") in page for fact in each["facts"])


def test_world_tells_totals_that_add_up() -> None:
    """Each site's days sum to its sessions."""
    told = json.loads(run("world", "--sessions", "250", "--sites", "3", "--json"))

    assert [site["sessions"] for site in told["sites"]] == [250, 250, 250]
    assert [sum(site["days"].values()) for site in told["sites"]] == [250, 250, 250]
    assert "250 sessions" in run("world", "--sessions", "250")


def test_export_writes_every_row_in_both_formats() -> None:
    """NDJSON and CSV hold the same rows, one for each session, for every endpoint that lists them."""
    for vendor in load():
        for endpoint in vendor.contract.endpoints:
            if endpoint.starts is None:
                continue
            lines = run("export", vendor.name, endpoint.name, "--sessions", "120").splitlines()
            table = run("export", vendor.name, endpoint.name, "--sessions", "120", "--format", "csv").splitlines()
            first = fast.decode(lines[0])

            assert len(lines) == 120
            assert len(table) == 121
            assert set(first) <= set(table[0].split(","))


def test_export_takes_parameters_and_a_file(tmp_path: Path) -> None:
    """A parameter narrows what is written; --output names where."""
    vendor, endpoint = next((v, e) for v in load() for e in v.contract.endpoints if e.narrowed)
    pairs = [word for name, value in endpoint.narrowed.items() for word in ("--param", f"{name}={value}")]
    path = tmp_path / "rows.ndjson"
    run("export", vendor.name, endpoint.name, *pairs, "--output", str(path))

    assert 0 < len(path.read_text(encoding="utf-8").splitlines()) < 1000


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["contract", "nobody"], "known are"),
        (["export", NAMES[0], "nothing"], "has no endpoint"),
        (["world", "--profile", "awkwrd"], "did you mean 'awkward'?"),
        (["world", "--start", "yesterday"], "is not an ISO 8601 date or time"),
        (["world", "--start", "2026-10-01", "--end", "2026-09-01"], "must be after `start`"),
        (["world", "--sessions", "-1"], "sessions"),
        (["world", "--sessions", "5", "--sessions-per-day", "5"], "cannot be combined with `sessions`"),
        (["world", "--choice", "x"], "write NAME=VALUE"),
        (["world", "--choice", "x.y=1"], "there is no choice 'x.y'"),
        (["world", "--credential", "x.y=1"], "say <vendor>.<credential>"),
        (["world", "--credential", f"{NAMES[0]}.y=1"], "there is no credential"),
        (["world", "--credential", f"{NAMES[0]}.y="], f"credentials.{NAMES[0]}.y must be a text that is not empty"),
        (["serve", "--credential", f"{NAMES[0]}.y=a b"], "in characters that a header can carry, without blanks"),
        (["world", "--config", "/no/such/file.toml"], "No such file"),
        (["serve", "--vendor-port", "x=1"], "there is no vendor 'x'"),
        (["serve", "--vendor-port", "x"], "write VENDOR=PORT"),
        (["serve", "--vendor-port", "x=65536"], "'65536' is no port"),
        (["serve", "--port", "99999"], "'99999' is no port: write a number from 0 to 65535"),
        (["serve", "--admin-port", "x"], "'x' is no port"),
        (["world", "--seed", "some"], "'some' is no seed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_told_with_a_remedy(words: list[str], remedy: str) -> None:
    """Exit code 2, what is wrong, and what would be right."""
    assert remedy in run(*words, code=2)


def test_environment_sets_what_options_do() -> None:
    """SESSION_MOCK_… stands for an option, and an option wins."""
    env = {"SESSION_MOCK_SESSIONS": "7"}

    assert json.loads(run("world", "--json", env=env))["sites"][0]["sessions"] == 7
    assert json.loads(run("world", "--json", "--sessions", "9", env=env))["sites"][0]["sessions"] == 9


def start(*words: str) -> "subprocess.Popen[str]":
    """Start a server in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "mockserver", "serve", "--port", "0", *words], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_json_writes_the_port_and_ends_within_a_second(number: int, tmp_path: Path) -> None:
    """The one line of JSON says all that a client needs; a signal ends the server at once, open connection or not."""
    path = tmp_path / "port"
    with start("--json", "--port-file", str(path), "--vendor-port", f"{NAMES[0]}=0") as process:
        assert process.stdout is not None
        told: dict[str, Any] = json.loads(process.stdout.readline())
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{told['url']}/no/such/path")  # noqa: S310 -- our own server
        process.send_signal(number)
        code = process.wait(timeout=1)
    ports = path.read_text(encoding="utf-8").split()

    assert code == 0
    assert told["tenant"] == "default"
    assert ports[0] == told["url"].rpartition(":")[2]
    assert ports[1] == f"{NAMES[0]}={told['vendors'][NAMES[0]]['url'].rpartition(':')[2]}"
    assert {len(vendor["sites"]) for vendor in told["vendors"].values()} == {2}
    assert all(vendor["credentials"] for vendor in told["vendors"].values())


def test_serve_prints_a_curl_for_every_vendor() -> None:
    """The table names each credential and a request that can be pasted."""
    with start() as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("session-mock serves")):
            lines.append(process.stdout.readline())
        process.terminate()

    assert sum(line.strip().startswith("curl ") for line in lines) == len(NAMES)


def test_port_in_use_is_told() -> None:
    """A port that somebody else has is an error with a remedy, not a traceback."""
    with start("--json") as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "mockserver", "serve", "--port", port], capture_output=True, text=True, check=False, timeout=20
        )
        process.terminate()

    assert second.returncode == 1
    assert "choose another --port" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "0", "--port-file", "/no/such/folder/port"], "--port-file /no/such/folder/port: No such file or directory"),
        (["--port", "0", "--config", "{config}"], "its {vendor} credential is that of tenant 'default' already"),
    ],
)
def test_serve_says_what_stands_in_its_way(tmp_path: Path, arguments: list[str], says: str) -> None:
    """In a sentence, whatever it is."""
    vendor, name = next((v.name, c) for v in load() for c in make_tenant("x", TenantConfig()).names[v.name].credentials if c == "token")
    config = tmp_path / "mock.toml"
    config.write_text(f'[credentials]\n"{vendor}.{name}" = "same"\n[tenants.x.credentials]\n"{vendor}.{name}" = "same"\n', encoding="utf-8")
    told = CliRunner().invoke(cli, ["serve", *(each.format(config=config) for each in arguments)])

    assert told.exit_code == 2
    assert says.format(vendor=vendor) in told.output
    assert "Traceback" not in told.output
