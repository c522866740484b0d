"""Tests of settings from a TOML file and options."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver import AdminError, SessionMock
from mockserver.cli.main import cli
from mockserver.cli.serve import command as serve
from mockserver.server.configuration.config import ConfigError, read_config
from mockserver.server.configuration.tenants import tenants
from mockserver.server.configuration.toml_lines import find_line
from mockserver.world.model.query import Query
from mockserver.world.model.spec import format_instant

SAME = """
now = {now}
[world]
start = {start}
end = {end}
[tenants.acme]
now = {now}
"""


def test_toml_dates_equal_their_texts(tmp_path: Path) -> None:
    path, found = tmp_path / "mock.toml", []
    written = {"start": "2026-09-02", "end": "2026-09-20T02:00:00+02:00", "now": "2026-09-10T12:00:00"}
    for mark in ("", '"'):
        path.write_text(
            SAME.format(**{name: f"{mark}{each}{mark}" for name, each in written.items()}), encoding="utf-8"
        )
        made = tenants(read_config(path, {}))
        found.append(
            [
                (
                    format_instant(each.world.spec.start),
                    format_instant(each.world.spec.end or 0),
                    format_instant(each.clock.now()),
                )
                for each in made
            ]
        )

    assert found[0] == found[1]
    assert found[0][0] == ("2026-09-02T00:00:00Z", "2026-09-20T00:00:00Z", "2026-09-10T12:00:00Z")


def test_added_sessions_of_file_survive_reset(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(
        """
profile = "empty"
[[world.add]]
start = 2026-09-10T08:00:00Z
pages = ["/", {page = "/pricing", seconds = 5}]
[[tenants.acme.world.add]]
start = 2026-09-11
events = [["signup", {plan = "pro", at = 2026-09-11}]]
[[tenants.acme.world.add]]
start = 2026-09-12
""",
        encoding="utf-8",
    )
    made = tenants(read_config(path, {"world": {"seed": 5}}))
    made[0].reset()

    assert [len(tenant.world.added) for tenant in made] == [1, 2]
    batch = made[0].world.sites[0].find(Query(), made[0].clock.now()).page(0, 9).batches[0]
    assert (batch.pageviews, batch.duration) == ([2], [5000])


@pytest.mark.parametrize(
    ("written", "says", "line"),
    [
        ('port = "x"', "{path}: port must be an integer from 0 to 65535, got a string", 1),
        ("prot = 1", "{path}: unknown field 'prot'; did you mean 'port'?", 1),
        ("tenants.acme.now = 1.5", "{path}: tenants.acme.now must be a string or an integer, got 1.5", 1),
        ("[tenants.acme]\nbehavors.x = 1", "{path}: tenants.acme: unknown field 'behavors'; did you mean 'behaviors'?", 2),
        ("world = {sites = 0, quiet_days = []}", "tenant 'default': world spec: sites must be an integer from 1 to 64, got 0", 1),
        ("[limits]\n'rybbit.apii' = 5", "tenant 'default': unknown limit 'rybbit.apii'; did you mean 'rybbit.api'?", 2),
        ("[limits]\n'rybbit.api' = -5", "{path}: limits.rybbit.api must be an integer, at least 0, got -5", 2),
        ("[limits]\n'braze.shared' = 1\n'browsee.export_sessions' = 3",
         "tenant 'default': limit 'browsee.export_sessions' has no 'allowed'; it has enabled, busy, hold", 3),
        ("world = 5", "{path}: world must be an object, got an integer", 1),
        ('[tenants.acme]\nworld.sites = "many"', "tenant 'acme': world spec: sites must be an integer from 1 to 64, got a string", 2),
        ("world.add = 5", "tenant 'default': world.add: expected a list of sessions; write each as a table [[world.add]]", 1),
        ("[[tenants.acme.world.add]]\nstart = 2026-09-10\n[[tenants.acme.world.add]]\ncountry = 'DE'",
         "tenant 'acme': world.add[1]: start is missing; expected an instant: ISO 8601 text, or Unix milliseconds", 3),
        ("[[world.add]]\nstart = 2026-09-10\ncity = 'Paris'\ncountry = 'DE'",
         "tenant 'default': world.add[0]: city: 'Paris' does not go with country 'DE'; expected Berlin, Munich, Hamburg, Cologne", 3),
        ("tenants.acme.world.sesions = 5", "tenant 'acme': world spec: unknown field 'sesions'; did you mean 'sessions'?", 1),
    ],
)  # fmt: skip
def test_invalid_setting_is_reported_with_its_place(
    written: str, says: str, line: int, tmp_path: Path
) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        tenants(read_config(path, {"world": {}}))

    assert says.format(path=path) == str(refused.value)
    assert line == find_line(written, refused.value.path)


DEEP = 20_000
BROKEN: dict[str, tuple[bytes, str, int | None]] = {
    "lists nested too deeply": (b"world = " + b"[" * DEEP + b"]" * DEEP, "values are nested too deeply", None),
    "tables nested too deeply": (b"world = " + b"{a=" * DEEP + b"1" + b"}" * DEEP, "values are nested too deeply", None),
    "dotted key nested too deeply": (b"a." * DEEP + b"b = 1", "values are nested too deeply", None),
    "lists nested 500 deep": (b"[world.segments]\na.b = " + b"[" * 500 + b"]" * 500, "values are nested too deeply", None),
    "number of 5,000 digits": (b"port = " + b"9" * 5_000, "a number has too many digits", None),
    "hexadecimal number of 9,000 digits": (b"[world]\nseed = 0x" + b"f" * 9_000, "got a number of more than 40 digits", 2),
    "number of 4,000 digits": (b"[world]\nseed = " + b"9" * 4_000, "got a number of more than 40 digits", 2),
    "infinite number": (b"[world]\nsessions = inf", "sessions must be an integer from 0 to 1000000000000, got inf", 2),
    "no number": (b"[world]\nsessions = nan", "got nan", 2),
    "time without a date": (b"now = 12:30:00", "now: '12:30:00' is not an ISO 8601 date or time", 1),
    "not UTF-8": (b"host = '\xff'", "invalid byte at offset 8; save the file as UTF-8", None),
    "UTF-16": ("port = 0".encode("utf-16"), "save the file as UTF-8", None),
    "not TOML": (b"port: 1", "invalid TOML: ", None),
    "control character": (b"host = 'a\x00'", "invalid TOML: ", None),
    "too large": (b"# comment\n" * (1 << 17), "the file is larger than 1 MiB", None),
    "very long key": (b"a" * 50_000 + b" = 1", "unknown field 'aaaa", 1),
    "very long host": (b"host = '" + b"a" * 50_000 + b"'", "host must be a string of 0 to 255 characters", 1),
    "admin token with a line break": (b'admin_token = "a\\nb"', "admin_token: invalid token; remove control characters, and spaces around it", 1),
    "admin token of a blank": (b'admin_token = " "', "admin_token: invalid token; remove control characters, and spaces around it", 1),
}  # fmt: skip
"""Contents of a file, with a part of the message and the line, if the file can be read."""


def refusal_of(path: Path) -> str:
    """Start a server with a file in this process, and return the one line that the command prints.

    It exits with 2.
    """
    done = CliRunner().invoke(serve, ["--config", str(path)])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit), done.output
    [line] = [each for each in done.stderr.splitlines() if each.startswith("Error: ")]
    assert done.stderr.rstrip().endswith(line)
    return line


@pytest.mark.parametrize("kind", BROKEN)
def test_invalid_file_is_reported(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    content, says, number = BROKEN[kind]
    path.write_bytes(content)
    line = refusal_of(path)
    checked = CliRunner().invoke(cli, ["config", "check", str(path)]).stderr

    assert says in line
    assert len(line) < 1_000
    assert checked.startswith(f"Error: {path}: " if number is None else f"Error: {path}, line {number}: ")


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "Is a directory"), ("missing.toml", "No such file"), ("file/x", "Not a directory"), ("/dev/zero", "1 MiB")],
)  # fmt: skip
def test_path_that_cannot_be_read_is_reported(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert says in refusal_of(tmp_path / name)


def test_file_with_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text("port = 1234", encoding="utf-8-sig")

    assert read_config(path, {}).port == 1234


@pytest.mark.parametrize("name", ["", ".", "..", "a\x01b", "a\n", "\x7f", "x" * 201])
def test_tenant_name_invalid_in_admin_api_is_invalid_in_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(f"[tenants.{json.encode(name).decode()}]".replace("\x7f", "\\u007f"), encoding="utf-8")
    line = refusal_of(path)
    with SessionMock() as mock, pytest.raises(AdminError) as refused:
        mock.create_tenant(name)
    rule = refused.value.detail.partition("name must be ")[2]

    assert rule
    assert line.endswith(f"mock.toml: tenants: name {name[:40]!r} must be {rule}")
    assert "mock.toml, line 1: " in CliRunner().invoke(cli, ["config", "check", str(path)]).stderr


@pytest.mark.parametrize("name", ["a", "a/ü", "...", "x" * 200, "a b", "München/1"])
def test_tenant_name_valid_in_admin_api_is_valid_in_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(f"[tenants.{json.encode(name).decode()}]", encoding="utf-8")
    with SessionMock() as mock:
        assert mock.create_tenant(name).id == name

    assert [each.name for each in tenants(read_config(path, {}))] == ["default", name]
