"""Dialects in the options and the output of commands."""

import json
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from msgspec import to_builtins

from mockserver.cli.main import cli
from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import OBSERVED, Vendor
from tests.cli.conftest import Serve, Shell
from tests.made_up import NAME

VENDORS = list(load_dialects())
OTHERS = [vendor for vendor in VENDORS if vendor.dialect != DOCUMENTED]
OTHER = OTHERS[0]


def run(*words: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Run a command in this process, and return what it printed."""
    result = CliRunner(env=env).invoke(cli, words)
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
def test_contract_and_openapi_in_dialect_are_those_of_the_dialect(vendor: Vendor) -> None:
    contract = json.loads(run("contract", vendor.name, "--dialect", vendor.dialect, "--json"))
    openapi = json.loads(run("openapi", vendor.name, "--dialect", vendor.dialect))
    texts = [fact.text for _, fact in vendor.contract.facts()]
    differences = [to_builtins(difference) for difference in vendor.contract.not_imitated]

    assert contract["not_imitated"] == differences
    assert contract["dialect"] == vendor.dialect
    assert [fact["text"] for fact in contract["facts"]][: len(texts)] == texts
    assert list(contract["sources"]) == list(vendor.contract.sources)
    assert openapi["info"]["summary"] == vendor.contract.description


@pytest.mark.parametrize("command", ["contract", "openapi"])
def test_dialect_observed_is_the_closest_of_the_vendor(family: Vendor, command: str) -> None:
    """It is printed under its own name; an unknown one is an error that lists the known ones."""
    assert run(command, family.name, "--dialect", OBSERVED) == run(command, family.name, "--dialect", NAME)
    error = run(command, family.name, "--dialect", "no-such", code=2)

    assert all(name in error for name in (DOCUMENTED, NAME, OBSERVED))


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["no-such"], f"no vendor has a dialect 'no-such'; known are {DOCUMENTED}"),
        ([f"{OTHER.name}=no-such"], f"{OTHER.name}: unknown dialect 'no-such'; known are {DOCUMENTED}"),
        ([f"{OTHER.name}s={DOCUMENTED}"], f"did you mean '{OTHER.name}'"),
        ([f"{OTHER.name}={DOCUMENTED}", "what"], "use DIALECT, or VENDOR=DIALECT"),
    ],
)
@pytest.mark.parametrize("command", [["world"], ["serve", "--port", "0"]], ids=lambda command: command[0])
def test_unknown_dialect_is_misuse_with_remedy(command: list[str], words: list[str], remedy: str) -> None:
    options = [part for word in words for part in ("--dialect", word)]

    assert remedy in " ".join(run(*command, *options, code=2).replace("│", "").split())


def test_dialect_in_environment_is_used() -> None:
    """SESSION_MOCK_DIALECT is one name, or several settings separated by commas or spaces."""
    pairs = f"{OTHER.name}={OTHER.dialect}", f"{load()[-1].name}={DOCUMENTED}"
    for text in (OTHER.dialect, " ".join(pairs), ",".join(pairs)):
        run("world", env={"SESSION_MOCK_DIALECT": text})

    assert "no vendor has a dialect 'no-such'" in run(
        "world", code=2, env={"SESSION_MOCK_DIALECT": "no-such"}
    )


def test_dialect_in_file_is_used(tmp_path: Path) -> None:
    """The file has one name, or a table."""
    path = tmp_path / "mock.toml"
    for text in (f'dialect = "{OTHER.dialect}"', f'[dialect]\n{OTHER.name} = "{OTHER.dialect}"'):
        path.write_text(text, encoding="utf-8")
        run("world", "--config", str(path))
    path.write_text('dialect = "no-such"', encoding="utf-8")

    assert "no vendor has a dialect 'no-such'" in run("world", "--config", str(path), code=2)


@pytest.mark.parametrize("vendor", OTHERS, ids=lambda vendor: vendor.label)
def test_export_in_dialect_writes_its_fields(vendor: Vendor) -> None:
    for endpoint in vendor.contract.endpoints:
        if endpoint.rows_path and not set(endpoint.path) - {endpoint.site}:
            words = (
                "export",
                vendor.name,
                endpoint.name,
                "--sessions",
                "5",
                "--dialect",
                f"{vendor.name}={vendor.dialect}",
            )
            rows = [json.loads(line) for line in run(*words).splitlines()]
            head, *lines = run(*words, "--format", "csv").splitlines()

            assert len(lines) == len(rows) > 0
            assert all(set(row) <= set(head.split(",")) for row in rows)


def test_serve_with_dialect_applies_it_to_default_tenant(serve: Serve) -> None:
    """For one vendor, and for all that have it."""
    one = serve("--dialect", f"{OTHER.name}={OTHER.dialect}")
    all_ = serve("--dialect", OBSERVED)

    assert one.json("tenant", "show")["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    assert {name: vendor["dialect"] for name, vendor in all_.json("tenant", "show")["vendors"].items()} == {
        vendor.name: vendor.observed for vendor in load()
    }


def test_created_tenant_has_dialect_until_it_is_changed(admin: Shell) -> None:
    """`behavior set` changes the dialect, `tenant reset` restores the one it was created with."""
    for number, word in enumerate((OTHER.dialect, f"{OTHER.name}={OTHER.dialect}")):
        created = admin.json("tenant", "create", f"one-{number}", "--sessions", "1", "--dialect", word)
        assert created["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    assert OTHER.dialect in admin("tenant", "show", "one-0")
    admin("behavior", "set", "-t", "one-0", f"{OTHER.name}.{DIALECT}={DOCUMENTED}")
    assert admin.json("tenant", "show", "one-0")["vendors"][OTHER.name]["dialect"] == DOCUMENTED
    admin("tenant", "reset", "one-0")
    assert admin.json("tenant", "show", "one-0")["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    unknown = f"{OTHER.name}=no-such"
    assert "unknown dialect 'no-such'" in admin.error("tenant", "create", "two", "--dialect", unknown)


def test_journal_line_has_dialect_and_basis_of_error(admin: Shell) -> None:
    """The documented dialect is not printed."""
    for dialect in (DOCUMENTED, OTHER.dialect):
        admin("behavior", "set", f"{OTHER.name}.{DIALECT}={dialect}")
        before = admin.json("journal", "list", "--unmatched", "--limit", "0")["count"]
        with suppress(HTTPError):
            urlopen(f"{admin.url}/{OTHER.name}/no/such/path")  # noqa: S310 -- our own server
        line = admin("journal", "follow", "--unmatched", "--limit", "1", "--after", str(before))
        vendor = OTHER.in_dialect(dialect)

        assert f"  {vendor.label}  " in line
        assert f"unknown_path ({vendor.contract.errors['unknown_path'].fact.basis.value})" in line
