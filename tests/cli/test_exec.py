"""`session-mock exec` runs clients in any language, and its exit code says who failed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from mockserver import SessionMock
from mockserver.cli.main import cli

CLIENT = """
import json, os, sys, urllib.request
site = os.environ["SESSION_MOCK_RYBBIT_SITE"]
url = f"{os.environ['API']}/api/sessions/{site}?limit=1000"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + sys.argv[1]})
rows = json.load(urllib.request.urlopen(request))["data"]
with open(sys.argv[2], "w") as file:
    file.writelines(json.dumps(row) + "\\n" for row in rows[int(sys.argv[3]):])
sys.exit(int(sys.argv[4]))
"""


def run(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env).invoke(cli, ["exec", *words])


def run_client(folder: Path, *options: str, skip: int = 0, code: int = 0) -> Result:
    """Run a client of Rybbit that writes the rows after the first *skip*, and ends with *code*."""
    rows = str(folder / "rows.ndjson")
    words = [sys.executable, "-c", CLIENT, "{rybbit.token}", rows, str(skip), str(code)]
    given = ["--sessions", "20", "--env", "API={rybbit.url}", "--rows", f"rybbit/list_sessions={rows}"]
    return run(*given, *options, "--", *words)


def test_correct_client_passes_and_reports_say_so(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("junit", "html", "har", "summary", "env-file")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    result = run_client(tmp_path, "--verify", *options)
    suite = ET.fromstring(files["junit"].read_text("utf-8"))[0]  # noqa: S314 -- our own file

    assert result.exit_code == 0, result.output
    assert "got 20 rows, no differences" in result.output
    assert [case.get("name") for case in suite] == ["command", "verification", "rows rybbit/list_sessions"]
    assert suite.get("failures") == "0"
    assert files["summary"].read_text("utf-8").startswith("## Passed: `")
    assert "GET /api/sessions/" in files["html"].read_text("utf-8")
    assert len(json.loads(files["har"].read_bytes())["log"]["entries"]) == 1
    assert "\nAPI=http://127.0.0.1:" in files["env-file"].read_text("utf-8")
    assert files["env-file"].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "skip", "code", "expected"),
    [
        ((), 0, 7, 7),
        (("--verify", "--fault", '{"kind": "status", "page": 9}'), 0, 0, 1),
        (("--verify", "--fault", '{"kind": "status", "page": 9}'), 0, 3, 3),
        ((), 1, 0, 1),
    ],
    ids=["client fails", "unused fault", "both fail", "row missing"],
)
def test_exit_code_is_that_of_client_unless_only_checks_fail(
    tmp_path: Path, options: tuple[str, ...], skip: int, code: int, expected: int
) -> None:
    result = run_client(tmp_path, *options, "--junit", str(tmp_path / "junit"), skip=skip, code=code)
    suite = ET.fromstring((tmp_path / "junit").read_text("utf-8"))[0]  # noqa: S314 -- our own file

    assert result.exit_code == expected, result.output
    assert suite.get("failures") == str(bool(code) + bool(options or skip))
    assert ("unused-fault: " in result.output) == bool(options)
    assert ("1 difference" in result.output) == bool(skip)


def test_exit_codes_of_harness_and_of_commands_that_do_not_run(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program", encoding="utf-8")
    codes = {
        (): 2,
        ("--print-env", "sh", "--", "true"): 2,
        ("--tenant", "x", "--", "true"): 2,
        ("--url", "http://127.0.0.1:1", "--print-env", "sh"): 2,
        ("--rows", "rybbit/list_sesions=x", "--", "true"): 2,
        ("--env", "X={rybbit.tokn}", "--", "true"): 2,
        ("--fault", '{"kind": "statsu"}', "--", "true"): 2,
        ("--limit", "rybbit.none=2", "--", "true"): 2,
        ("--timeout", "0.05", "--", "sleep", "1000"): 124,
        ("--url", "http://127.0.0.1:1", "--", "true"): 125,
        ("--junit", "/no/folder/x", "--", "true"): 125,
        ("--", str(text)): 126,
        ("--", "no-such-command"): 127,
        ("--verify", "--", "true"): 0,
        ("sh", "-c", "kill -9 $$"): 137,
    }

    assert {words: run(*words).exit_code for words in codes} == codes


def test_interrupt_before_client_starts_is_no_failed_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.cli.exec.command.build_config", interrupt)

    assert run("--", "true").exit_code == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_before_client_starts_removes_folder(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def end(access: Any) -> dict[str, str]:
        folders.append(Path(access.ca_file).parent)
        assert folders[0].is_dir()
        signal.raise_signal(number)
        return {}

    monkeypatch.setattr("mockserver.cli.exec.command.proxy_variables", end)
    previous = signal.signal(number, signal.default_int_handler)
    try:
        result = run("--intercept", "--", "true")
    finally:
        signal.signal(number, previous)

    assert result.exit_code == 128 + number
    assert [folder.exists() for folder in folders] == [False]


def test_rows_that_client_did_not_write_fail(tmp_path: Path) -> None:
    result = run("--rows", f"rybbit/list_sessions={tmp_path}/no.csv", "--", "true")

    assert result.exit_code == 1
    assert "cannot read the file: No such file or directory; did the command write it?" in result.output


@pytest.mark.parametrize("form", ["sh", "dotenv", "json", "github"])
def test_printed_variables_are_those_of_an_existing_tenant(form: str) -> None:
    with SessionMock() as mock, mock.create_tenant("mine") as tenant:
        shown = run(
            "--url", mock.url, "--tenant", "mine", "--print-env", form, "--env", "A=it's $x\t'"
        ).output
        token = tenant.vendor("rybbit").credentials["token"]

        assert "mine" in [each.id for each in mock.admin.tenants()]
    line = {"sh": "export {}={}", "json": '  "{}": "{}"', "dotenv": "{}={}", "github": "{}={}"}[form]
    assert line.format("SESSION_MOCK_RYBBIT_TOKEN", token) in shown.replace(",\n", "\n").splitlines()
    if form == "sh":
        echoed = subprocess.run(
            ["/bin/sh", "-c", f'{shown}\nprintf %s "$A"'], capture_output=True, check=True
        )
        assert echoed.stdout.decode() == "it's $x\t'"


def test_running_server_gets_a_tenant_that_is_deleted() -> None:
    with SessionMock() as mock:
        command = 'test "$SESSION_MOCK_URL" = "$0" && test "$SESSION_MOCK_TENANT" != default'
        result = run("--url", mock.url, "--sessions", "3", "--", "sh", "-c", command, mock.url)

        assert result.exit_code == 0, result.output
        assert [tenant.id for tenant in mock.admin.tenants()] == ["default"]


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_client_and_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = f"exec 9>{fifo}; (trap '' INT TERM; sleep 1000) & echo started >&9; exec sleep 1000"
    words = [sys.executable, "-m", "mockserver", "exec", "--verify", "--", "sh", "-c", script]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        with fifo.open("rb") as ends:
            assert ends.readline() == b"started\n"
            process.send_signal(number)
            assert ends.read() == b""
        assert process.wait(60) == 128 + number


def test_requests_of_no_tenant_are_described_and_preflights_are_not() -> None:
    code = """
import os, urllib.request
def send(path, **options):
    try:
        urllib.request.urlopen(urllib.request.Request(os.environ["SESSION_MOCK_RYBBIT_URL"] + path, **options))
    except urllib.error.HTTPError:
        pass
preflight = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
send("/api/sessions/1", method="OPTIONS", headers=preflight)
"""
    wrong = 2 * 'send("/api/sessions/1", headers={"Authorization": "Bearer wrong"})\n'
    shown = run("--verify", "--", sys.executable, "-c", code + wrong).stderr
    silent = run("--verify", "--", sys.executable, "-c", code).stderr

    assert "GET /api/sessions/1: the request carries no tenant's credential; " in shown
    assert "(2 times)" in shown
    assert "Not checked" not in silent


def test_printed_variables_of_no_running_server_are_a_warning() -> None:
    result = run("--print-env", "json")

    assert json.loads(result.stdout)["SESSION_MOCK_TENANT"] == "default"
    assert "no server runs at these addresses" in result.stderr
