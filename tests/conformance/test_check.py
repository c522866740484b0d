"""`session-mock check` with commands: evidence, reports, expectations, and ends."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from mockserver import conformance
from mockserver.cli.main import cli
from mockserver.conformance import Situation
from mockserver.conformance.html import to_html
from mockserver.conformance.results import read_reports
from mockserver.harness.row_files import read_rows
from tests.conformance.clients.careful import make_client
from tests.conformance.known_bugs import BROWSEE, RYBBIT

CLIENT = Path(__file__).parent / "clients" / "careful.py"
CASES = ("--case", "paging/one-more", "--case", "retry/403-always", "--case", "wire/malformed-cut")


def careful(*words: str, target: str = RYBBIT) -> tuple[str, ...]:
    """Return the command of the careful client."""
    return (sys.executable, str(CLIENT), target, *words)


def run(*words: str, code: int = 0, env: dict[str, str] | None = None) -> Result:
    """Run `session-mock check` in this process; it must exit with *code* and without a traceback."""
    variables = {"GITHUB_ACTIONS": "", "COLUMNS": "200", **(env or {})}
    result = CliRunner(env=variables).invoke(cli, ["check", *words])
    assert result.exit_code == code, result.output
    return result


def read_suite(path: Path) -> ET.Element:
    """Return the only suite of a JUnit file."""
    (suite,) = ET.parse(path).getroot()  # noqa: S314 -- our own file
    return suite


def script(folder: Path, body: str) -> tuple[str, ...]:
    """Return a command that runs the careful client's list with another output."""
    path = folder / "client.py"
    head = f"import csv, json, os, sys, time\nsys.path.insert(0, {str(CLIENT.parent)!r})\n"
    collect = (
        "from careful import make_client\n"
        f"def collect(): return make_client({RYBBIT!r}, None, os.environ, time.sleep).collect()\n"
    )
    path.write_text(head + collect + body)
    return (sys.executable, str(path))


IMPATIENT = """
import json, os, time, urllib.error, urllib.request
url, token, site = (os.environ["SESSION_MOCK_RYBBIT_" + name] for name in ("URL", "TOKEN", "SITE"))
for page in range(1, 99):
    query = f"start_date=2026-09-01&end_date=2026-09-30&time_zone=UTC&limit=5&page={page}"
    request = urllib.request.Request(f"{url}/api/sessions/{site}?{query}", headers={"Authorization": f"Bearer {token}"})
    for attempt in range(4):
        try:
            rows = json.load(urllib.request.urlopen(request))["data"]
            break
        except urllib.error.HTTPError as error:
            header = error.headers["Retry-After"]
            time.sleep(float(header) if WAITS and header.isdigit() else 0.005)
    for row in rows:
        print(json.dumps(row))
    if not rows:
        break
"""


@pytest.mark.parametrize(
    ("waits", "wrong"), [(1, ["429-date", "503-date"]), (0, ["429-date", "503-date", "503-seconds"])]
)
def test_client_that_retries_once_at_once_is_found(waits: int, wrong: list[str], tmp_path: Path) -> None:
    """The retry is on a new connection, but a case has one client, so that no other can have sent it."""
    path = tmp_path / "client.py"
    path.write_text(f"WAITS = {waits}\n{IMPATIENT}")
    cases = ("429-date", "503-date", "503-seconds", "503-absent")
    result = run(
        RYBBIT,
        *(f"--case=retry/{case}" for case in cases),
        "--rows=stdout",
        "--",
        sys.executable,
        str(path),
        code=1,
    )

    found = [case for case in cases if f"retry/{case}: wrong (hammering)" in result.output]
    assert found == wrong
    assert "retry-too-soon: The client retried before Retry-After" in result.output


def test_careful_command_passes_and_every_report_is_written(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("junit.xml", "results.json", "page.html", "summary.md")}
    result = run(
        RYBBIT,
        *CASES,
        "--case",
        "resume/ended-after-page-1",
        *("--rows", "stdout", "--junit", str(files["junit.xml"]), "--json", str(files["results.json"])),
        *("--html", str(files["page.html"]), "--summary", str(files["summary.md"]), "--", *careful()),
    )

    assert "4 right; as expected" in result.output
    assert read_suite(files["junit.xml"]).get("tests") == "4"
    report = read_reports(files["results.json"].read_bytes())[0]
    assert [item.verdict for item in report.results] == ["right"] * 4
    assert "passed" in files["summary.md"].read_text()
    page = files["page.html"].read_text()
    assert all(text in page for text in ("wire/malformed-cut", "<svg", "malformed"))
    assert to_html([report]) == page


def test_wrong_command_fails_with_evidence_and_reproduction(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    command = careful("--bug", "takes-refusal-for-end")
    result = run(
        RYBBIT,
        *CASES,
        *("--rows", "stdout", "--junit", str(junit), "--", *command),
        code=1,
        env={"GITHUB_ACTIONS": "true"},
    )

    assert "retry/403-always: wrong (lost)" in result.output
    assert "although the client succeeded" in result.output
    assert "page=2" in result.output
    line = next(line for line in result.output.splitlines() if "reproduce with: " in line)
    words = shlex.split(line.partition("reproduce with: ")[2])
    assert words[:2] == ["session-mock", "check"]
    assert "::error title=session-mock rybbit/list_sessions retry/403-always::" in result.output
    assert read_suite(junit).get("failures") == "1"
    assert "1 wrong; 1 unexpected" in run(*words[2:], code=1).output


def test_journal_is_evidence_without_rows() -> None:
    command = careful("--bug", "takes-refusal-for-end")
    result = run(RYBBIT, *CASES, "--", *command, code=1)

    assert "retry/403-always: wrong (lost)" in result.output
    assert "2 right, 1 wrong" in result.output


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (
            """rows = collect()
out = csv.writer(sys.stdout)
out.writerow(["id", "browser"])
out.writerows([row["session_id"], row["browser"]] for row in rows)
""",
            ["--rows", "stdout", "--columns", "id=session_id"],
        ),
        (
            """rows = sorted(collect(), key=lambda row: row["session_id"])
json.dump([{"id": row["session_id"], "x": 1} for row in rows], open(sys.argv[1], "w"))
""",
            ["--rows", "{case.folder}/rows.json", "--key", "id", "--order", "any"],
        ),
    ],
    ids=["csv", "array-of-keys"],
)
def test_rows_of_every_form_are_compared(tmp_path: Path, body: str, options: list[str]) -> None:
    command = script(tmp_path, body)
    result = run(RYBBIT, "--case", "paging/one-more", *options, "--", *command, "{case.folder}/rows.json")

    assert "1 right; as expected" in result.output


def test_invented_row_is_wrong(tmp_path: Path) -> None:
    body = "for row in collect(): print(json.dumps({**row, 'country': 'XX'}))\n"
    result = run(
        RYBBIT, "--case", "paging/one-row", "--rows", "stdout", "--", *script(tmp_path, body), code=1
    )

    assert "wrong (invented)" in result.output
    assert "country: got 'XX'" in result.output


def test_rows_from_outside_of_the_window_are_named() -> None:
    command = careful("--bug", "begins-day-early")
    result = run(RYBBIT, "--case", "window/leap-day", "--rows", "stdout", "--", *command, code=1)

    assert "3 rows from outside of the window among what the client delivered" in result.output
    assert "exists, but outside the window of this list" in result.output


MESSAGE = "failed, sorry\\nat line 3\\nat line 4, here, there"


@pytest.mark.parametrize("options", [(), ("--format", "ndjson"), ("--format", "csv")], ids=str)
def test_message_of_failed_client_on_stdout_is_no_row(tmp_path: Path, options: tuple[str, ...]) -> None:
    body = f"""try:
    rows = collect()
except Exception:
    print("{MESSAGE}")
    sys.exit(1)
out = csv.writer(sys.stdout)
if "csv" in {options!r}: out.writerow(["session_id", "browser"])
for row in rows:
    if "csv" in {options!r}: out.writerow([row["session_id"], row["browser"]])
    else: print(json.dumps(row))
"""
    cases = ("--case", "paging/one-row", "--case", "retry/403-always")
    result = run(RYBBIT, *cases, *options, "--rows", "stdout", "--", *script(tmp_path, body))
    assert "retry/403-always: right (loud)" in result.output


def test_unreadable_row_of_client_that_succeeds_is_wrong(tmp_path: Path) -> None:
    body = """try:
    rows = collect()
except Exception:
    print("[1, 2")
else:
    for row in rows:
        print(json.dumps(row))
"""
    cases = ("--case", "paging/one-row", "--case", "retry/403-always")
    result = run(RYBBIT, *cases, "--rows", "stdout", "--", *script(tmp_path, body), code=1)
    assert "retry/403-always: wrong (invented)" in result.output
    assert "the rows cannot be read" in result.output


def test_line_separators_within_texts_do_not_end_rows(tmp_path: Path) -> None:
    rows = [{"id": "a\u2028b"}, {"id": "c\x85d"}]
    path = tmp_path / "rows.ndjson"
    path.write_text("\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8", newline="")
    assert read_rows(path, None) == (rows, False)


def test_rows_without_identifying_column_are_a_usage_error(tmp_path: Path) -> None:
    body = "for row in collect(): print(json.dumps({'id': row['session_id']}))\n"
    result = run(
        RYBBIT, "--case", "paging/one-row", "--rows", "stdout", "--", *script(tmp_path, body), code=2
    )

    assert "no row has the column 'session_id'" in result.stderr


def test_sender_that_repeats_event_without_response_is_not_wrong(tmp_path: Path) -> None:
    path = tmp_path / "sender.py"
    path.write_text(
        """import json, os, sys, urllib.request
url, key = os.environ["SESSION_MOCK_BROWSEE_URL"], os.environ["SESSION_MOCK_BROWSEE_API_KEY"]
body = json.dumps({"apiKey": key, "event": "EVENT", "userId": "u"}).encode()
request = urllib.request.Request(url + "/api/v1/track", body, {"Content-Type": "application/json"})
for _ in range(3):
    try:
        sys.exit(urllib.request.urlopen(request).status != 200)
    except OSError:
        continue
sys.exit(1)
"""
    )
    result = run("browsee/track", "--case", "wire/reset-always", "--", sys.executable, str(path))

    assert "wire/reset-always: acceptable (duplicated)" in result.output


def test_sender_that_loses_refused_event_fails(tmp_path: Path) -> None:
    path = tmp_path / "sender.py"
    path.write_text(
        "import json, os, sys, time, urllib.request\n"
        "keys = {'apiKey': os.environ['SESSION_MOCK_BROWSEE_API_KEY'],"
        " 'secretKey': os.environ['SESSION_MOCK_BROWSEE_SECRET_KEY']}\n"
        "url = os.environ['SESSION_MOCK_BROWSEE_URL'] + '/api/v1/track'\n"
        "for number in range(5):\n"
        "    body = json.dumps({**keys, 'event': f'event-{number}', 'userId': 'u-1'}).encode()\n"
        "    for attempt in range(3 if sys.argv[1] == 'careful' else 1):\n"
        "        request = urllib.request.Request(url, body, {'Content-Type': 'application/json'})\n"
        "        try:\n"
        "            urllib.request.urlopen(request, timeout=2)\n"
        "            break\n"
        "        except OSError:\n"
        "            time.sleep(1.1) if sys.argv[1] == 'careful' else None\n"
    )
    options = ("browsee/track", "--case", "resume/sender-503", "--case", "resume/sender-reset", "--")

    careful_output = run(*options, sys.executable, str(path), "careful").output
    assert "resume/sender-503: right (complete)" in careful_output
    assert "resume/sender-reset: acceptable (duplicated)" in careful_output
    failed = run(*options, sys.executable, str(path), "careless", code=1).output
    assert "resume/sender-503: wrong (lost)" in failed
    assert "resume/sender-reset: right (complete)" in failed


@pytest.mark.parametrize(
    ("known", "code", "text"),
    [
        ("'retry/403-always' = 'lost'", 0, "retry/403-always: wrong (lost), as expected"),
        ("'retry/*' = 'wrong'", 0, "as expected"),
        ("'retry/403-always' = 'duplicated'", 1, "stale: retry/403-always: expected duplicated"),
        (
            "'paging/one-more' = 'lost'\n'retry/403-always' = 'lost'",
            1,
            "stale: paging/one-more: expected lost",
        ),
    ],
    ids=["exact", "pattern", "other", "stale"],
)
def test_expectations_accept_known_verdicts_only(tmp_path: Path, known: str, code: int, text: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(f"[known]\n{known}\n")
    command = careful("--bug", "takes-refusal-for-end")
    cases = ("--case", "paging/one-more", "--case", "retry/403-always")
    result = run(RYBBIT, *cases, "--expect", str(path), "--rows", "stdout", "--", *command, code=code)

    assert text in result.output


def test_results_are_merged_into_matrix(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    run(RYBBIT, *CASES[:2], "--json", str(paths[0]), "--", *careful())
    run(BROWSEE, *CASES[:2], "--json", str(paths[1]), "--", *careful(target=BROWSEE))
    page = tmp_path / "matrix.html"
    merged = [word for path in paths for word in ("--merge", str(path))]
    result = run(*merged, "--html", str(page))

    assert RYBBIT in result.output
    assert all(text in page.read_text() for text in (f"1: {RYBBIT}", f"2: {BROWSEE}"))


def test_failed_fault_makes_case_inconclusive(tmp_path: Path) -> None:
    command = script(tmp_path, "sys.exit(0 if collect() else 1)\n")
    result = run(RYBBIT, "--case", "retry/500-last-page", "--env", "X=1", "--", *command)
    path = tmp_path / "one_page.py"
    path.write_text(
        "import os, urllib.request\n"
        "url = os.environ['SESSION_MOCK_RYBBIT_URL'] + '/api/sessions/' + os.environ['SESSION_MOCK_RYBBIT_SITE']\n"
        "headers = {'Authorization': 'Bearer ' + os.environ['SESSION_MOCK_RYBBIT_TOKEN']}\n"
        "urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5).read()\n"
    )
    doubtful = run(RYBBIT, "--case", "retry/500-last-page", "--", sys.executable, str(path), code=1)

    assert "right (complete)" in result.output
    assert "inconclusive" in doubtful.output
    assert "never triggered" in doubtful.output


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("", "acceptable (complete)"),  # It requests day after day, and there is none.
        ("sys.exit('the window ends before it starts')", "right (loud)"),
    ],
)
def test_window_that_ends_before_it_starts_needs_no_request(tmp_path: Path, body: str, verdict: str) -> None:
    guard = (
        f"if os.environ['SESSION_MOCK_START'] > os.environ['SESSION_MOCK_END']:\n    {body or 'sys.exit()'}\n"
    )
    command = script(tmp_path, guard + "for row in collect(): print(json.dumps(row))\n")
    for rows in ((), ("--rows", "stdout")):
        result = run(RYBBIT, "--case", "window/backwards", *rows, "--", *command)

        assert f"window/backwards: {verdict}" in result.output


def test_redirect_that_is_followed_without_credential_is_no_leak(tmp_path: Path) -> None:
    body = (
        "import careful, http.client\n"
        "send = careful.ListClient.send\n"
        "def follow(self, fields):\n"
        "    answer = send(self, fields)\n"
        "    if 'Location' in answer[1]:\n"
        "        self.headers = dict\n"
        "        answer = self.send_to(answer[1]['Location'], fields)\n"
        "    return answer\n"
        "careful.ListClient.send = follow\n"
        "for row in collect(): print(json.dumps(row))\n"
    )
    case = ("--case", "wire/redirect-elsewhere", "--rows", "stdout")
    result = run(RYBBIT, *case, "--", *script(tmp_path, body))

    assert "wire/redirect-elsewhere: acceptable (loud)" in result.output


@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1"])
def test_redirect_shows_nothing_about_client_that_does_not_reach_given_host(host: str) -> None:
    """Name resolution may prefer an address on which the server does not listen."""

    def collect(situation: Situation) -> list[dict[str, Any]]:
        environment = {name: text.replace("localhost", host) for name, text in situation.environment.items()}
        return make_client(RYBBIT, None, environment, situation.tenant.clock.advance).collect()

    [result] = conformance.run(RYBBIT, collect, cases=["wire/redirect-elsewhere"]).results

    assert (result.verdict, result.outcome) == ("not applicable", None)
    assert "reaches the server as localhost:" in result.reason


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "missing TARGET; use VENDOR/ENDPOINT"),
        ((RYBBIT,), "missing COMMAND; write it after --"),
        (("rybbit/list_session", "--", "true"), "did you mean 'list_sessions'?"),
        ((RYBBIT, "--topic", "retries", "--", "true"), "unknown topic 'retries'; did you mean 'retry'?"),
        ((RYBBIT, "--cases", "2026.11", "--", "true"), "unknown set of cases '2026.11'"),
        ((RYBBIT, "--explain", "retry/x"), "unknown case 'retry/x'"),
        ((RYBBIT, "--", "no-such-command"), "no-such-command: command not found"),
        ((RYBBIT, "--", "true"), "the client sent no request to rybbit/list_sessions"),
        ((RYBBIT, "--", "echo", "{rybbit.tokn}"), "did you mean 'token'?"),
        ((RYBBIT, "--merge", __file__), "not the results of a check"),
    ],
)
def test_misuse_is_explained(words: tuple[str, ...], message: str) -> None:
    assert message in run(*words, code=2).stderr


def test_list_and_explain_need_no_command() -> None:
    listed = run("--list", BROWSEE).output

    assert "concurrency/one-open " in listed
    assert "concurrency/one-open " not in run("--list", RYBBIT).output
    assert "Wait until that date" in run("--explain", "retry/429-date").output


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_ends_running_commands_and_removes_their_files(tmp_path: Path, number: signal.Signals) -> None:
    """The reader of a FIFO waits until no process has it open for writing."""
    path = tmp_path / "endless.py"
    started = tmp_path / "started"
    os.mkfifo(started)
    path.write_text(
        "import os, time\n"
        f"file = open({str(started)!r}, 'w')\n"
        "print(os.environ['SESSION_MOCK_FOLDER'], file=file, flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "mockserver", "check", RYBBIT, "--", sys.executable, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        with started.open() as ends:
            folder = Path(ends.readline().strip())
            assert folder.is_dir()
            process.send_signal(number)
            assert ends.read() == ""
        output, errors = process.communicate()

    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number), output + errors
    assert not folder.exists()


def test_results_as_json_have_timeline(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    run(RYBBIT, "--case", "wire/malformed-cut", "--json", str(path), "--", *careful())
    result = json.loads(path.read_bytes())["results"][0]

    assert [item["number"] for item in result["exchanges"]] == list(range(1, len(result["exchanges"]) + 1))
    assert [item["number"] for item in result["exchanges"] if item.get("is_faulty")] == [2]
