"""Sessions of a file are served as the file has them, and by every other vendor as its own rows."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver import SessionMock
from mockserver.cli.export.command import command as export
from mockserver.server.configuration.config import ConfigError, TenantConfig, read_config
from mockserver.server.configuration.tenants import make_tenant, tenants
from mockserver.server.expected.rows import all_rows_params, answer, rows
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors import load
from mockserver.world.generator.tracked import Identity
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.spec import DEFAULT_START
from mockserver.world.world import with_identity, without_sessions

LISTS = [
    (each, endpoint)
    for vendor in load()
    for each in vendor.dialects.values()
    for endpoint in each.contract.endpoints
    if endpoint.rows_path
]
DIALECTS = [(each.name, each.dialect, endpoint.name) for each, endpoint in LISTS if endpoint.start_field]
READERS = {
    each.row_formats[endpoint].read: (each.name, dialect, endpoint)
    for vendor in load()
    for dialect, each in vendor.dialects.items()
    for endpoint in each.row_formats
}
"""A dialect for each function that reads rows."""
PEOPLE = {"userId", "name", "email", "ip", "identified_user_id", "traits"}
FORMATS = [(vendor.name, endpoint) for vendor in load() for endpoint in vendor.row_formats]


def run_export(vendor: str, endpoint: str, path: Path, *options: str) -> bytes:
    """Write rows to a file and return its content."""
    form = path.suffix.removeprefix(".")
    arguments = [vendor, endpoint, "--format", form, "--output", str(path), *options]
    result = CliRunner().invoke(export, arguments)
    assert not result.exit_code, result.output
    return path.read_bytes()


def import_file(path: Path, form: str, **settings: Any) -> Tenant:
    """Return a tenant whose world has the sessions of a file."""
    return make_tenant("a", TenantConfig(sessions_from=str(path), sessions_as=form, **settings))


def write_rows(path: Path, *definitions: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(json.encode(each) + b"\n" for each in definitions))
    return path


def list_rows(tenant: Tenant, vendor: str, endpoint: str) -> list[dict[str, Any]]:
    pair = tenant.vendors[vendor], tenant.vendors[vendor].endpoint(endpoint)
    return [row for _, row in rows(tenant, *pair, all_rows_params(tenant, pair[1]))]


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("reader", READERS.values(), ids=".".join)
def test_export_of_imported_export_has_same_bytes(
    reader: tuple[str, str, str], profile: str, suffix: str, tmp_path: Path
) -> None:
    vendor, dialect, endpoint = reader
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    common = ["--dialect", f"{vendor}={dialect}"]
    options = ["--sessions-from", str(first), "--as", f"{vendor}.{endpoint}", "--keep-people"]

    exported = run_export(vendor, endpoint, first, *common, "--profile", profile)

    assert exported.count(b"\n") >= 1000
    assert run_export(vendor, endpoint, second, *common, *options) == exported


def test_rows_that_are_no_sessions_are_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.ndjson", {})
    for vendor, endpoint in LISTS:
        form = f"{vendor.name}.{endpoint.name}"
        if not endpoint.start_field:
            with pytest.raises(ConfigError, match=rf"{form} does not return a list of sessions; use \w"):
                import_file(path, form, dialect={vendor.name: vendor.dialect})


@pytest.mark.parametrize(("vendor", "dialect", "endpoint"), DIALECTS)
def test_rows_of_every_dialect_can_be_imported(
    vendor: str, dialect: str, endpoint: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    common = ["--dialect", f"{vendor}={dialect}"]
    options = ["--sessions-from", str(first), "--as", f"{vendor}.{endpoint}", "--keep-people"]

    exported = run_export(vendor, endpoint, first, *common, "--sessions", "120")

    assert run_export(vendor, endpoint, second, *common, *options) == exported


@pytest.mark.parametrize(("vendor", "dialect", "endpoint"), READERS.values())
def test_every_vendor_returns_imported_sessions(
    vendor: str, dialect: str, endpoint: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.ndjson"
    run_export(vendor, endpoint, path, "--dialect", f"{vendor}={dialect}")
    tenant = import_file(path, f"{vendor}.{endpoint}", keep_people=True, dialect={vendor: dialect})
    seeded = make_tenant("a", TenantConfig())
    site, now = tenant.world.sites[0], tenant.clock.now()
    imported = site.find(Query(), now)
    generated = seeded.world.sites[0].find(Query(), now)

    for other, name in FORMATS:
        assert len(list_rows(tenant, other, name)) == 1000
        each = tenant.vendors[other]
        [key, *_] = each.endpoint(name).row_key
        for endpoint_of_session in each.contract.endpoints:
            for parameter in set(endpoint_of_session.path) - {endpoint_of_session.site}:
                row = list_rows(tenant, other, name)[7]
                body = answer(tenant, each, endpoint_of_session, {parameter: row[key]})
                assert str(row[key]) in str(body)
    # Whole seconds of some vendors move no session to another hour.
    hours = range(DEFAULT_START, now + 1, 3_600_000)
    assert imported.series(hours) == generated.series(hours)
    country = FILTERS["country"]
    german = Condition(*country, "equals", ("DE",))
    for where in ((german,), (Condition(*country, "equals", ("DE",), negate=True),)):
        query = Query(where=where)
        assert site.find(query, now).total == seeded.world.sites[0].find(query, now).total
    for field, (dimension, of) in FILTERS.items():
        batch = imported.page(0, 5).batches[0]
        for number in batch.ids:
            data = site.imported
            assert data is not None
            session = data.to_tracked(data.position_of[number])
            for entry in session.entries(dimension, site.vocabulary):
                where = (Condition(dimension, of, "equals", (of(entry),)),)
                found = site.find(Query(where=where, session=number), now).total
                assert found == 1, field


def test_people_are_made_up_and_nothing_else_changes(tmp_path: Path) -> None:
    for vendor, endpoint in FORMATS:
        path = tmp_path / f"{vendor}.ndjson"
        run_export(vendor, endpoint, path)
        real = [json.decode(line) for line in path.read_bytes().splitlines()]
        made_up = list_rows(import_file(path, f"{vendor}.{endpoint}"), vendor, endpoint)
        people: dict[Any, Any] = {}
        for before, after in zip(real, made_up, strict=True):
            for name, value in before.items():
                if not value or name not in PEOPLE:
                    assert value == after[name]
                    continue
                assert value != after[name]
                key = json.encode((name, value))
                assert people.setdefault(key, after[name]) == after[name]
                if name == "traits":
                    assert {key for key in value if value[key] != after[name].get(key)} == {"name", "email"}


@pytest.mark.parametrize(("vendor", "dialect", "endpoint"), READERS.values())
def test_ids_of_another_form_can_be_replaced(
    vendor: str, dialect: str, endpoint: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.ndjson"
    run_export(vendor, endpoint, path, "--sessions", "120", "--dialect", f"{vendor}={dialect}")
    settings: dict[str, Any] = {"keep_people": True, "dialect": {vendor: dialect}}
    real = [json.decode(line) for line in path.read_bytes().splitlines()]
    names = {"session_id", "user_id", "visitor_id"} & real[0].keys()
    write_rows(path, *({**row, **{name: f"foreign {row[name]}" for name in names}} for row in real))
    form = f"{vendor}.{endpoint}"
    if names:
        with pytest.raises(ConfigError, match=r"rows\.ndjson:1: session_id: .* with --new-ids"):
            import_file(path, form, **settings)
    served = list_rows(import_file(path, form, **settings, new_ids=True), vendor, endpoint)
    # Rows with equal ends are ordered by their ids.
    times = [name for name in ("last_seen", "first_seen") if name in real[0]]
    served.sort(key=lambda row: [row[name] for name in times], reverse=True)
    real.sort(key=lambda row: [row[name] for name in times], reverse=True)

    assert [{**row, **dict.fromkeys(names)} for row in served] == [
        {**row, **dict.fromkeys(names)} for row in real
    ]
    for name in names:
        pairs = {(before[name], after[name]) for before, after in zip(real, served, strict=True)}
        assert len(pairs) == len({before for before, _ in pairs}) == len({after for _, after in pairs})


def test_definitions_are_imported(tmp_path: Path) -> None:
    signup = {"start": "2026-09-10T08:00Z", "country": "DE", "events": [["signup", {"mail": "a@b.test"}]]}
    page = {"start": 1_788_220_800_000, "pages": ["/", "/pricing"], "user_id": "u-1", "name": "Ada"}
    csv = tmp_path / "rows.csv"
    csv.write_text(
        'start,pages,user_id,name\n1788220800000,"[""/"",""/pricing""]",u-1,Ada\n', encoding="utf-8"
    )
    tenant = import_file(write_rows(tmp_path / "rows.ndjson", signup, page), "neutral")
    site, now = tenant.world.sites[0], tenant.clock.now()
    [batch] = site.find(Query(), now).page(0, 9).batches

    assert batch.pageviews == [2, 0]
    assert batch.custom_events == [0, 1]
    [event] = batch.list_events(1)
    assert event.name == "signup"
    assert event.properties["mail"].endswith(("example.com", "example.net", "example.org"))
    assert batch.user_ids[0] not in {None, "u-1"}
    [same] = (
        import_file(csv, "neutral", keep_people=True).world.sites[0].find(Query(), now).page(0, 9).batches
    )
    assert (same.user_ids, same.names, same.pageviews) == (["u-1"], ["Ada"], [2])


def test_imported_session_is_visible_from_its_end_and_can_be_deleted(tmp_path: Path) -> None:
    later = {"start": "2027-01-01T08:00Z", "pages": ["/", "/docs"], "user_id": "u-1"}
    tenant = import_file(write_rows(tmp_path / "rows.ndjson", later), "neutral", keep_people=True)
    site, now = tenant.world.sites[0], tenant.clock.now()
    [number] = site.find(Query(), now).page(0, 9).batches[0].ids
    changed = with_identity(tenant.world, 0, Identity({"name": "Ada"}, "u-1")).sites[0]

    assert site.find(Query(), now - 1).total == 0
    assert site.session(number, now - 1) is None
    assert site.find(Query(actors=(("u-1",),)), now).total == 1
    assert site.find(Query(others=("u-1",)), now).total == 0
    assert changed.find(Query(), now).page(0, 9).batches[0].names == ["Ada"]
    deleted = without_sessions(tenant.world, 0, [number]).sites[0]
    assert deleted.find(Query(), now).total == 0
    assert deleted.session(number, now) is None


@pytest.mark.parametrize(
    ("form", "change", "says"),
    [
        ("neutral", {"start": None}, "rows.ndjson:2: start must be an instant"),
        ("neutral", {"start": "x"}, "rows.ndjson:2: start: 'x' is not an ISO 8601 date or time"),
        ("neutral", {"site": 1, "start": 1}, "rows.ndjson:2: site: sessions of a file belong to the first site"),
        ("neutral", {"start": 1, "contry": "DE"}, "rows.ndjson:2: unknown field 'contry'; did you mean 'country'?"),
        ("no.such", {}, "unknown format 'no.such'"),
        (f"{FORMATS[0][0]}.no_such", {}, "unknown format '"),
    ],
)  # fmt: skip
def test_invalid_definition_is_refused(form: str, change: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.ndjson", {"start": 0}, change)
    with pytest.raises(ConfigError, match=re.escape(says)):
        import_file(path, form)


@pytest.mark.parametrize(("vendor", "dialect", "endpoint"), READERS.values())
def test_row_that_no_session_can_have_is_refused(
    vendor: str, dialect: str, endpoint: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.ndjson"
    run_export(vendor, endpoint, path, "--sessions", "120", "--dialect", f"{vendor}={dialect}")
    settings: dict[str, Any] = {"dialect": {vendor: dialect}}
    lines = path.read_bytes().splitlines()
    durations = ("duration", "duration_seconds")
    row = next(
        row
        for row in map(json.decode, lines)
        if row["country"] and all(row.get(name) != 0 for name in durations)
    )
    for name, value in row.items():
        for other in ({"no": ["such"]}, f"{value}~" if isinstance(value, str) else -7):
            write_rows(path, {**row, name: other})
            refusal = None
            try:
                tenant = import_file(path, f"{vendor}.{endpoint}", keep_people=True, **settings)
            except ConfigError as error:
                refusal = str(error)
            if refusal is None:
                assert list_rows(tenant, vendor, endpoint) == [{**row, name: other}]
            else:
                assert re.search(r"rows\.ndjson:1: [\w, ]+( must be |: )", refusal)
    write_rows(path, row, row)
    if "session_id" in row:
        with pytest.raises(ConfigError, match="the session id is that of line 1"):
            import_file(path, f"{vendor}.{endpoint}", **settings)
        write_rows(path, row)
        with pytest.raises(ConfigError, match="a generated session has the same id"):
            import_file(path, f"{vendor}.{endpoint}", world={"sessions": 120}, **settings)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.ndjson", "{", "a.ndjson:1: invalid JSON"),
        ("a.ndjson", "start\n1", "name a file with CSV *.csv"),
        ("a.ndjson", "\n[]", "a.ndjson:2: expected an object"),
        ("a.csv", "strat\n1", "a.csv:1: unknown column 'strat'; did you mean 'start'?"),
        ("a.csv", "start,site\n1", "a.csv:2: expected 2 values, got 1"),
        ("a.csv", 'start,pages\n1,"[""/\n', "a.csv:2: "),
        ("b/c.csv", None, "cannot read the file"),
    ],
)
def test_file_that_cannot_be_read_is_refused(name: str, text: str | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(says)):
        import_file(path, "neutral")


def test_python_and_settings_file_can_name_file(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.ndjson", {"start": DEFAULT_START, "pages": ["/docs"]})
    with SessionMock(sessions_from=path, sessions_as="neutral", add=[{"start": DEFAULT_START + 1}]) as mock:
        assert mock.world.counts == [2, 0]
        assert [mock.world.session(index)["kind"] for index in (0, 1)] == ["imported", "tracked"]
        mock.reset()
        assert mock.world.counts == [2, 0]
    settings = tmp_path / "mock.toml"
    settings.write_text(
        f"[tenants.acme]\nsessions_from = {json.encode(str(path)).decode()}\nsessions_as = 'neutral'"
    )
    made = tenants(read_config(settings, {}))
    assert [tenant.world.sites[0].find(Query(), tenant.clock.now()).total for tenant in made] == [1000, 1]


def test_settings_of_file_belong_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give `sessions_from` too"):
        make_tenant("a", TenantConfig(sessions_as="neutral"))
    with pytest.raises(ConfigError, match="give `sessions_as`, one of "):
        make_tenant("a", TenantConfig(sessions_from=str(tmp_path)))
