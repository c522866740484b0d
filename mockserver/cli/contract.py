"""``session-mock contract``."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from mockserver.cli.output import echo, echo_json
from mockserver.contract.basis import Basis
from mockserver.contract.choices import BASIS, DIALECT, DOCUMENTED, ChoiceError, short_name
from mockserver.nearest import nearest
from mockserver.vendor import Vendor
from mockserver.vendors import NAMES, dialects, every, named


def vendor_named(name: str, dialect: str | None = None) -> Vendor:
    """The vendor with a name, in a dialect or as documented; raises a usage error that names the nearest."""
    if name not in NAMES:
        raise click.UsageError(f"there is no vendor {name!r}; {nearest(name, NAMES)}")
    try:
        return named(name).speaks(dialect or DOCUMENTED)
    except ChoiceError as error:
        raise click.UsageError(str(error)) from None


def facts(vendor: Vendor, basis: str | None) -> list[dict[str, Any]]:
    """Every fact and every choice of a vendor, those of one basis only where it is given."""
    found = [
        {"where": where, "says": fact.says, "basis": fact.basis.value, "source": fact.source} for where, fact in vendor.contract.facts()
    ]
    for choice in vendor.contract.choices:
        if short_name(choice.name) in (DIALECT, BASIS):  # Those are the mock's own, and say nothing of the vendor.
            continue
        options = " | ".join(choice.options) or choice.unit
        says = f"{choice.says} Default {choice.default}; {options}."
        found.append({"where": f"choice {choice.name}", "says": says, "basis": choice.basis.value, "source": choice.source})
    return [fact for fact in found if basis in (None, fact["basis"])]


def own_facts(vendor: Vendor, basis: str | None) -> list[dict[str, Any]]:
    """The facts and choices of a vendor; of another dialect than the documented one, what is not said of that too."""
    documented = [] if vendor.dialect == DOCUMENTED else facts(vendor.speaks(DOCUMENTED), basis)
    return [fact for fact in facts(vendor, basis) if fact not in documented]


dialect_option = click.option(
    "--dialect",
    metavar="DIALECT",
    help="A dialect, 'documented' where none is named, or 'observed' for the one closest to the real service.",
)


def vendors_in(dialect: str | None) -> list[Vendor]:
    """Every vendor that has a dialect, or every vendor in every dialect; raises a usage error where none has it."""
    if dialect is None:
        return list(every())
    try:
        return [named(choice.partition(".")[0]).speaks(found) for choice, found in dialects(dialect).items()]
    except ChoiceError as error:
        raise click.UsageError(str(error)) from None


def _described(vendor: Vendor) -> dict[str, Any]:
    sources = {name: {"title": each.title, "url": each.url, "read": each.read} for name, each in vendor.contract.sources.items()}
    return {"vendor": vendor.name, "dialect": vendor.dialect, "sources": sources}


def _told(fact: Mapping[str, Any]) -> str:
    """A fact with what it rests on."""
    return f"{fact['says']} ({fact['basis']}{': ' if fact['source'] else ''}{fact['source'] or ''})"


def _sources(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each source; its URL has a line of its own, so that it can be copied."""
    for name, source in sources.items():
        yield name, "\n".join([f"{source['title']}, {source['read']}", *([source["url"]] if source["url"] else [])])


@click.command(name="contract")
@click.argument("vendor", required=False)
@dialect_option
@click.option("--basis", type=click.Choice([basis.value for basis in Basis]), help="Only the facts that rest on this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(vendor: str | None, dialect: str | None, basis: str | None, *, as_json: bool) -> None:
    """Print a vendor's contract: every fact with its basis and source.

    Without VENDOR, those of all vendors: with `--basis chosen`, whatever session-mock only assumes. Where no dialect is named either, the
    others are told as far as they differ from what is documented.
    """
    meant = vendors_in(dialect) if vendor is None else [vendor_named(vendor, dialect)]
    told_of = own_facts if vendor is None and dialect is None else facts
    found = [{**_described(each), "facts": told_of(each, basis)} for each in meant]
    if as_json:
        echo_json(found if vendor is None else found[0])
        return
    from mockserver.cli.tables import table  # noqa: PLC0415 -- rich is felt at start-up

    for each in found:
        echo(f"{each['vendor']}, {each['dialect']}", bold=True)
        table(("where", "says (its basis: source)"), [(fact["where"], _told(fact)) for fact in each["facts"]], prose=True)
        echo()
        if basis != Basis.CHOSEN.value:  # What was chosen was read nowhere.
            table(("source", "where it is, and when it was read"), _sources(each["sources"]), prose=True)
            echo()
