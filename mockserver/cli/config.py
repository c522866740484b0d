"""``session-mock config``."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final, Union

import click
from msgspec import json

from mockserver.admin_schemas.worlds import WorldFields
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo
from mockserver.cli.params import format_examples
from mockserver.client.exchange_texts import count_of
from mockserver.server.configuration.config import (
    ADD,
    DEFAULT_TENANT,
    Config,
    TenantConfig,
    check_access,
    read_config,
)
from mockserver.server.configuration.scenarios import SCENARIO_TEXTS
from mockserver.server.configuration.toml_files import ConfigError, read_toml
from mockserver.server.faults.registry import kinds
from mockserver.server.provisioning.configured import create_tenants
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenants
from mockserver.world.generator.added import NewSession

_TABLE: Final = re.compile(r"\s*\[\s*([^\]\[]+?)\s*\]")
_LIST_ITEM: Final = re.compile(r"\s*\[\[\s*([^\]]+?)\s*\]\]")
_KEY: Final = re.compile(r"\s*([\w.'\"-]+)\s*=")
_QUOTES: Final = re.compile("['\"]")
_QUOTED: Final = re.compile("'([^']+)'")
_TENANT: Final = re.compile("tenant '([^']+)': ")
_KIND: Final = re.compile(r"\bfault '\w+': ")
_ITEM: Final = re.compile(r"([\w.]+\[\d+\]): ")
"""The item of a list that a problem is about."""
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


@click.group(cls=SuggestingGroup)
def config() -> None:
    """Describe and check files of settings.

    They are the files of --config, and scenarios.
    """


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema of files of settings and scenarios, with the arguments of all faults."""
    fault: Any = Union[tuple(kinds().values())]  # noqa: UP007 -- of values
    (root, fault_schema, world, session), definitions = json.schema_components(
        [Config, fault, WorldFields, NewSession], ref_template="#/$defs/{name}"
    )
    definitions[WorldFields.__name__]["properties"][ADD] = {"type": "array", "items": session}
    for name in (Config.__name__, TenantConfig.__name__):
        properties = definitions[name]["properties"]
        properties["faults"]["items"] = fault_schema
        properties["world"] = world
    for name in SCENARIO_TEXTS:
        definitions[Config.__name__]["properties"][name] = {"type": "string"}
    return {"$schema": _DRAFT, "title": "Settings of session-mock", **root, "$defs": definitions}


@config.command("schema", epilog=format_examples("session-mock config schema > session-mock.schema.json"))
def print_schema() -> None:
    """Print the JSON Schema of a file of settings, or of a scenario.

    Editors complete and check a TOML file with it.
    """
    echo(json.format(json.encode(build_schema())).decode())


@config.command(
    "check",
    epilog=format_examples("session-mock config check mock.toml"),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.pass_context
def check_files(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check files of settings and scenarios; exit with 1 if one is invalid.

    Worlds, credentials, behaviors, limits and faults are checked as if a server were started.
    """
    failed = False
    for path in files:
        try:
            echo(f"{path}: {_check(path)}")
        except (ConfigError, TenantError) as error:
            failed = True
            problem = str(error).removeprefix(f"{path}: ")
            line = None if problem.startswith("invalid TOML") else _find_line(path, problem)
            place = path if line is None else f"{path}, line {line}"
            echo(f"Error: {place}: {problem}", err=True)
    context.exit(int(failed))


def _find_line(path: Path, problem: str) -> int | None:
    """Return the line with the key that a problem is about: one that it quotes, or else its place."""
    try:
        lines = _number_keys(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None
    tenant = _TENANT.match(problem)
    scope = f"tenants.{tenant[1]}." if tenant and tenant[1] != DEFAULT_TENANT else ""
    what = _KIND.sub("", (problem[tenant.end() :] if tenant else problem).partition(";")[0])
    item = _ITEM.match(what)
    if item and item[1].startswith("faults") and f"{scope}scenario" in lines:
        return None  # The faults of the scenario are counted, too.
    if item and scope + item[1] in lines:
        scope += item[1]
        what = f"{item[1]}.{what[item.end() :]}"
    parts = what.partition(" ")[0].rstrip(":").split(".")
    places = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for name in [*reversed(_QUOTED.findall(what)), *places]:
        for known, number in lines.items():
            if known.startswith(scope) and f".{known}".endswith(f".{name}"):
                return number
    return None


def _number_keys(text: str) -> dict[str, int]:
    """Return the line of each key and table in TOML, by their names, such as ``faults[0].status``."""
    lines: dict[str, int] = {}
    items: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _LIST_ITEM.match(line):
            name = _QUOTES.sub("", header[1])
            table = f"{name}[{items[name]}]"
            items[name] += 1
            lines.setdefault(name, number)
            lines[table] = number
        elif header := _TABLE.match(line):
            table = _QUOTES.sub("", header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{_QUOTES.sub('', key[1])}".lstrip("."), number)
    return lines


def _check(path: Path) -> str:
    """Return what a valid file is; raise :class:`ConfigError` or :class:`TenantError` for an invalid one."""
    is_scenario = not read_toml(path).keys().isdisjoint(SCENARIO_TEXTS)
    settings = read_config(None, {"scenario": str(path.absolute())}) if is_scenario else read_config(path, {})
    check_access(settings)
    tenants = create_tenants(settings)
    Tenants(tenants)
    return "a valid scenario" if is_scenario else f"valid settings with {count_of(len(tenants), 'tenant')}"
