"""Effects of single commands of `session-mock admin`."""

import base64
import csv
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from mockserver.contract.limits import ConcurrencyLimit, WindowLimit
from mockserver.vendors import load
from tests.cli.conftest import NAMES, PAIR, Shell
from tests.embedded.crawling import LISTS
from tests.support.limits import find_limits

ENDPOINTS = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
WINDOW = next(f"{vendor.name}.{limit.pool}" for vendor, _, limit in find_limits(ENDPOINTS, WindowLimit))
SLOT, BUSY = next(
    (f"{vendor.name}.{endpoint.name}", vendor.contract.behavior(limit.busy))
    for vendor, endpoint, limit in find_limits(ENDPOINTS, ConcurrencyLimit)
)
CREDENTIAL = next(iter(NAMES[PAIR[0].name].credentials))
SECRETS = {value for names in NAMES.values() for value in names.credentials.values()}


def test_tenant_create_applies_each_option(admin: Shell) -> None:
    other = next(option for option in BUSY.options if option != BUSY.default)
    created = admin.json(
        *("tenant", "create", "acme", "--profile", "awkward", "--seed", "5", "--sessions", "12"),
        *("--set", "sites=3", "--set", 'locales=["de_DE"]', "--now", "2026-09-10T12:00:00Z"),
        *("--behavior", f"{BUSY.name}={other}", "--credential", f"{PAIR[0].name}.{CREDENTIAL}=made-up"),
        *("--fault", '{"kind": "status", "times": 2}', "--fault", '{"kind": "latency", "seconds": 0}'),
    )
    spec = admin.json("world", "show", "-t", "acme")["spec"]

    assert created["id"] == "acme"
    assert created["vendors"][PAIR[0].name]["credentials"][CREDENTIAL] == "made-up"
    assert (spec["seed"], spec["sessions"], spec["sites"], spec["locales"]) == (5, 12, 3, ["de_DE"])
    assert admin.json("clock", "show", "-t", "acme") == {
        "now": "2026-09-10T12:00:00Z",
        "rate": 0,
        "mode": "frozen",
    }
    assert admin.json("behavior", "list", "-t", "acme")[BUSY.name] == other
    assert [fault["kind"] for fault in admin.json("fault", "list", "-t", "acme")] == ["status", "latency"]


def test_world_add_applies_each_option(admin: Shell) -> None:
    words = ("--page", "/", "--page", "/pricing", "--event", 'signup={"plan": "pro"}', "--event", "done")
    added = admin.json(
        *("world", "add", "--start", "2026-09-10T08:00Z", "--user-id", "u-1", "--site", "1", *words),
        *("--set", "country=DE", "--set", "end=2026-09-10T08:10Z", "--set", "os=Windows"),
        *("--set", "os_version=11", "--set", 'tags=["vip"]'),
    )
    raw = admin.json("session", "show", "--number", str(added["number"]), "--site", "1")

    assert (added["start"], added["end"]) == ("2026-09-10T08:00:00Z", "2026-09-10T08:10:00Z")
    assert (raw["user_id"], raw["place"]["country"], raw["pages"]) == ("u-1", "DE", ["/", "/pricing"])
    assert (raw["agent"]["os_version"], raw["tags"]) == ("11", ["vip"])
    assert (raw["duration"], raw["custom_events"]) == (600_000, 2)
    shown = admin("world", "add", "--start", "2026-09-11")
    assert "session " in shown
    assert all(vendor in shown for vendor in added["rows"])


def test_tenant_option_wins_over_variable_and_default(admin: Shell) -> None:
    admin("tenant", "create", "one", "--seed", "1")
    admin("tenant", "create", "two", "--seed", "2")
    env = {"SESSION_MOCK_TENANT": "one"}

    assert json.loads(admin.run("world", "show", "--json", env=env).stdout)["spec"]["seed"] == 1
    assert json.loads(admin.run("world", "show", "--json", "-t", "two", env=env).stdout)["spec"]["seed"] == 2
    assert admin.json("world", "show") == admin.json("world", "show", "--tenant", "default")


def test_tenant_show_and_reset_take_id_or_tenant_option(admin: Shell) -> None:
    """The ID wins; an empty one does not mean the default tenant."""
    admin("tenant", "create", "one")
    admin("tenant", "create", "two")
    for words in (["one"], ["-t", "one"], ["one", "-t", "two"]):
        admin("clock", "advance", "1h", "-t", "one")
        moved = admin.json("clock", "show", "-t", "one")
        admin("tenant", "reset", *words)

        assert admin.json("tenant", "show", *words)["id"] == "one"
        assert admin.json("clock", "show", "-t", "one") != moved
    assert admin.error("tenant", "reset", "")


@pytest.mark.parametrize(
    ("words", "now", "mode"),
    [
        ("freeze", "2026-10-01T00:00:00Z", "frozen"),
        ("freeze 2026-09-20", "2026-09-20T00:00:00Z", "frozen"),
        ("freeze 1789862400000", "2026-09-20T00:00:00Z", "frozen"),
        ("set 2026-09-20T10:00:00+02:00", "2026-09-20T08:00:00Z", "frozen"),
        ("advance 90", "2026-10-01T00:01:30Z", "frozen"),
        ("advance 1d12h", "2026-10-02T12:00:00Z", "frozen"),
        ("reset", "2026-10-01T00:00:00Z", "frozen"),
        ("rate 60", None, "running"),
        ("system", None, "system"),
    ],
)
def test_clock_command_changes_clock(words: str, now: str | None, mode: str, admin: Shell) -> None:
    """A time is text or Unix milliseconds, a duration is text or seconds."""
    state = admin.json("clock", *words.split())

    assert state["mode"] == mode
    assert now in (None, state["now"])
    assert mode in admin("clock", "show")


def test_clock_reset_restores_initial_time(admin: Shell) -> None:
    admin("clock", "advance", "1h")

    assert admin("clock", "reset") == "2026-10-01T00:00:00Z frozen\n"


@pytest.mark.parametrize(
    "words",
    [
        ["status", "status=500", "times=2", 'fields={"limit": "5"}', "message=no more"],
        ['{"kind": "status", "status": 500, "times": 2, "fields": {"limit": "5"}, "message": "no more"}'],
        ['[{"kind": "status", "status": 500, "times": 2, "fields": {"limit": "5"}, "message": "no more"}]'],
    ],
    ids=["words", "object", "list"],
)
def test_fault_add_accepts_words_and_json(words: list[str], admin: Shell) -> None:
    """A value that is not JSON is text."""
    added = admin.json("fault", "add", *words)
    known = {name: added[0][name] for name in ("kind", "status", "times", "fields", "message", "remaining")}

    assert known == {
        "kind": "status",
        "status": 500,
        "times": 2,
        "fields": {"limit": "5"},
        "message": "no more",
        "remaining": 2,
    }
    assert 'status=500 message="no more"' in admin("fault", "list")


def test_fault_add_reads_file_here(admin: Shell, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Bad gateway</h1>")
    [added] = admin.json("fault", "add", "respond", f"file={page}", "status=502")
    admin("tenant", "create", "acme", "--fault", json.dumps({"kind": "respond", "file": str(page)}))
    missing = admin.run("fault", "add", "respond", f"file={tmp_path / 'none'}", code=2)

    assert base64.b64decode(added["base64"]) == page.read_bytes()
    assert added["headers"] == {"Content-Type": "text/html"}
    assert admin.json("fault", "list", "-t", "acme")[0]["base64"] == added["base64"]
    assert f"fault 'respond': file '{tmp_path / 'none'}' cannot be read: No such file" in missing.stderr


def test_fault_remove_removes_one_or_all(admin: Shell) -> None:
    admin("fault", "add", '{"kind": "status"}', '[{"kind": "reset"}, {"kind": "latency", "seconds": 1}]')
    admin("fault", "remove", "2")

    assert [fault["id"] for fault in admin.json("fault", "list")] == ["1", "3"]
    admin("fault", "remove", "--all")
    assert admin.json("fault", "list") == []


def test_limit_set_changes_only_given_settings(admin: Shell) -> None:
    other = next(option for option in BUSY.options if option != BUSY.default)
    admin("limit", "set", WINDOW, "--on", "--allowed", "2", "--seconds", "60")
    admin("limit", "set", SLOT, "--busy", other, "--hold", "3")
    admin("limit", "set", SLOT, "--off")
    limits = {limit["name"]: limit for limit in admin.json("limit", "list")}
    shown = admin("limit", "list")

    assert (limits[WINDOW]["enabled"], limits[WINDOW]["allowed"], limits[WINDOW]["seconds"]) == (True, 2, 60)
    assert (limits[SLOT]["enabled"], limits[SLOT]["busy"], limits[SLOT]["hold"]) == (False, other, 3)
    assert "2 per 60 s" in shown
    assert f"one request at a time, each for at least 3 ms; a second one gets: {other}" in shown


@pytest.mark.parametrize("form", ["har", "ndjson"])
def test_journal_export_writes_filtered_journal_to_file(form: str, admin: Shell, tmp_path: Path) -> None:
    admin.request_sessions()
    admin.request_sessions()
    path = tmp_path / form

    assert admin("journal", "export", "--format", form, "--output", str(path), "--after", "1") == ""
    assert path.read_bytes() == admin.raw(f"/tenants/default/journal?format={form}&after=1")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/no/such/place/x.har", "/no/such/place/x.har': No such file"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_journal_export_to_unwritable_file_is_error(path: str, reason: str, admin: Shell) -> None:
    admin.request_sessions()
    error = admin.error("journal", "export", "--output", path)

    assert reason in error
    assert error.count("\n") == 1


def test_journal_list_shows_endpoint_status_and_fault_but_no_secret(admin: Shell) -> None:
    admin("fault", "add", "status", "status=503", "nth=2")
    for _ in range(3):
        admin.request_sessions()
    table = admin("journal", "list", "--limit", "2")
    lines = table.splitlines()

    assert f"{PAIR[0].name} {PAIR[1].name}" in lines[1]
    assert "  200  " in lines[1]
    assert "  503  " in lines[2]
    assert "1:status" in lines[2]
    assert lines[-1] == "2 of 3; continue with --after 2"
    assert not any(secret in table for secret in SECRETS)


def test_journal_filters_select_exchanges(admin: Shell) -> None:
    admin("fault", "add", "status", "status=503", "nth=2")
    for _ in range(3):
        admin.request_sessions()

    for words, numbers in (
        ([], [1, 2, 3]),
        (["--triggered", "status"], [2]),
        (["--triggered", "1"], [2]),
        (["--triggered", "latency"], []),
        (["--no-endpoint"], []),
        (["--any-endpoint"], [1, 2, 3]),
        (["--status", "5xx"], [2]),
        (["--after", "1", "--limit", "1"], [2]),
        (["--vendor", PAIR[0].name, "--endpoint", PAIR[1].name], [1, 2, 3]),
    ):
        listed = admin.json("journal", "list", *words)["exchanges"]
        assert [exchange["number"] for exchange in listed] == numbers, words
        assert admin("journal", "list", "--count", *words) == f"{len(numbers)}\n"


def test_journal_show_prints_request_and_response_but_no_secret(admin: Shell) -> None:
    admin.request_sessions()
    shown = admin("journal", "show", "1")

    assert f"> {PAIR[1].method} {PAIR[1].paths[0]}" in shown
    assert "< 200" in shown
    assert "< Content-Type: application/json" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_journal_unmatched_lists_counts_and_follows_requests_of_no_tenant(admin: Shell) -> None:
    before = admin.json("journal", "list", "--unmatched", "--limit", "0")["count"]
    admin.request_unknown_path()
    after = ("--unmatched", "--after", str(before))
    listed = admin.json("journal", "list", *after)["exchanges"]

    assert [exchange["request"]["path"] for exchange in listed] == ["/no/such/path"]
    assert admin("journal", "list", "--count", *after) == "1\n"
    assert admin.json("journal", "list", "--count", "--limit", "0", *after) == {"count": 0}
    assert "unknown_path" in admin("journal", "follow", "--limit", "1", *after)
    assert json.loads(admin("journal", "export", *after))["request"]["path"] == "/no/such/path"


def test_rows_expected_are_all_rows_and_rows_trace_finds_their_exchange(admin: Shell, tmp_path: Path) -> None:
    """Parameters restrict the expected rows."""
    pairs = ((vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints)
    vendor, endpoint = next((vendor, endpoint) for vendor, endpoint in pairs if endpoint.filtered_example)
    words = [f"{name}={json.dumps(value)}" for name, value in endpoint.filtered_example.items()]
    expected = admin("rows", "expected", PAIR[0].name, PAIR[1].name).splitlines()
    admin.request_sessions()
    path = tmp_path / "rows.ndjson"
    path.write_text("\n".join(expected))
    traced: list[Any] = admin.json("rows", "trace", PAIR[0].name, PAIR[1].name, str(path))

    assert len(expected) == 1000
    assert 0 < len(admin("rows", "expected", vendor.name, endpoint.name, *words).splitlines()) < 1000
    assert len(traced) == 1000
    assert [1] in traced
    assert {tuple(numbers) for numbers in traced} <= {(), (1,)}


def test_verify_of_correct_client_exits_with_0(admin: Shell) -> None:
    admin.request_sessions()
    lines = admin("verify").splitlines()

    assert lines[0] == "1 exchange (all in the journal). Nothing is wrong."
    assert lines[-1].startswith("digest ")


def test_verify_with_fault_that_never_triggered_exits_with_1(admin: Shell) -> None:
    admin("fault", "add", "latency", "seconds=1", "nth=1000")
    admin.request_sessions()
    shown = admin.run("verify", code=1).stdout

    assert "Something is wrong." in shown
    assert "unused-fault: kind='latency', nth=1000, " in shown
    assert "was never triggered; 1 request met its conditions" in shown
    assert json.loads(admin.run("verify", "--json", code=1).stdout)["unused_faults"]


def test_verify_with_fault_without_effect_fails_for_warnings_only(admin: Shell) -> None:
    admin("fault", "add", "latency", "seconds=0")
    admin.request_sessions()
    shown = admin("verify")

    assert "Nothing is wrong." in shown
    assert "warning, does not fail: ineffective-fault: kind='latency'" in shown
    assert "triggered 1 time, but never changed a response or expected rows" in shown
    assert "Something is wrong." in admin.run("verify", "--strict", "warnings", code=1).stdout
    assert "1:latency (no effect)" in admin("journal", "list")
    assert admin.json("fault", "list")[0]["effective"] == 0


def test_journal_shows_results_and_readable_bodies(admin: Shell) -> None:
    admin.request_sessions()
    admin("fault", "add", "status", "status=503", "message=out of order")
    admin.request_sessions()
    table = admin("journal", "list").splitlines()
    bodies = admin("journal", "list", "--bodies")
    first, second = admin.json("journal", "list", "--bodies")["exchanges"]

    assert re.search(r"\d+ rows?(, total \d+)?(, next \S+)?$", table[1])
    assert "1:status" in table[2]
    assert "\n< {\n<   " in bodies
    assert '\\"' not in bodies
    assert isinstance(first["response"]["body"], dict)
    assert isinstance(second["response"]["body"], dict)
    assert bodies.count("\n< {") == 2


def test_verify_with_finding_exits_with_1_and_findings_with_0(admin: Shell) -> None:
    """The client retries a 503 without waiting."""
    admin("fault", "add", "status", "status=503", "retry_after=30", "times=1")
    admin.request_sessions()
    admin.request_sessions()
    (finding,) = admin.json("findings")

    assert (finding["name"], finding["exchanges"]) == ("retry-too-soon", [2])
    assert "retry-too-soon" in admin("findings")
    assert "retry-too-soon" in admin.run("verify", code=1).stdout


def test_verify_with_unexpected_error_exits_with_1(admin: Shell) -> None:
    """A correct client does not send a parameter of the wrong type; an error by a fault is expected."""
    vendor, endpoint = PAIR
    access = admin.json("tenant", "show")["vendors"][vendor.name]
    admin("fault", "add", "status", "status=503", "times=1")
    admin.request_sessions()
    assert "Nothing is wrong." in admin("verify")

    body = json.dumps({**access["body"], "start": "soon"})
    with suppress(HTTPError):
        urlopen(Request(f"{access['url']}{endpoint.paths[0]}", body.encode(), access["headers"]))  # noqa: S310 -- our own
    admin("journal", "follow", "--after", "1", "--limit", "1")
    verification = json.loads(admin.run("verify", "--json", code=1).stdout)

    assert [summary["exchanges"] for summary in verification["unexpected"]] == [[2]]
    assert verification["unexpected"][0]["name"] in admin.run("verify", code=1).stdout


def test_verify_mentions_unmatched_requests(admin: Shell) -> None:
    admin.request_unknown_path()

    message = "other requests? matched no tenant; see `session-mock admin journal list --unmatched`."

    assert re.search(f"Not checked: [0-9]+ {message}", admin("verify"))


def test_verify_counts_requests_of_no_tenant_and_clear_deletes_them(admin: Shell) -> None:
    admin("journal", "clear", "--unmatched")
    before = admin("verify")
    for _ in range(3):
        admin.request_unknown_path()

    assert "matched no tenant" not in before
    assert "Not checked: 3 other requests matched no tenant; see `session-mock" in admin("verify")
    assert admin.json("verify")["unmatched"] == 3
    admin("journal", "clear", "--unmatched")
    assert admin.json("verify")["unmatched"] == 0
    assert admin.json("journal", "list", "--unmatched")["exchanges"] == []


def test_verify_lists_unmatched_requests_with_credential_of_tenant(admin: Shell) -> None:
    vendor, endpoint = PAIR
    access = admin.json("tenant", "show")["vendors"][vendor.name]
    body = json.dumps(access["body"]).encode()
    with suppress(HTTPError):
        urlopen(Request(f"{access['url']}{endpoint.paths[0]}/no/such", body, access["headers"]))  # noqa: S310 -- our own
    admin("journal", "follow", "--after", "0", "--limit", "1")
    result = admin.run("verify", code=1).stdout
    [summary] = json.loads(admin.run("verify", "--json", code=1).stdout)["unexpected"]

    assert re.search(rf"unknown_path \(request #1\): POST {endpoint.paths[0]}/no/such: ", result)
    assert (summary["name"], summary["exchanges"]) == ("unknown_path", [1])
    assert "unknown_path" in admin("journal", "list", "--no-endpoint")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["jurnal"], "unknown command 'jurnal'; did you mean 'journal'?"),
        (["clock", "frieze"], "unknown command 'frieze'; did you mean 'freeze'?"),
        (["tenant", "mint"], "unknown command 'mint'; known are create, list, show, reset, delete"),
        (["tenant", "create", "--sesions", "5"], "--sessions"),
        (["clock", "set"], "Missing argument 'INSTANT'"),
        (["clock", "system", "now"], "unexpected extra argument"),
        (["clock", "rate", "fast"], "'fast' is not a valid float"),
        (["behavior", "set"], "NAME=VALUE"),
        (["behavior", "set", "x"], "invalid value 'x'; write NAME=VALUE"),
        (["fault", "add", "{"], 'write a fault such as \'{"kind": "status"}\''),
        (["fault", "add", "status", "times"], "invalid value 'times'; write ARG=VALUE"),
        (["fault", "remove"], "expected either the ID of a fault or --all"),
        (["fault", "remove", "1", "--all"], "expected either the ID of a fault or --all"),
        (["tenant", "create", "--fault", "status"], "write a fault such as"),
        (["tenant", "create", "--set", "sed=1"], "did you mean 'seed'?"),
        (["tenant", "create", "--credential", "x"], "write VENDOR.CREDENTIAL=VALUE"),
        (["tenant", "create", "--behavior", "x"], "write NAME=VALUE"),
        (["world", "replace"], "give --profile, --seed, --sessions or --set"),
        (["world", "replace", "--set", "tenant=1"], "known are seed,"),
        (["limit", "set", WINDOW], "nothing to change; give an option such as"),
        (["journal", "export", "--format", "hra"], "unknown value 'hra'; did you mean 'har'?"),
        (["journal", "list", "--after", "-1"], "x>=0"),
        (["journal", "show", "x"], "'x' is not a valid integer"),
        (["rows", "trace", "x", "y", __file__], "line 1 is not a JSON object"),
        (["health", "--url", "ftp://x"], "ftp://x"),
        (["health", "--token", "a\nb"], "control characters"),
        (["tenant", "show", "\udcff"], "arguments must be UTF-8 text"),
        (["behavior", "set", "x=\udcff"], "arguments must be UTF-8 text"),
    ],
    ids=lambda value: ascii(" ".join(value)) if isinstance(value, list) else "",
)
def test_misuse_exits_with_2_and_names_remedy(words: list[str], remedy: str, admin: Shell) -> None:
    assert remedy in admin.error(*words, code=2)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["tenant", "show", "defualt"], "did you mean 'default'?"),
        (["tenant", "delete", "other"], "default"),
        (["tenant", "delete", "default"], "reset"),
        (["tenant", "reset", "other"], "'other'"),
        (["tenant", "create", "default"], "'default'"),
        (["world", "replace", "--profile", "awkwrd"], "did you mean 'awkward'?"),
        (["clock", "advance", "soon"], "1h, 90s or 1d12h"),
        (["fault", "add", "staus"], "did you mean 'status'?"),
        (["fault", "add", "5"], "'5'"),
        (["fault", "add", "[5]"], "Invalid request"),
        (["fault", "remove", "7"], "'7'"),
        (["fault", "show", "7"], "'7'"),
        (["limit", "set", "none", "--off"], "'none'"),
        (["behavior", "set", "x=1"], "'x'"),
        (["journal", "show", "99"], "'99'"),
        (["journal", "list", "--vendor", "x"], "'x'"),
        (["rows", "expected", "x", "y"], "'x'"),
        (["session", "show"], "session"),
        (["world", "add", "--start", "soon"], "'soon' is not an ISO 8601"),
        (["world", "add", "--start", "2026-09-10", "--set", "citty=x"], "did you mean 'city'?"),
        (["world", "add", "--start", "2026-09-10", "--event", "a=1"], "use a name, or a name and"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_rejection_by_server_exits_with_1_and_one_line(words: list[str], remedy: str, admin: Shell) -> None:
    """The server's message has the offending value and the remedy."""
    error = admin.error(*words)

    assert remedy in error
    assert error.startswith("Error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("pair", LISTS, ids=lambda pair: pair[0].name)
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_rows_reconcile_compares_file_with_expected_rows(
    admin: Shell, tmp_path: Path, pair: Any, form: str
) -> None:
    """Values of a CSV file are texts; a column has another name, and the order is another one."""
    place = (pair[0].name, pair[1].name)
    key = pair[1].row_key[0]
    path = tmp_path / f"rows.{form}"

    def write(rows: list[dict[str, Any]]) -> None:
        renamed = [
            {("theirs" if name == key else name): value for name, value in row.items()} for row in rows
        ]
        with path.open("w", newline="") as file:
            if form == "ndjson":
                file.writelines(json.dumps(row) + "\n" for row in renamed)
                return
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in renamed for name in row)))
            writer.writeheader()
            for row in renamed:
                writer.writerow({name: _cell(value) for name, value in row.items()})

    options = ("--order", "any", "--columns", f"theirs={key}")
    rows = [json.loads(line) for line in admin("rows", "expected", *place).splitlines()]
    write(rows[::-1])
    same = admin("rows", "reconcile", *place, str(path), *options)
    unnamed = admin.run("rows", "reconcile", *place, str(path), "--order", "any", code=1).stdout
    write(rows[1:])
    missing = admin.run("rows", "reconcile", *place, str(path), *options, code=1).stdout
    result = json.loads(admin.run("rows", "reconcile", *place, str(path), *options, "--json", code=1).stdout)

    assert same == f"{place[0]} {place[1]}: got 1000 rows, no differences\n"
    assert f"no row has the column {key!r}" in unnamed
    assert "999 rows, expected 1000; 1 difference\n  missing: row 0 of the expected" in missing
    assert [item["difference"]["kind"] for item in result["differences"]] == ["missing"]


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


def test_rows_reconcile_of_invalid_file_says_so(admin: Shell, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1\n")

    assert (
        "row 1 has not as many values" in admin.run("rows", "reconcile", "x", "y", str(path), code=2).stderr
    )
