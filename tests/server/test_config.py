"""A TOML file is read as somebody would write it; what cannot be is told with its place."""

from pathlib import Path

import pytest

from mockserver.server.config import ConfigError, read_config, tenants
from mockserver.world.model.spec import format_instant

SAME = """
now = {now}
[world]
start = {start}
end = {end}
[tenants.acme]
now = {now}
"""


def test_dates_of_toml_are_taken_like_their_texts(tmp_path: Path) -> None:
    """A date, and a date with a time, with or without an offset, is the instant that its ISO text is."""
    path, found = tmp_path / "mock.toml", []
    written = {"start": "2026-09-02", "end": "2026-09-20T02:00:00+02:00", "now": "2026-09-10T12:00:00"}
    for mark in ("", '"'):
        path.write_text(SAME.format(**{name: f"{mark}{each}{mark}" for name, each in written.items()}), encoding="utf-8")
        made = tenants(read_config(path, {}))
        found.append(
            [
                (format_instant(each.world.spec.start), format_instant(each.world.spec.end or 0), format_instant(each.clock.now()))
                for each in made
            ]
        )

    assert found[0] == found[1]
    assert found[0][0] == ("2026-09-02T00:00:00Z", "2026-09-20T00:00:00Z", "2026-09-10T12:00:00Z")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('port = "x"', "{path}: port must be a whole number from 0 to 65535, and is a text"),
        ("prot = 1", "{path}: there is no field 'prot'; did you mean 'port'?"),
        ("tenants.acme.now = 1.5", "{path}: tenants.acme.now must be a text or a whole number, and is 1.5"),
        ("tenants.acme.chioces.x = 1", "{path}: there is no field 'chioces' in tenants.acme; did you mean 'choices'?"),
        ("world = {sites = 0, quiet_days = []}", "tenant 'default': world spec: sites must be a whole number from 1 to 64, and is 0"),
        ("world = 5", "{path}: world must be an object, and is a whole number"),
        ('tenants.acme.world.sites = "many"', "tenant 'acme': world spec: sites must be a whole number from 1 to 64, and is a text"),
        ("tenants.acme.world.sesions = 5", "tenant 'acme': world spec: there is no field 'sesions'; did you mean 'sessions'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place(written: str, says: str, tmp_path: Path) -> None:
    """The file or the tenant, the key, and what would be right, whether options win over the file or not."""
    path = tmp_path / "mock.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        tenants(read_config(path, {"world": {}}))

    assert says.format(path=path) == str(refused.value)
