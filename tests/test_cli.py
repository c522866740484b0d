"""The commands of `session-mock` other than `admin`, run as a user runs them."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import json as fast

from mockserver import AdminError, SessionMock, __version__
from mockserver.cli.main import cli
from mockserver.cli.world.command import FIGURES, SHARES
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.vendors import NAMES, load, load_dialects
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Query
from mockserver.world.model.spec import format_instant
from mockserver.world.model.spec import spec as make_spec
from mockserver.world.world import build
from tests.support.generated import stale

WIDE = {"COLUMNS": "10000"}
"""A terminal so wide that no line is folded."""


def run(*words: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Run a command in this process, and return what it printed."""
    result = CliRunner(env=env).invoke(cli, words)

    assert result.exit_code == code, result.output
    return result.output


def test_version_and_help_are_printed() -> None:
    assert run("--version").strip().endswith(__version__)
    assert all(word in run("--help") for word in ("serve", "admin", "vendors", "contract", "world", "export"))


def test_vendors_lists_every_endpoint() -> None:
    listed = json.loads(run("vendors", "--json"))
    paths = [path for vendor in load() for endpoint in vendor.contract.endpoints for path in endpoint.paths]

    assert [endpoint["path"] for endpoint in listed] == paths
    assert all(path in run("vendors") for path in paths)


@pytest.mark.parametrize("vendor", NAMES)
def test_contract_prints_facts_with_basis_and_source(vendor: str) -> None:
    """Facts can be restricted to one basis; every source has its title."""
    everything, chosen = (
        json.loads(run("contract", vendor, "--json", *more)) for more in ([], ["--basis", "assumed"])
    )
    text = run("contract", vendor, env=WIDE)

    assert {fact["basis"] for fact in chosen["facts"]} == {"assumed"}
    assert [fact for fact in everything["facts"] if fact["basis"] == "assumed"] == chosen["facts"]
    assert all(fact["text"] in text for fact in everything["facts"])
    assert all(source["title"] in text for source in everything["sources"].values())


@pytest.mark.parametrize("columns", [60, 110])
@pytest.mark.parametrize("vendor", NAMES)
def test_contract_fits_terminal(vendor: str, columns: int) -> None:
    """Text is folded between words, in a pipe too; a URL is on a line of its own if it fits."""
    text = run("contract", vendor, env={"COLUMNS": str(columns)})
    contract = json.loads(run("contract", vendor, "--json"))
    lines = text.splitlines()
    folded = [line.split("  ")[-1].strip() for line in lines]
    urls = {source["url"] for source in contract["sources"].values() if source["url"]}

    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    assert all(
        word in text
        for fact in contract["facts"]
        for word in fact["text"].split()
        if len(word) < columns // 3
    )
    assert urls <= set(folded) or columns == 60


def test_contract_without_vendor_in_dialect_has_each_vendor() -> None:
    """Vendors without the dialect are left out; --basis restricts the facts."""
    chosen = json.loads(run("contract", "--dialect", "documented", "--basis", "assumed", "--json"))
    observed = json.loads(run("contract", "--dialect", "observed", "--json"))

    assert (
        [contract["vendor"] for contract in chosen]
        == [contract["vendor"] for contract in observed]
        == list(NAMES)
    )
    assert {fact["basis"] for contract in chosen for fact in contract["facts"]} == {"assumed"}
    assert chosen == [json.loads(run("contract", name, "--basis", "assumed", "--json")) for name in NAMES]
    assert [contract["dialect"] for contract in observed] == [vendor.observed for vendor in load()]


def test_contract_without_vendor_and_dialect_has_each_dialect() -> None:
    """Other dialects have only the facts that differ; docs/assumed.md has the same assumptions."""
    contracts = json.loads(run("contract", "--basis", "assumed", "--json"))
    text = run("contract", "--basis", "assumed", env=WIDE)
    path = Path(__file__).parents[1] / "docs" / "assumed.md"
    page = path.read_text(encoding="utf-8")

    assert [(contract["vendor"], contract["dialect"]) for contract in contracts] == [
        (vendor.name, vendor.dialect) for vendor in load_dialects()
    ]
    for contract in contracts:
        documented = next(other for other in contracts if other["vendor"] == contract["vendor"])
        assert contract is documented or not [
            fact for fact in contract["facts"] if fact in documented["facts"]
        ]
        assert all(fact["text"] in text for fact in contract["facts"])
        assert all(fact["text"].replace("|", "\\|") in page for fact in contract["facts"]), stale(path)


def test_world_figures_add_up_to_sessions() -> None:
    world = json.loads(run("world", "--sessions", "250", "--sites", "3", "--json"))

    assert [site["sessions"] for site in world["sites"]] == [250, 250, 250]
    for site in world["sites"]:
        assert {sum(site[name].values()) for name in FIGURES if name != "visits"} == {250}
        assert sum(int(visits) * visitors for visits, visitors in site["visits"].items()) == 250


def test_world_figures_equal_those_of_the_sessions() -> None:
    world = json.loads(run("world", "--json", "--start", "2026-09-01T12:30", "--end", "2026-09-08T01:00"))
    spec = make_spec(start="2026-09-01T12:30", end="2026-09-08T01:00")
    for shown, site in zip(world["sites"], build(spec).sites, strict=True):
        batch = site.find(Query(), spec.end or 0).page(0, 1000).batches[0]
        moments = [format_instant(start) for start in batch.start]

        assert (shown["time_zone"], shown["utc_offset"]) == (site.time_zone, site.utc_offset)
        assert {day: count for day, count in shown["days"].items() if count} == Counter(
            moment[:10] for moment in moments
        )
        assert {hour: count for hour, count in shown["hours"].items() if count} == Counter(
            moment[11:13] for moment in moments
        )
        assert shown["countries"] == Counter(place.country or "unknown" for place in batch.places)
        assert shown["devices"] == Counter(agent.device or "unknown" for agent in batch.agents)
        assert shown["channels"] == Counter(each.channel or "unknown" for each in batch.acquisitions)
        assert sum(shown["visits"].values()) == len(set(batch.visitors))


def test_world_prints_both_sites_side_by_side() -> None:
    text = run("world", "--sessions", "250", env=WIDE)
    first, second = (site.domain for site in build(make_spec(sessions=250)).sites)
    headings = [line for line in text.splitlines() if line.endswith(second)]

    assert text.count(": 250 sessions, 12 bot sessions in addition, time zone ") == 2
    assert [" ".join(line.split()) for line in headings] == [
        f"{title} {first} {second}" for title in FIGURES.values()
    ]
    assert "others" in text
    assert run("world", "--sessions", "1", env=WIDE).count("100.0%") == 2 * len(SHARES)


@pytest.mark.parametrize("sites", [1, 3])
def test_world_without_sessions_prints_charts(sites: int) -> None:
    assert "0 sessions" in run("world", "--sessions", "0", "--sites", str(sites), env=WIDE)


def test_world_of_any_size_is_described_without_listing_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryResult, "page", None)
    world = json.loads(run("world", "--json", "--sessions", "1000000000000"))

    assert [site["visits"] for site in world["sites"]] == [None, None]
    assert {sum(site["days"].values()) for site in world["sites"]} == {10**12}
    assert "Visitors by number" not in run("world", "--sessions", "1000000000000")


@pytest.fixture(name="_finders")
def remove_finders() -> Iterator[None]:
    """Remove the finder that pygal adds when it is imported: Python 3.11 warns of it at every later import."""
    yield
    sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]


@pytest.mark.usefixtures("_finders")
def test_world_page_shows_every_figure_and_requests_nothing(tmp_path: Path) -> None:
    page = tmp_path / "world.html"
    worlds = [
        run("world", "--sessions", size, "--html", str(page)) + page.read_text("utf-8") for size in "095"
    ]

    assert run("world", "--sessions", "5", "--html", str(page)) == ""
    assert page.read_text("utf-8") == worlds[-1]
    assert worlds[0].count("<svg") == 2
    for text in worlds[1:]:
        assert all(f">{title}</" in text for title in FIGURES.values())
        assert all(f">{site.domain}</" in text for site in build(make_spec(sessions=5)).sites)
    for text in worlds:
        assert "<script" not in text
        assert set(re.findall(r"(?:https?:)?//[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


def test_world_page_without_pygal_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pygal", None)
    monkeypatch.delitem(sys.modules, "mockserver.cli.world.page", raising=False)
    page = tmp_path / "world.html"

    assert "pip install 'session-mock[plots]'" in run("world", "--html", str(page), code=1)
    assert not page.exists()


@pytest.mark.usefixtures("_finders")
def test_world_page_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    assert "No such file or directory" in run("world", "--html", str(tmp_path / "no" / "page.html"), code=1)
    assert "--html cannot be combined with --json" in run("world", "--html", "x.html", "--json", code=2)


def test_world_does_not_import_pygal_without_html() -> None:
    program = "import sys; from mockserver.cli.main import cli; cli(['world'], standalone_mode=False); print('pygal' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "False"


def test_export_writes_every_row_in_both_formats() -> None:
    for vendor in load():
        for endpoint in vendor.contract.endpoints:
            if endpoint.start_field is None:
                continue
            lines = run("export", vendor.name, endpoint.name, "--sessions", "120").splitlines()
            table = run(
                "export", vendor.name, endpoint.name, "--sessions", "120", "--format", "csv"
            ).splitlines()
            first = fast.decode(lines[0])

            assert len(lines) == 120
            assert len(table) == 121
            assert set(first) <= set(table[0].split(","))


def test_export_with_unknown_parameter_names_the_nearest() -> None:
    """The command exits with 2, writes no row, and has the message of the admin API."""
    with SessionMock(sessions=1) as mock:
        for vendor in load():
            for endpoint in vendor.contract.endpoints:
                if endpoint.rows_path is None:
                    continue
                done = CliRunner().invoke(
                    cli, ["export", vendor.name, endpoint.name, "--param", "nonsense=1"]
                )
                with pytest.raises(AdminError) as error:
                    mock.expected_rows(vendor.name, endpoint.name, nonsense=1)

                assert (done.exit_code, done.stdout) == (2, ""), endpoint.name
                assert done.stderr.rstrip().endswith(f"Error: {error.value.detail}")
                assert f"{vendor.name} {endpoint.name}: unknown parameter 'nonsense'" in error.value.detail


def test_export_takes_parameters_and_a_file(tmp_path: Path) -> None:
    vendor, endpoint = next((v, e) for v in load() for e in v.contract.endpoints if e.filtered_example)
    pairs = [
        word for name, value in endpoint.filtered_example.items() for word in ("--param", f"{name}={value}")
    ]
    path = tmp_path / "rows.ndjson"
    run("export", vendor.name, endpoint.name, *pairs, "--output", str(path))

    assert 0 < len(path.read_text(encoding="utf-8").splitlines()) < 1000


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["contrct"], "unknown command 'contrct'; did you mean 'contract'?"),
        (["contract", "nothing"], "unknown vendor 'nothing'; known are"),
        (["contract", NAMES[0] + "e"], f"did you mean '{NAMES[0]}'?"),
        (["contract", "--basis", "documentd"], "unknown value 'documentd'; did you mean 'documented'?"),
        (["export", NAMES[0], "nothing"], "no endpoint 'nothing' that returns rows; known are"),
        (["export", NAMES[0], "x", "--format", "cvs"], "unknown value 'cvs'; did you mean 'csv'?"),
        (
            ["export", NAMES[0], load()[0].contract.endpoints[0].name, "--site", "2"],
            "unknown site 2; use 0 to 1",
        ),
        (["world", "--profile", "awkwrd"], "did you mean 'awkward'?"),
        (["world", "--profil", "awkward"], "--profile"),
        (["world", "--start", "yesterday"], "is not an ISO 8601 date or time"),
        (["world", "--start", "2026-10-01", "--end", "2026-09-01"], "must be after `start`"),
        (["world", "--sessions", "-1"], "sessions"),
        (["world", "--sessions", "5", "--sessions-per-day", "5"], "cannot be combined with `sessions`"),
        (["world", "--behavior", "x"], "invalid value 'x'; write NAME=VALUE"),
        (["world", "--behavior", "x.y=1"], "'x.y'"),
        (["world", "--credential", "x"], "write VENDOR.CREDENTIAL=VALUE"),
        (["world", "--credential", "x.y=1"], "<vendor>.<credential>"),
        (["world", "--credential", f"{NAMES[0]}.y=1"], f"unknown credential '{NAMES[0]}.y'"),
        (
            ["world", "--credential", f"{NAMES[0]}.y="],
            f"credentials.{NAMES[0]}.y must be a text of printable ASCII characters",
        ),
        (["serve", "--credential", f"{NAMES[0]}.y=a b"], "without spaces"),
        (["world", "--config", "/no/such/file.toml"], "No such file"),
        (["serve", "--vendor-port", "x=1"], "'x'"),
        (["serve", "--vendor-port", "x"], "write VENDOR=PORT"),
        (["serve", "--vendor-port", "x=65536"], "'65536'"),
        (["serve", "--port", "99999"], "0 to 65535"),
        (["serve", "--admin-port", "x"], "'x'"),
        (["world", "--seed", "some"], "'some'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_exits_with_2_and_names_remedy(words: list[str], remedy: str) -> None:
    assert remedy in run(*words, code=2)


def test_environment_variable_sets_option_that_is_not_given() -> None:
    env = {"SESSION_MOCK_SESSIONS": "7"}

    assert json.loads(run("world", "--json", env=env))["sites"][0]["sessions"] == 7
    assert json.loads(run("world", "--json", "--sessions", "9", env=env))["sites"][0]["sessions"] == 9


def test_environment_variable_sets_behaviors() -> None:
    """SESSION_MOCK_BEHAVIOR has several settings with spaces between them."""
    first, second = [
        behavior for vendor in load() for behavior in vendor.contract.behaviors if len(behavior.options) > 1
    ][:2]  # fmt: skip
    valid = f"{first.name}={first.default} {second.name}={second.default}"

    run("world", env={"SESSION_MOCK_BEHAVIOR": valid})
    assert "'no.such'" in run("world", code=2, env={"SESSION_MOCK_BEHAVIOR": f"{valid} no.such=1"})


@contextmanager
def start(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a server in a process of its own; it is killed if it does not end with the test."""
    with subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_prints_json_writes_port_file_and_ends_on_signal(number: int, tmp_path: Path) -> None:
    """The line of JSON has all that a client needs; a signal ends the server despite an open connection."""
    path = tmp_path / "port"
    with start("--json", "--port-file", str(path), "--vendor-port", f"{NAMES[0]}=0") as process:
        assert process.stdout is not None
        described: dict[str, Any] = json.loads(process.stdout.readline())
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{described['url']}/no/such/path")  # noqa: S310 -- our own server
        process.send_signal(number)
        code = process.wait(timeout=1)
    ports = path.read_text(encoding="utf-8").split()

    assert code == 0
    assert described["tenant"] == "default"
    assert ports[0] == described["url"].rpartition(":")[2]
    assert ports[1] == f"{NAMES[0]}={described['vendors'][NAMES[0]]['url'].rpartition(':')[2]}"
    assert {len(vendor["sites"]) for vendor in described["vendors"].values()} == {2}
    assert all(vendor["credentials"] for vendor in described["vendors"].values())


def test_serve_prints_curl_command_for_every_vendor() -> None:
    with start() as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("session-mock is running")):
            lines.append(process.stdout.readline())
        process.terminate()

    assert sum(line.strip().startswith("curl ") for line in lines) == len(NAMES)


def test_serve_on_port_in_use_is_error_with_remedy() -> None:
    with start("--json") as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "mockserver", "serve", "--port", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        process.terminate()

    assert second.returncode == 1
    assert "use another --port" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--port", "0", "--port-file", "/no/such/folder/port"],
            "--port-file /no/such/folder/port: No such file or directory",
        ),
        (
            ["--port", "0", "--config", "{config}"],
            "its {vendor} credential is already used by tenant 'default'",
        ),
    ],
)
def test_serve_with_unusable_setting_is_misuse(tmp_path: Path, arguments: list[str], message: str) -> None:
    vendor, name = next(
        (v.name, c)
        for v in load()
        for c in make_tenant("x", TenantConfig()).identifiers[v.name].credentials
        if c == "token"
    )
    config = tmp_path / "mock.toml"
    config.write_text(
        f'[credentials]\n"{vendor}.{name}" = "same"\n[tenants.x.credentials]\n"{vendor}.{name}" = "same"\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(cli, ["serve", *(argument.format(config=config) for argument in arguments)])

    assert result.exit_code == 2
    assert message.format(vendor=vendor) in result.output
    assert "Traceback" not in result.output
