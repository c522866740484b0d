"""Every command that has to do with what vendors answer takes a dialect."""

import json
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from mockserver.cli import cli
from mockserver.contract.choices import DIALECT, DOCUMENTED
from mockserver.vendors import every, load
from mockserver.vendors.base import OBSERVED, Vendor
from tests.cli.conftest import Serve, Shell
from tests.made_up import NAME

VENDORS = list(every())
OTHERS = [vendor for vendor in VENDORS if vendor.dialect != DOCUMENTED]
OTHER = OTHERS[0]


def run(*words: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Run a command in this process and return what it printed."""
    told = CliRunner(env=env).invoke(cli, words)
    assert told.exit_code == code, told.output
    return told.output


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
def test_contract_and_openapi_are_printed_in_a_dialect(vendor: Vendor) -> None:
    """Every fact, source and choice is that dialect's."""
    contract = json.loads(run("contract", vendor.name, "--dialect", vendor.dialect, "--json"))
    openapi = json.loads(run("openapi", vendor.name, "--dialect", vendor.dialect))
    says = [fact.says for _, fact in vendor.contract.facts()]

    assert contract["dialect"] == vendor.dialect
    assert [fact["says"] for fact in contract["facts"]][: len(says)] == says
    assert list(contract["sources"]) == list(vendor.contract.sources)
    assert openapi["info"]["summary"] == vendor.contract.says


@pytest.mark.parametrize("command", ["contract", "openapi"])
def test_observed_is_the_closest_of_a_vendor(family: Vendor, command: str) -> None:
    """Printed under its own name; an unknown one is refused with the list."""
    assert run(command, family.name, "--dialect", OBSERVED) == run(command, family.name, "--dialect", NAME)
    refusal = run(command, family.name, "--dialect", "no-such", code=2)

    assert all(name in refusal for name in (DOCUMENTED, NAME, OBSERVED))


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["no-such"], f"no vendor has a dialect 'no-such'; known are {DOCUMENTED}"),
        ([f"{OTHER.name}=no-such"], f"{OTHER.name} has no dialect 'no-such'; it has {DOCUMENTED}"),
        ([f"{OTHER.name}s={DOCUMENTED}"], f"did you mean '{OTHER.name}'"),
        ([f"{OTHER.name}={DOCUMENTED}", "what"], "write DIALECT, or VENDOR=DIALECT"),
    ],
)
@pytest.mark.parametrize("command", [["world"], ["serve", "--port", "0"]], ids=lambda command: command[0])
def test_unknown_dialect_is_told_with_a_remedy(command: list[str], words: list[str], remedy: str) -> None:
    """Exit code 2, what is wrong, and what would be right."""
    said = [part for word in words for part in ("--dialect", word)]

    assert remedy in " ".join(run(*command, *said, code=2).replace("│", "").split())


def test_environment_says_the_dialect() -> None:
    """SESSION_MOCK_DIALECT is one name, or several settings with commas or blanks between them."""
    pairs = f"{OTHER.name}={OTHER.dialect}", f"{load()[-1].name}={DOCUMENTED}"
    for text in (OTHER.dialect, " ".join(pairs), ",".join(pairs)):
        run("world", env={"SESSION_MOCK_DIALECT": text})

    assert "no vendor has a dialect 'no-such'" in run("world", code=2, env={"SESSION_MOCK_DIALECT": "no-such"})


def test_file_says_the_dialect(tmp_path: Path) -> None:
    """`session-mock` takes it as one name or as a table, with no option beside it."""
    path = tmp_path / "mock.toml"
    for text in (f'dialect = "{OTHER.dialect}"', f'[dialect]\n{OTHER.name} = "{OTHER.dialect}"'):
        path.write_text(text, encoding="utf-8")
        run("world", "--config", str(path))
    path.write_text('dialect = "no-such"', encoding="utf-8")

    assert "no vendor has a dialect 'no-such'" in run("world", "--config", str(path), code=2)


@pytest.mark.parametrize("vendor", OTHERS, ids=lambda vendor: vendor.label)
def test_export_tells_rows_as_the_dialect_does(vendor: Vendor) -> None:
    """Its columns are the fields of the dialect's rows."""
    for endpoint in vendor.contract.endpoints:
        if endpoint.rows and not set(endpoint.path) - {endpoint.site}:
            words = ("export", vendor.name, endpoint.name, "--sessions", "5", "--dialect", f"{vendor.name}={vendor.dialect}")
            rows = [json.loads(line) for line in run(*words).splitlines()]
            head, *lines = run(*words, "--format", "csv").splitlines()

            assert len(lines) == len(rows) > 0
            assert all(set(row) <= set(head.split(",")) for row in rows)


def test_served_tenant_speaks_a_dialect(serve: Serve) -> None:
    """Of one vendor, and of all that have it; what is served says so."""
    one, all_ = serve("--dialect", f"{OTHER.name}={OTHER.dialect}"), serve("--dialect", OBSERVED)

    assert one.json("tenant")["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    assert {name: told["dialect"] for name, told in all_.json("tenant")["vendors"].items()} == {
        vendor.name: vendor.observed for vendor in load()
    }


def test_minted_tenant_speaks_a_dialect(admin: Shell) -> None:
    """`admin mint --dialect`, as one name or vendor by vendor; `admin tenant` shows it, `admin choose` changes it, `reset` comes back."""
    for number, word in enumerate((OTHER.dialect, f"{OTHER.name}={OTHER.dialect}")):
        told = admin.json("mint", f"one-{number}", "--sessions", "1", "--dialect", word)
        assert told["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    assert OTHER.dialect in admin("tenant", "one-0")
    admin("choose", "-t", "one-0", f"{OTHER.name}.{DIALECT}={DOCUMENTED}")
    assert admin.json("tenant", "one-0")["vendors"][OTHER.name]["dialect"] == DOCUMENTED
    admin("reset", "-t", "one-0")
    assert admin.json("tenant", "one-0")["vendors"][OTHER.name]["dialect"] == OTHER.dialect
    assert "no dialect 'no-such'" in admin.refusal("mint", "two", "--dialect", f"{OTHER.name}=no-such")


def test_journal_names_the_dialect_and_what_a_refusal_rests_on(admin: Shell) -> None:
    """In the table and in the line that follows; what is documented is told without a dialect."""
    for dialect in (DOCUMENTED, OTHER.dialect):
        admin("choose", f"{OTHER.name}.{DIALECT}={dialect}")
        before = admin.json("journal", "--nobody", "--limit", "0")["count"]
        with suppress(HTTPError):
            urlopen(f"{admin.url}/{OTHER.name}/no/such/path")  # noqa: S310 -- our own server
        line = admin("journal", "--nobody", "--follow", "--limit", "1", "--after", str(before))
        vendor = OTHER.speaks(dialect)

        assert f"  {vendor.label}  " in line
        assert f"unknown_path ({vendor.contract.errors['unknown_path'].fact.basis.value})" in line
