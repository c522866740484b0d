"""Tests of settings from a TOML file and options."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver import AdminError, SessionMock
from mockserver.cli.serve import command as serve
from mockserver.server.configuration.config import ConfigError, read_config, tenants
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
    ("written", "says"),
    [
        ('port = "x"', "{path}: port must be an integer from 0 to 65535, got a string"),
        ("prot = 1", "{path}: unknown field 'prot'; did you mean 'port'?"),
        ("tenants.acme.now = 1.5", "{path}: tenants.acme.now must be a string or an integer, got 1.5"),
        ("tenants.acme.behavors.x = 1", "{path}: tenants.acme: unknown field 'behavors'; did you mean 'behaviors'?"),
        ("world = {sites = 0, quiet_days = []}", "tenant 'default': world spec: sites must be an integer from 1 to 64, got 0"),
        ("limits = {'rybbit.apii' = 5}", "tenant 'default': there is no limit 'rybbit.apii'; did you mean 'rybbit.api'?"),
        ("limits = {'rybbit.api' = -5}", "{path}: limits.rybbit.api must be an integer, at least 0, got -5"),
        ("limits = {'browsee.export_sessions' = 3}",
         "tenant 'default': limit 'browsee.export_sessions' has no 'allowed'; it has enabled, busy, hold"),
        ("world = 5", "{path}: world must be an object, got an integer"),
        ('tenants.acme.world.sites = "many"', "tenant 'acme': world spec: sites must be an integer from 1 to 64, got a string"),
        ("world.add = 5", "tenant 'default': world.add: expected a list of sessions; write each as a table [[world.add]]"),
        ("[[tenants.acme.world.add]]\nstart = 2026-09-10\n[[tenants.acme.world.add]]\ncountry = 'DE'",
         "tenant 'acme': world.add[1]: start is missing; expected an instant: ISO 8601 text, or Unix milliseconds"),
        ("[[world.add]]\nstart = 2026-09-10\ncity = 'Paris'\ncountry = 'DE'",
         "tenant 'default': world.add[0]: city: 'Paris' does not go with country 'DE'; expected Berlin, Munich, Hamburg, Cologne"),
        ("tenants.acme.world.sesions = 5", "tenant 'acme': world spec: unknown field 'sesions'; did you mean 'sessions'?"),
    ],
)  # fmt: skip
def test_invalid_setting_is_reported_with_its_place(written: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        tenants(read_config(path, {"world": {}}))

    assert says.format(path=path) == str(refused.value)


DEEP = 20_000
BROKEN: dict[str, tuple[bytes, str]] = {
    "lists nested too deeply": (b"world = " + b"[" * DEEP + b"]" * DEEP, "values are nested too deeply"),
    "tables nested too deeply": (b"world = " + b"{a=" * DEEP + b"1" + b"}" * DEEP, "values are nested too deeply"),
    "dotted key nested too deeply": (b"a." * DEEP + b"b = 1", "values are nested too deeply"),
    "lists nested 500 deep": (b"[world.segments]\na.b = " + b"[" * 500 + b"]" * 500, "values are nested too deeply"),
    "number of 5,000 digits": (b"port = " + b"9" * 5_000, "a number has too many digits"),
    "hexadecimal number of 9,000 digits": (b"[world]\nseed = 0x" + b"f" * 9_000, "got a number of more than 40 digits"),
    "number of 4,000 digits": (b"[world]\nseed = " + b"9" * 4_000, "got a number of more than 40 digits"),
    "infinite number": (b"[world]\nsessions = inf", "sessions must be an integer from 0 to 1000000000000, got inf"),
    "no number": (b"[world]\nsessions = nan", "got nan"),
    "time without a date": (b"now = 12:30:00", "now: '12:30:00' is not an ISO 8601 date or time"),
    "not UTF-8": (b"host = '\xff'", "invalid byte at offset 8; save the file as UTF-8"),
    "UTF-16": ("port = 0".encode("utf-16"), "save the file as UTF-8"),
    "not TOML": (b"port: 1", "invalid TOML: "),
    "control character": (b"host = 'a\x00'", "invalid TOML: "),
    "too large": (b"# comment\n" * (1 << 17), "the file is larger than 1 MiB"),
    "very long key": (b"a" * 50_000 + b" = 1", "unknown field 'aaaa"),
    "very long host": (b"host = '" + b"a" * 50_000 + b"'", "host must be a string of 0 to 255 characters"),
    "admin token with a line break": (b'admin_token = "a\\nb"', "admin_token: invalid token; remove control characters, and spaces around it"),
    "admin token of a blank": (b'admin_token = " "', "admin_token: invalid token; remove control characters, and spaces around it"),
}  # fmt: skip


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
    content, says = BROKEN[kind]
    path.write_bytes(content)
    line = refusal_of(path)

    assert says in line
    assert len(line) < 1_000


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


@pytest.mark.parametrize("name", ["a", "a/ü", "...", "x" * 200, "a b", "München/1"])
def test_tenant_name_valid_in_admin_api_is_valid_in_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(f"[tenants.{json.encode(name).decode()}]", encoding="utf-8")
    with SessionMock() as mock:
        assert mock.create_tenant(name).id == name

    assert [each.name for each in tenants(read_config(path, {}))] == ["default", name]
