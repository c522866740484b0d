"""What particular commands of `session-mock admin` do."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.limits import OneAtATime, Window
from mockserver.vendors import load
from tests.cli.conftest import NAMES, PAIR, Shell

LIMITS = [(vendor, endpoint, limit) for vendor in load() for endpoint in vendor.contract.endpoints for limit in endpoint.limits]
WINDOW = next(f"{vendor.name}.{limit.pool}" for vendor, _, limit in LIMITS if isinstance(limit, Window))
SLOT, BUSY = next(
    (f"{vendor.name}.{endpoint.name}", vendor.contract.choice(limit.busy))
    for vendor, endpoint, limit in LIMITS
    if isinstance(limit, OneAtATime)
)
CREDENTIAL = next(iter(NAMES[PAIR[0].name].credentials))
SECRETS = {value for names in NAMES.values() for value in names.credentials.values()}


def test_mint_makes_what_it_is_told(admin: Shell) -> None:
    """World, clock, choices, credentials and faults of a minted tenant are those of the options."""
    other = next(option for option in BUSY.options if option != BUSY.default)
    told = admin.json(
        *("mint", "acme", "--profile", "awkward", "--seed", "5", "--sessions", "12", "--set", "sites=3", "--set", 'locales=["de_DE"]'),
        *("--now", "2026-09-10T12:00:00Z", "--choice", f"{BUSY.name}={other}", "--credential", f"{PAIR[0].name}.{CREDENTIAL}=made-up"),
        *("--fault", '{"kind": "status", "times": 2}', "--fault", '{"kind": "latency", "seconds": 0}'),
    )
    spec = admin.json("world", "-t", "acme")["spec"]

    assert told["id"] == "acme"
    assert told["vendors"][PAIR[0].name]["credentials"][CREDENTIAL] == "made-up"
    assert (spec["seed"], spec["sessions"], spec["sites"], spec["locales"]) == (5, 12, 3, ["de_DE"])
    assert admin.json("clock", "-t", "acme") == {"now": "2026-09-10T12:00:00Z", "rate": 0, "mode": "frozen"}
    assert admin.json("choices", "-t", "acme")[BUSY.name] == other
    assert [fault["kind"] for fault in admin.json("faults", "-t", "acme")] == ["status", "latency"]


def test_the_tenant_is_an_option_or_a_variable(admin: Shell) -> None:
    """-t beats SESSION_MOCK_TENANT, and without both it is the default tenant."""
    admin("mint", "one", "--seed", "1")
    admin("mint", "two", "--seed", "2")
    env = {"SESSION_MOCK_TENANT": "one"}

    assert json.loads(admin.ran("world", "--json", env=env).stdout)["spec"]["seed"] == 1
    assert json.loads(admin.ran("world", "--json", "-t", "two", env=env).stdout)["spec"]["seed"] == 2
    assert admin.json("world") == admin.json("world", "--tenant", "default")


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
        ("scale 60", None, "running"),
        ("follow", None, "system"),
    ],
)
def test_clock_is_turned(words: str, now: str | None, mode: str, admin: Shell) -> None:
    """Every action does what its name says; an instant is text or milliseconds, a duration text or seconds."""
    told = admin.json("clock", *words.split())

    assert told["mode"] == mode
    assert now in (None, told["now"])
    assert mode in admin("clock")


@pytest.mark.parametrize(
    "words",
    [
        ["status", "status=500", "times=2", 'fields={"limit": "5"}', "message=no more"],
        ['{"kind": "status", "status": 500, "times": 2, "fields": {"limit": "5"}, "message": "no more"}'],
        ['[{"kind": "status", "status": 500, "times": 2, "fields": {"limit": "5"}, "message": "no more"}]'],
    ],
    ids=["words", "object", "list"],
)
def test_a_fault_is_armed_from_words_or_json(words: list[str], admin: Shell) -> None:
    """Values are read as JSON where they are, and else as text."""
    told = admin.json("fault", *words)
    known = {name: told[0][name] for name in ("kind", "status", "times", "fields", "message", "remaining")}

    assert known == {"kind": "status", "status": 500, "times": 2, "fields": {"limit": "5"}, "message": "no more", "remaining": 2}
    assert 'status=500 message="no more"' in admin("faults")


def test_one_fault_or_all_are_disarmed(admin: Shell) -> None:
    """A number disarms one, --all the others, on the tenant that is meant."""
    admin("fault", '{"kind": "status"}', '[{"kind": "reset"}, {"kind": "latency", "seconds": 1}]')
    admin("disarm", "2")

    assert [fault["id"] for fault in admin.json("faults")] == ["1", "3"]
    admin("disarm", "--all")
    assert admin.json("faults") == []


def test_limits_are_changed_one_setting_at_a_time(admin: Shell) -> None:
    """A window has a number and a length, a slot what busy means and how long it is held; both can be off."""
    other = next(option for option in BUSY.options if option != BUSY.default)
    admin("limit", WINDOW, "--on", "--allowed", "2", "--seconds", "60")
    admin("limit", SLOT, "--busy", other, "--hold", "3")
    admin("limit", SLOT, "--off")
    told = {limit["name"]: limit for limit in admin.json("limits")}

    assert (told[WINDOW]["enabled"], told[WINDOW]["allowed"], told[WINDOW]["seconds"]) == (True, 2, 60)
    assert (told[SLOT]["enabled"], told[SLOT]["busy"], told[SLOT]["hold"]) == (False, other, 3)
    assert "2 in 60 s" in admin("limits")


@pytest.mark.parametrize("form", ["har", "ndjson"])
def test_a_journal_is_written_to_a_file(form: str, admin: Shell, tmp_path: Path) -> None:
    """The file is what the admin API gives, filters obeyed, and stdout stays empty."""
    admin.visit()
    admin.visit()
    path = tmp_path / form

    assert admin("journal", f"--{form}", str(path), "--after", "1") == ""
    assert path.read_bytes() == admin.raw(f"/tenants/default/journal?format={form}&after=1")


def test_a_file_that_cannot_be_written_is_told(admin: Shell) -> None:
    """A directory that is not there, and a disk that is full, are one line each."""
    assert "cannot write /no/such/place/x.har: No such file" in admin.refusal("journal", "--har", "/no/such/place/x.har")
    assert "No space left on device" in admin.refusal("journal", "--har", "/dev/full")


def test_a_journal_for_people_says_what_struck_and_what_was_found(admin: Shell) -> None:
    """Endpoint, status, fault and more pages are seen in the table; secrets are not."""
    admin("fault", "status", "status=503", "nth=2")
    for _ in range(3):
        admin.visit()
    table = admin("journal", "--limit", "2")
    lines = table.splitlines()

    assert f"{PAIR[0].name} {PAIR[1].name}" in lines[1]
    assert "  200  " in lines[1]
    assert "  503  " in lines[2]
    assert "1:status" in lines[2]
    assert lines[-1] == "2 of 3; more with --after 2"
    assert not any(secret in table for secret in SECRETS)


def test_an_exchange_for_people_is_the_message_both_ways(admin: Shell) -> None:
    """Request and answer stand there with headers and bodies, and no secret."""
    admin.visit()
    told = admin("exchange", "1")

    assert f"> {PAIR[1].method} {PAIR[1].paths[0]}" in told
    assert "< 200" in told
    assert "< Content-Type: application/json" in told
    assert not any(secret in told for secret in SECRETS)


def test_near_misses_of_nobody_are_seen(admin: Shell) -> None:
    """What no tenant was meant by stands in a journal of its own, which can be followed and written, but not cleared."""
    before = admin.json("journal", "--nobody", "--limit", "0")["count"]
    admin.stray()
    told = admin.json("journal", "--nobody", "--after", str(before))["exchanges"]

    assert [exchange["request"]["path"] for exchange in told] == ["/no/such/path"]
    assert "unknown_path" in admin("journal", "--nobody", "--follow", "--limit", "1", "--after", str(before))
    assert "--nobody has none" in admin.refusal("journal", "--nobody", "--clear", code=2)


def test_truth_is_every_row_and_carriers_know_which_exchange_had_it(admin: Shell, tmp_path: Path) -> None:
    """Rows are lines, parameters narrow them, and a row is found in the exchange that carried it."""
    vendor, endpoint = next((vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.narrowed)
    words = [f"{name}={json.dumps(value)}" for name, value in endpoint.narrowed.items()]
    every = admin("truth", PAIR[0].name, PAIR[1].name).splitlines()
    admin.visit()
    rows = tmp_path / "rows.ndjson"
    rows.write_text("\n".join(every))
    carried: list[Any] = admin.json("carriers", PAIR[0].name, PAIR[1].name, str(rows))

    assert len(every) == 1000
    assert 0 < len(admin("truth", vendor.name, endpoint.name, *words).splitlines()) < 1000
    assert len(carried) == 1000
    assert [1] in carried
    assert {tuple(numbers) for numbers in carried} <= {(), (1,)}


def test_a_verdict_names_findings_refusals_and_unused_faults(admin: Shell) -> None:
    """What a test must not pass over in silence is printed with its count."""
    admin("fault", "latency", "seconds=1", "nth=1000")
    admin.visit()
    told = admin("verdict")

    assert told.startswith("1 exchanges, of which 1 are kept; digest ")
    assert "Fault 1 (latency) never struck." in told


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["jurnal"], "did you mean 'journal'?"),
        (["clock", "frieze"], "'freeze'"),
        (["clock", "set"], "set needs a value: set INSTANT"),
        (["clock", "follow", "now"], "follow takes no value"),
        (["choose"], "NAME=VALUE"),
        (["choose", "x"], "write NAME=VALUE"),
        (["fault", "{"], 'write a fault such as \'{"kind": "status"}\''),
        (["fault", "status", "times"], "write NAME=VALUE"),
        (["mint", "--fault", "status"], "write a fault such as"),
        (["mint", "--set", "sed=1"], "did you mean 'seed'?"),
        (["world", "--set", "tenant=1"], "known are seed,"),
        (["disarm"], "or --all"),
        (["disarm", "1", "--all"], "or --all"),
        (["limit", WINDOW], "say what of"),
        (["journal", "--count", "--clear"], "--count and --clear do not go together"),
        (["journal", "--clear", "--status", "404"], "--clear forgets all, whatever --status says"),
        (["journal", "--after", "-1"], "x>=0"),
        (["exchange", "x"], "'x' is not a valid integer"),
        (["carriers", "x", "y", __file__], "line 1 is no JSON object"),
        (["health", "--url", "ftp://x"], "is no URL of a server"),
        (["health", "--token", "a\nb"], "a token has no control characters"),
        (["tenant", "\udcff"], "what is no UTF-8 cannot be sent"),
        (["choose", "x=\udcff"], "what is no UTF-8 cannot be sent"),
    ],
    ids=lambda value: ascii(" ".join(value)) if isinstance(value, list) else "",
)
def test_misuse_is_told_with_a_remedy(words: list[str], remedy: str, admin: Shell) -> None:
    """Exit code 2, what is wrong, and what would be right."""
    assert remedy in admin.refusal(*words, code=2)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["tenant", "defualt"], "did you mean 'default'?"),
        (["drop", "nobody"], "known are default"),
        (
            ["drop", "default"],
            "the default tenant is served as long as its server is; POST /__admin/tenants/default/reset makes it be as at first",
        ),
        (["reset", "-t", "nobody"], "there is no tenant 'nobody'"),
        (["mint", "default"], "there is a tenant 'default' already; mint one under another name, or without one"),
        (["world", "--profile", "awkwrd"], "did you mean 'awkward'?"),
        (["clock", "advance", "soon"], "1h, 90s or 1d12h"),
        (["fault", "staus"], "did you mean 'status'?"),
        (["fault", "5"], "there is no kind of fault '5'"),
        (["fault", "[5]"], "Invalid request"),
        (["disarm", "7"], "there is no fault '7'"),
        (["limit", "none", "--off"], "there is no limit 'none'"),
        (["choose", "x=1"], "there is no choice 'x'"),
        (["exchange", "99"], "there is no exchange '99'"),
        (["journal", "--vendor", "x"], "there is no vendor 'x'"),
        (["truth", "x", "y"], "there is no vendor 'x'"),
        (["session"], "say which session"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_server_refuses_is_one_line(words: list[str], remedy: str, admin: Shell) -> None:
    """Exit code 1 and the server's own remedy."""
    told = admin.refusal(*words)

    assert remedy in told
    assert told.startswith("Error: ")
    assert told.count("\n") == 1
