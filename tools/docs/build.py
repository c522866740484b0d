"""Writes the generated documents: vendors, OpenAPI, settings, library, admin API, faults, findings, commands, parts of the README.

``--check`` only says what is not current.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner
from msgspec import json

from mockserver.cli.curl import format_curl
from mockserver.cli.main import cli
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.provenance import Basis
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.expected.examples import openapi
from mockserver.server.faults import describe as reference
from mockserver.server.review.findings import FINDINGS
from mockserver.server.tenancy.config import Config, tenants
from mockserver.vendors import every, load
from mockserver.vendors.base import Vendor
from tools.docs.pages import admin, assumed, library, settings
from tools.docs.vendor_page import page

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
_WIDTH = 110


def generated() -> dict[Path, str]:
    """Every generated document by its path."""
    pages = {DOCS / "vendors" / f"{vendor.name}.md": _page(vendor) for vendor in load()}
    pages[DOCS / "vendors" / "README.md"] = _vendors()
    pages |= {DOCS / "openapi" / f"{vendor.label}.json": _openapi(vendor) for vendor in every()}
    pages |= {DOCS / f"{each.__name__}.md": each() for each in (admin, assumed, library, settings)}
    return {
        **pages,
        DOCS / "findings.md": _findings(),
        DOCS / "cli.md": _cli(),
        DOCS / "faults.md": reference.page(),
        README: _readme(),
    }


def _readme() -> str:
    """The README with the default tenant's curl for each vendor, and the settings of the pytest plugin."""
    tenant = tenants(Config())[0]
    lines = [
        format_curl("http://127.0.0.1:8080", vendor.contract.endpoints[0], tenant.identifiers[vendor.name])
        for vendor in load()
    ]
    settings = [
        f"| `{each.option}` | {f'`{each.default}`' if each.default else ''} | {each.description} |"
        for each in SETTINGS
    ]
    parts = {
        "curls": ["```sh", *lines, "```"],
        "settings": ["| setting | default | |", "|---|---|---|", *settings],
    }
    text = README.read_text("utf-8")
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
    """Where each vendor's reference and OpenAPI document stand, and which endpoints they describe."""
    lines = [
        f"- [{vendor.contract.title}]({vendor.name}.md): {', '.join(f'`{endpoint.name}`' for endpoint in vendor.contract.endpoints)}"
        f" (OpenAPI: {', '.join(f'[{each.dialect}](../openapi/{each.label}.json)' for each in vendor.dialects.values())})\n"
        for vendor in load()
    ]
    *bases, last = [basis.value for basis in Basis]
    return f"# Vendors\n\nEvery fact says on what it rests: {', '.join(bases)} or {last}.\n\n{''.join(lines)}"


def _findings() -> str:
    """Every finding, and what a vendor's contract says of it."""
    parts = [
        "# Findings\n\nWhat the journal says of a request although it was answered; a refused one may have findings too.\n"
    ]
    for name, says in FINDINGS.items():
        parts.append(f"## `{name}`\n\n{says}\n")
        parts += ["".join(_advised(name))] if any(_advised(name)) else []
    return "\n".join(parts)


def _advised(name: str) -> Iterator[str]:
    """What contracts say of a finding; of a dialect, what is not said of the documented one too."""
    told = set()
    for vendor in every():
        dialect = "" if vendor.dialect == DOCUMENTED else f" in dialect `{vendor.dialect}`"
        for endpoint in vendor.contract.endpoints:
            for says in dict.fromkeys(
                advice.fact.text for advice in endpoint.lint_rules if advice.name == name
            ):
                if (vendor.name, endpoint.name, says) not in told:
                    yield f"- {vendor.contract.title}, `{endpoint.name}`{dialect}: {says}\n"
                told.add((vendor.name, endpoint.name, says))


def _words(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """The words that call a command and each below it."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            yield from _words(below, *words, name) if below else ()


def _cli() -> str:
    runner = CliRunner()
    parts = ["# The command\n"]
    for words in _words(cli):
        told = runner.invoke(
            cli, [*words, "--help"], prog_name="session-mock", terminal_width=_WIDTH, max_content_width=_WIDTH
        )
        parts.append(f"## `{' '.join(['session-mock', *words])}`\n\n```text\n{told.output.strip()}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write, or with ``--check`` say which documents are not current."""
    checking, current = "--check" in sys.argv[1:], generated()
    stale = [
        path
        for path, text in current.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if checking:
            print(f"{path.relative_to(DOCS.parent)} is not current: run `make docs`")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(current[path], encoding="utf-8")
    return int(bool(stale) and checking)


if __name__ == "__main__":
    sys.exit(main())
