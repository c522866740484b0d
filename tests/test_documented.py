"""The reference pages name everything that a user can name."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import mockserver
from mockserver import strategies
from mockserver.cli.main import cli
from mockserver.contract.findings import FINDINGS
from mockserver.pytest_plugin.marker import ARGUMENTS
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.admin.routes import ROUTES
from mockserver.server.faults.registry import kinds
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec
from tests.support.generated import stale

DOCS = Path(__file__).parents[1] / "docs"


def command_names(command: click.Command, *words: str) -> Iterator[str]:
    """Yield the full names of a command and of each subcommand."""
    yield " ".join(["session-mock", *words])
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            yield from command_names(subcommand, *words, name) if subcommand else ()


def vendor_texts() -> Iterator[tuple[str, str]]:
    """Yield each page of a vendor with the texts about its dialects, endpoints, behaviors, errors and sources."""
    for vendor in load_dialects():
        page = f"vendors/{vendor.name}.md"
        yield from ((page, text) for text in dialect_texts(vendor))


def dialect_texts(vendor: Vendor) -> Iterator[str]:
    """Yield the texts that the page of a vendor must have about one of its dialects."""
    contract = vendor.contract
    is_default = vendor.label == vendor.name
    has_dialects = len(vendor.dialects) > 1
    yield f"- `{vendor.dialect}`: {contract.description}" if has_dialects else f"- `{vendor.dialect}`"
    for endpoint in contract.endpoints:
        yield f"## {endpoint.name}\n"
        for path in endpoint.paths:
            yield f"`{endpoint.method} {path}`" if is_default else f"{path}`"
    for behavior in contract.behaviors:
        yield f"### `{behavior.name}`\n"
        yield from (f"- `{option}`" for option in behavior.options)
    for name in own_errors(vendor):
        yield f"\n| {name} |" if is_default else f"error {name}"
    for name, source in contract.sources.items():
        yield f"| {name} | {source.read_on} |"


def own_errors(vendor: Vendor) -> list[str]:
    """Return the errors of the documented dialect, or those in which another dialect differs."""
    documented = vendor.in_dialect("documented").contract.errors
    same = [name for name, shape in vendor.contract.errors.items() if documented.get(name) == shape]
    return [name for name in vendor.contract.errors if vendor.label == vendor.name or name not in same]


TEXTS = {
    "vendors": sorted(set(vendor_texts())),
    "faults": [("faults.md", f"\n## {name}\n") for name in kinds()],
    "findings": [("findings.md", f"\n## `{name}`\n") for name in FINDINGS],
    "settings": [
        *(("settings.md", f"`{setting.option}`") for setting in SETTINGS),
        *(("settings.md", f"`{setting.variable}`") for setting in SETTINGS),
        *(("settings.md", f"`{setting.ini}`") for setting in SETTINGS),
    ],
    "marker": [("settings.md", f"\n| `{name}` |") for name in (*ARGUMENTS, *WorldSpec.__struct_fields__)],
    "profiles": [("settings.md", f"\n| `{name}` |") for name in PROFILES],
    "world": [("world.md", f"`{name}`") for name in WorldSpec.__struct_fields__],
    "commands": [("cli.md", f"\n## `{name}`\n") for name in command_names(cli)],
    "names": [
        ("library.md", f"# `{name}")
        for name in (*mockserver.__all__, *strategies.__all__)
        if not name.startswith("_")
    ],
    "routes": [("admin.md", f"| {route.method} | `/__admin{route.path}` |") for route in ROUTES],
}


@pytest.mark.parametrize("kind", TEXTS)
def test_documents_name_everything(kind: str) -> None:
    pages = {page: (DOCS / page).read_text(encoding="utf-8") for page, _ in TEXTS[kind]}
    missing = [(page, text) for page, text in TEXTS[kind] if text not in pages[page]]

    assert TEXTS[kind]
    assert missing == [], "\n".join(dict.fromkeys(stale(DOCS / page) for page, _ in missing))
