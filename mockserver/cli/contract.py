"""``session-mock vendors``, ``contract`` and ``openapi``."""

from collections.abc import Iterator, Mapping
from typing import Any

import click
from msgspec import json, to_builtins

from mockserver._util.suggest import suggest
from mockserver.cli.output import echo, print_json, print_table
from mockserver.cli.params import OneOf, format_examples, json_option
from mockserver.contract.behaviors import BASIS, DIALECT, DOCUMENTED, BehaviorError, short_name
from mockserver.contract.checks import check_contract
from mockserver.contract.provenance import Basis
from mockserver.vendors import NAMES, get_vendor, load, load_dialects, resolve_dialects
from mockserver.vendors.base import Vendor


def find_vendor(name: str, dialect: str | None = None) -> Vendor:
    """Return a vendor in a dialect, by default as documented; raises a usage error for an unknown one."""
    if name not in NAMES:
        raise click.UsageError(f"unknown vendor {name!r}; {suggest(name, NAMES)}")
    try:
        return get_vendor(name).in_dialect(dialect or DOCUMENTED)
    except BehaviorError as error:
        raise click.UsageError(str(error)) from None


def list_facts(vendor: Vendor, basis: str | None) -> list[dict[str, Any]]:
    """Return the facts and behaviors of a vendor, optionally only those with a certain basis."""
    facts = [
        {"where": where, "text": fact.text, "basis": fact.basis.value, "source": fact.source}
        for where, fact in vendor.contract.facts()
    ]
    for behavior in vendor.contract.behaviors:
        if short_name(behavior.name) in (DIALECT, BASIS):  # Settings of the mock, not of the vendor.
            continue
        options = " | ".join(behavior.options) or behavior.unit
        facts.append(
            {
                "where": f"behavior {behavior.name}",
                "text": f"{behavior.description} Default {behavior.default}; {options}.",
                "basis": behavior.basis.value,
                "source": behavior.source,
            }
        )
    return [fact for fact in facts if basis in (None, fact["basis"])]


def list_dialect_facts(vendor: Vendor, basis: str | None) -> list[dict[str, Any]]:
    """Return the facts of a vendor; of another dialect than the documented one, only those that differ."""
    documented = [] if vendor.dialect == DOCUMENTED else list_facts(vendor.in_dialect(DOCUMENTED), basis)
    return [fact for fact in list_facts(vendor, basis) if fact not in documented]


_dialect_option = click.option(
    "--dialect",
    metavar="DIALECT",
    help="Dialect to print; 'observed' is closest to the real service. [default: documented]",
)


def _find_vendors(dialect: str | None) -> list[Vendor]:
    """Return every vendor that has a dialect, or each vendor in each of its dialects."""
    if dialect is None:
        return list(load_dialects())
    try:
        return [
            get_vendor(behavior.partition(".")[0]).in_dialect(name)
            for behavior, name in resolve_dialects(dialect).items()
        ]
    except BehaviorError as error:
        raise click.UsageError(str(error)) from None


def _describe(vendor: Vendor, facts: list[dict[str, Any]]) -> dict[str, Any]:
    sources = {
        name: {"title": source.title, "url": source.url, "read": source.read_on}
        for name, source in vendor.contract.sources.items()
    }
    return {
        "vendor": vendor.name,
        "dialect": vendor.dialect,
        "sources": sources,
        "facts": facts,
        "not_imitated": to_builtins(vendor.contract.not_imitated),
    }


def _format_fact(fact: Mapping[str, Any]) -> str:
    """Return a fact's text with its basis and source."""
    return f"{fact['text']} ({fact['basis']}{': ' if fact['source'] else ''}{fact['source'] or ''})"


def _source_rows(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield name and description of each source; its URL is on a line of its own to be copied."""
    for name, source in sources.items():
        url = f"\n{source['url']}" if source["url"] else ""
        yield name, f"{source['title']}, {source['read']}{url}"


@click.command
@json_option("Print JSON instead of a table.")
def vendors(*, as_json: bool) -> None:
    """List the vendors and their endpoints."""
    names = ("vendor", "endpoint", "method", "path", "summary")
    rows = [
        (vendor.name, endpoint.name, endpoint.method, path, endpoint.summary)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        for path in endpoint.paths
    ]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)


@click.command(
    epilog=format_examples(
        "session-mock contract browsee", "session-mock contract rybbit --dialect observed --json"
    ),
)
@click.argument("vendor", required=False)
@_dialect_option
@click.option(
    "--basis", type=OneOf([basis.value for basis in Basis]), help="Print only the facts with this basis."
)
@json_option("Print JSON instead of tables.")
def contract(vendor: str | None, dialect: str | None, basis: str | None, *, as_json: bool) -> None:
    """Print a vendor's contract: every fact with its basis and source.

    The basis of a fact is the kind of evidence for it, such as the vendor's documentation; the source says
    where it was read. Without VENDOR the contracts of all vendors are printed; if --dialect is missing too,
    in every dialect, with only the facts that differ from the documented ones.
    """
    selected = _find_vendors(dialect) if vendor is None else [find_vendor(vendor, dialect)]
    for each in selected:
        check_contract(each.contract)
    select_facts = list_dialect_facts if vendor is None and dialect is None else list_facts
    contracts = [_describe(in_dialect, select_facts(in_dialect, basis)) for in_dialect in selected]
    if as_json:
        print_json(contracts if vendor is None else contracts[0])
        return
    for described in contracts:
        echo(f"{described['vendor']}, {described['dialect']}", bold=True)
        rows = [(fact["where"], _format_fact(fact)) for fact in described["facts"]]
        print_table(("where", "fact (basis: source)"), rows, prose=True)
        echo()
        if described["not_imitated"] and basis is None:
            names = ("not imitated", "real", "mock", "revision")
            rows = [tuple(difference.values()) for difference in described["not_imitated"]]
            print_table(names, rows, prose=True)
            echo()
        if basis != Basis.ASSUMED.value:  # An assumption has no source.
            sources = _source_rows(described["sources"])
            print_table(("source", "title, date of reading and URL"), sources, prose=True)
            echo()


@click.command(epilog=format_examples("session-mock openapi sparklytics > sparklytics.json"))
@click.argument("vendor")
@_dialect_option
def openapi(vendor: str, dialect: str | None) -> None:
    """Print a vendor's API as OpenAPI 3.1, as served at /VENDOR/openapi.json."""
    in_dialect = find_vendor(vendor, dialect)
    from mockserver.server.expected import examples  # noqa: PLC0415 -- it builds a world

    echo(json.format(json.encode(examples.openapi(in_dialect.name, in_dialect.dialect))).decode())
