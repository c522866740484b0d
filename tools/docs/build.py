"""Write the generated documents.

Vendors, OpenAPI, settings, library, admin API, faults, scenarios, findings, commands, parts of the
README and of the page about the world.

With ``--check``, only list the documents that are not current.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from click.testing import CliRunner
from msgspec import json

from mockserver.cli.curl import format_curl
from mockserver.cli.main import cli
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.findings import FINDINGS
from mockserver.contract.provenance import Basis
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.tenants import tenants
from mockserver.server.expected.examples import openapi
from mockserver.server.faults import describe
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import Vendor
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tools.docs.conformance_page import conformance
from tools.docs.pages import admin, assumed, code, library, scenarios, settings
from tools.docs.vendor_page import page
from tools.world.audit import SEEDS, measure_returns, measure_sites, measure_totals

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
_WIDTH = 110


def generated() -> dict[Path, str]:
    """Return every generated document by its path."""
    pages = {DOCS / "vendors" / f"{vendor.name}.md": _page(vendor) for vendor in load()}
    pages[DOCS / "vendors" / "README.md"] = _vendors()
    pages |= {DOCS / "openapi" / f"{vendor.label}.json": _openapi(vendor) for vendor in load_dialects()}
    pages |= {
        DOCS / f"{write.__name__}.md": write() for write in (admin, assumed, library, scenarios, settings)
    }
    return {
        **pages,
        DOCS / "findings.md": _findings(),
        DOCS / "conformance.md": conformance(),
        DOCS / "cli.md": _cli(),
        DOCS / "faults.md": describe.page(),
        DOCS / "world.md": _world(),
        README: _readme(),
    }


def _readme() -> str:
    """Return the README with a curl command for each vendor, and the settings of the pytest plugin."""
    tenant = tenants(Config())[0]
    lines = [
        format_curl("http://127.0.0.1:8080", vendor.contract.endpoints[0], tenant.identifiers[vendor.name])
        for vendor in load()
    ]
    settings = [
        f"| `{setting.option}` | {code(setting.default or '')} | {setting.description} |"
        for setting in SETTINGS
    ]
    parts = {
        "curls": ["```sh", *lines, "```"],
        "settings": ["| setting | default | |", "|---|---|---|", *settings],
    }
    return _replace_parts(README, parts)


def _world() -> str:
    """Return the page about the world with the figures of the default world."""
    world = spec()
    domains = [f"`{site.domain}`" for site in build(world).sites]
    figures = (*measure_totals(world), *measure_returns(world.sessions or 0))
    totals = [f"| {name} | {value} |" for name, value in figures]
    sites = [f"| {name} | {' | '.join(map(str, values))} |" for name, values in measure_sites(world)]
    parts = {
        "totals": [f"| totals of {SEEDS} seeds | |", "|---|---|", *totals],
        "sites": [f"| default world | {' | '.join(domains)} |", "|---" * (len(domains) + 1) + "|", *sites],
    }
    return _replace_parts(DOCS / "world.md", parts)


def _replace_parts(path: Path, parts: Mapping[str, Sequence[str]]) -> str:
    """Return a document with other lines in its generated parts."""
    text = path.read_text("utf-8")
    for name, part in parts.items():
        block = "\n".join(part) + "\n"
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda found, block=block: found[1] + block + found[2], text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def _page(vendor: Vendor) -> str:
    documented, *others = (dialect.contract for dialect in vendor.dialects.values())
    return page(documented, *others)


def _openapi(vendor: Vendor) -> str:
    return json.format(json.encode(openapi(vendor.name, vendor.dialect))).decode() + "\n"


def _vendors() -> str:
    """Return the index of the vendors, with their endpoints and OpenAPI documents."""
    lines = []
    for vendor in load():
        endpoints = ", ".join(f"`{endpoint.name}`" for endpoint in vendor.contract.endpoints)
        documents = ", ".join(
            f"[{dialect.dialect}](../openapi/{dialect.label}.json)" for dialect in vendor.dialects.values()
        )
        lines.append(f"- [{vendor.contract.title}]({vendor.name}.md): {endpoints} (OpenAPI: {documents})\n")
    *bases, last = [basis.value for basis in Basis]
    return f"# Vendors\n\nEach fact names its basis: {', '.join(bases)} or {last}.\n\n{''.join(lines)}"


def _findings() -> str:
    """Return the page of all findings, with the reasons from the vendors' contracts."""
    parts = [
        "# Findings\n",
        (
            "Defects in how a client uses an API, even if the response was 200, as the journal reports them."
            "\n\nEach finding has a level. An *error* is proved by the exchanges: the client violates the"
            " documented contract, loses, repeats or invents data, or overloads the server. A *warning* is"
            " very likely a defect, but a correct client may have a reason. A *note* is advice. Errors fail"
            ' a strict test and `session-mock admin verify`; warnings do so with `strict="warnings"` or'
            " `--strict warnings`; notes never do.\n"
        ),
    ]
    for name, kind in FINDINGS.items():
        parts.append(
            f"## `{name}`\n\nLevel: {kind.level}. {kind.message}\n\n- Raised: {kind.raised}\n"
            f"- Not raised: {kind.not_raised}\n- A correct client: {kind.remedy}\n"
        )
        reasons = "".join(_reasons(name))
        if reasons:
            parts.append(reasons)
    return "\n".join(parts)


def _reasons(finding: str) -> Iterator[str]:
    """Yield the reasons for a finding; those of a dialect only if the documented one does not have them."""
    seen = set()
    for vendor in load_dialects():
        dialect = "" if vendor.dialect == DOCUMENTED else f" in dialect `{vendor.dialect}`"
        for endpoint in vendor.contract.endpoints:
            rules = [rule for rule in endpoint.lint_rules if rule.name == finding]
            for reason in dict.fromkeys(rule.fact.text for rule in rules):
                if (vendor.name, endpoint.name, reason) not in seen:
                    yield f"- {vendor.contract.title}, `{endpoint.name}`{dialect}: {reason}\n"
                seen.add((vendor.name, endpoint.name, reason))


def _commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command and of all its subcommands."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            yield from _commands(subcommand, *words, name) if subcommand else ()


def _cli() -> str:
    runner = CliRunner()
    parts = ["# The command\n"]
    for words in _commands(cli):
        result = runner.invoke(
            cli, [*words, "--help"], prog_name="session-mock", terminal_width=_WIDTH, max_content_width=_WIDTH
        )
        parts.append(f"## `{' '.join(['session-mock', *words])}`\n\n```text\n{result.output.strip()}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write all documents.

    With ``--check``, print those that are not current, and return 1 if there are any.
    """
    checking = "--check" in sys.argv[1:]
    current = generated()
    stale = [
        path
        for path, text in current.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if checking:
            print(f"{path.relative_to(DOCS.parent)} is not current; run `make docs`")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(current[path], encoding="utf-8")
    return int(bool(stale) and checking)


if __name__ == "__main__":
    sys.exit(main())
