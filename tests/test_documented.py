"""Whatever a user can name is told in the documents, which are made from the same code."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import mockserver
from mockserver import strategies
from mockserver.cli.main import cli
from mockserver.pytest_plugin.marker import ARGUMENTS
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.admin.routes import ROUTES
from mockserver.server.faults.registry import kinds
from mockserver.server.review.findings import FINDINGS
from mockserver.vendors import every
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec

DOCS = Path(__file__).parents[1] / "docs"


def commands(command: click.Command, *words: str) -> Iterator[str]:
    """A command and each below it, as they are called."""
    yield " ".join(["session-mock", *words])
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            yield from commands(below, *words, name) if below else ()


def vendor_words() -> Iterator[tuple[str, str]]:
    """Endpoints, paths, parameters' behaviors, dialects, errors and sources, with the page that must tell them."""
    for vendor in every():
        contract, page = vendor.contract, f"vendors/{vendor.name}.md"
        yield (
            page,
            f"- `{vendor.dialect}`: {contract.description}"
            if len(vendor.dialects) > 1
            else f"- `{vendor.dialect}`",
        )
        for endpoint in contract.endpoints:
            yield page, f"## {endpoint.name}\n"
            yield from (
                (page, f"{path}`" if vendor.label != vendor.name else f"`{endpoint.method} {path}`")
                for path in endpoint.paths
            )
        yield from ((page, f"### `{behavior.name}`\n") for behavior in contract.behaviors)
        yield from ((page, f"- `{option}`") for behavior in contract.behaviors for option in behavior.options)
        yield from (
            (page, f"error {name}" if vendor.label != vendor.name else f"\n| {name} |")
            for name in unlike(vendor)
        )
        yield from ((page, f"| {name} | {source.read_on} |") for name, source in contract.sources.items())


def unlike(vendor: mockserver.vendors.base.Vendor) -> list[str]:
    """The errors of a dialect that are not as the documented ones."""
    documented = vendor.in_dialect("documented").contract.errors
    same = [name for name, shape in vendor.contract.errors.items() if documented.get(name) == shape]
    return [name for name in vendor.contract.errors if vendor.label == vendor.name or name not in same]


WORDS = {
    "vendors": sorted(set(vendor_words())),
    "faults": [("faults.md", f"\n## {name}\n") for name in kinds()],
    "findings": [("findings.md", f"\n## `{name}`\n") for name in FINDINGS],
    "settings": [
        ("settings.md", f"`{word}`") for each in SETTINGS for word in (each.option, each.variable, each.ini)
    ],
    "marker": [("settings.md", f"\n| `{name}` |") for name in (*ARGUMENTS, *WorldSpec.__struct_fields__)],
    "profiles": [("settings.md", f"\n| `{name}` |") for name in PROFILES],
    "world": [("world.md", f"`{name}`") for name in WorldSpec.__struct_fields__],
    "commands": [("cli.md", f"\n## `{name}`\n") for name in commands(cli)],
    "names": [
        ("library.md", f"# `{name}")
        for name in (*mockserver.__all__, *strategies.__all__)
        if not name.startswith("_")
    ],
    "routes": [("admin.md", f"| {route.method} | `/__admin{route.path}` |") for route in ROUTES],
}


@pytest.mark.parametrize("kind", WORDS)
def test_everything_a_user_can_name_is_documented(kind: str) -> None:
    """Each word stands on its page; there are some of every kind."""
    texts = {page: (DOCS / page).read_text(encoding="utf-8") for page, _ in WORDS[kind]}

    assert WORDS[kind]
    assert [f"{page}: {word}" for page, word in WORDS[kind] if word not in texts[page]] == []
