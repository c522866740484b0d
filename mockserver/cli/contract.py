"""``session-mock contract``."""

from difflib import get_close_matches
from typing import Any

import click

from mockserver.contract.basis import Basis
from mockserver.vendor import Vendor
from mockserver.vendors import NAMES, load


def vendor_named(name: str) -> Vendor:
    """The vendor with a name; raises a usage error that names the nearest."""
    found = {vendor.name: vendor for vendor in load()}
    if name not in found:
        near = get_close_matches(name, NAMES, 1)
        raise click.UsageError(
            f"there is no vendor {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(NAMES)}")
        )
    return found[name]


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


@click.command(name="contract")
@click.argument("vendor")
@click.option("--basis", type=click.Choice([basis.value for basis in Basis]), help="Only the facts that rest on this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(vendor: str, basis: str | None, *, as_json: bool) -> None:
    """Print a vendor's contract: every fact with its basis and source."""
    found = vendor_named(vendor)
    told = facts(found, basis)
    sources = {name: {"title": source.title, "url": source.url, "read": source.read} for name, source in found.contract.sources.items()}
    if as_json:
        from msgspec import json  # noqa: PLC0415 -- only where it is wanted

        click.echo(json.encode({"vendor": found.name, "facts": told, "sources": sources}).decode())
        return
    from mockserver.cli.tables import table  # noqa: PLC0415 -- rich is felt at start-up

    table(("where", "basis", "source", "says"), [(fact["where"], fact["basis"], fact["source"] or "", fact["says"]) for fact in told])
    click.echo()
    table(("source", "read", "title", "url"), [(name, each["read"], each["title"], each["url"] or "") for name, each in sources.items()])
