"""``session-mock contract``."""

from typing import Any

import click

from mockserver.contract.basis import Basis
from mockserver.contract.choices import DOCUMENTED, ChoiceError
from mockserver.nearest import nearest
from mockserver.vendor import Vendor
from mockserver.vendors import NAMES, named


def vendor_named(name: str, dialect: str = DOCUMENTED) -> Vendor:
    """The vendor with a name, in a dialect; raises a usage error that names the nearest."""
    if name not in NAMES:
        raise click.UsageError(f"there is no vendor {name!r}; {nearest(name, NAMES)}")
    try:
        return named(name).speaks(dialect)
    except ChoiceError as error:
        raise click.UsageError(str(error)) from None


def facts(vendor: Vendor, basis: str | None) -> list[dict[str, Any]]:
    """Every fact and every choice of a vendor, those of one basis only where it is given."""
    found = [
        {"where": where, "says": fact.says, "basis": fact.basis.value, "source": fact.source} for where, fact in vendor.contract.facts()
    ]
    for choice in vendor.contract.choices:
        options = " | ".join(choice.options) or choice.unit
        says = f"{choice.says} Default {choice.default}; {options}."
        found.append({"where": f"choice {choice.name}", "says": says, "basis": choice.basis.value, "source": choice.source})
    return [fact for fact in found if basis in (None, fact["basis"])]


dialect_option = click.option(
    "--dialect",
    default=DOCUMENTED,
    metavar="DIALECT",
    help="A dialect of the vendor, or 'observed' for the one closest to the real service.",
)


@click.command(name="contract")
@click.argument("vendor")
@dialect_option
@click.option("--basis", type=click.Choice([basis.value for basis in Basis]), help="Only the facts that rest on this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(vendor: str, dialect: str, basis: str | None, *, as_json: bool) -> None:
    """Print a vendor's contract: every fact with its basis and source."""
    found = vendor_named(vendor, dialect)
    told = facts(found, basis)
    sources = {name: {"title": source.title, "url": source.url, "read": source.read} for name, source in found.contract.sources.items()}
    if as_json:
        from msgspec import json  # noqa: PLC0415 -- only where it is wanted

        click.echo(json.encode({"vendor": found.name, "dialect": found.dialect, "facts": told, "sources": sources}).decode())
        return
    from mockserver.cli.tables import table  # noqa: PLC0415 -- rich is felt at start-up

    table(("where", "basis", "source", "says"), [(fact["where"], fact["basis"], fact["source"] or "", fact["says"]) for fact in told])
    click.echo()
    table(("source", "read", "title", "url"), [(name, each["read"], each["title"], each["url"] or "") for name, each in sources.items()])
