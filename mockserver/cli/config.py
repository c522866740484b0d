"""``session-mock config``."""

from pathlib import Path
from typing import Any, Final, Union

import click
from msgspec import json

from mockserver._util.places import Place
from mockserver.admin_schemas.worlds import WorldFields
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo
from mockserver.cli.params import format_examples
from mockserver.client.exchange_texts import count_of
from mockserver.server.configuration.config import Config, TenantConfig, check_access, read_config
from mockserver.server.configuration.scenarios import SCENARIO_TEXTS, load_scenario
from mockserver.server.configuration.tenants import ADD
from mockserver.server.configuration.toml_files import ConfigError, read_toml
from mockserver.server.configuration.toml_lines import find_line
from mockserver.server.faults.registry import kinds
from mockserver.server.provisioning.configured import create_tenants
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenants
from mockserver.world.generator.added import NewSession

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
            line = _find_line(path, error.path)
            place = path if line is None else f"{path}, line {line}"
            echo(f"Error: {place}: {problem}", err=True)
    context.exit(int(failed))


def _find_line(path: Path, place: Place) -> int | None:
    """Return the line of a value in a valid file; None if the file does not have it."""
    try:
        settings = read_toml(path)
        text = path.read_text("utf-8-sig")
    except (ConfigError, OSError):
        return None
    return find_line(text, _place_in_file(settings, path, place))


def _place_in_file(settings: dict[str, Any], path: Path, place: Place) -> Place:
    """Return a place in the file itself; that of the scenario's name if the scenario has the value.

    The faults of a scenario precede those in the file.
    """
    tenant: Place = place[:2] if place[:1] == ("tenants",) else ()
    name = _value_at(settings, (*tenant, "scenario"))
    if not isinstance(name, str):
        return place
    inherited = load_scenario(name, path.parent).settings
    match own := place[len(tenant) :]:
        case ("faults", int(number), *rest):
            number -= len(inherited.get("faults", []))
            return (*tenant, "faults", number, *rest) if number >= 0 else (*tenant, "scenario")
    is_inherited = _value_at(settings, place) is None and _value_at(inherited, own) is not None
    return (*tenant, "scenario") if is_inherited else place


def _value_at(settings: Any, place: Place) -> Any:
    """Return the value at a place; None if there is none."""
    for step in place:
        try:
            settings = settings[step]
        except (LookupError, TypeError):
            return None
    return settings


def _check(path: Path) -> str:
    """Return what a valid file is; raise :class:`ConfigError` or :class:`TenantError` for an invalid one."""
    is_scenario = not read_toml(path).keys().isdisjoint(SCENARIO_TEXTS)
    settings = read_config(None, {"scenario": str(path.absolute())}) if is_scenario else read_config(path, {})
    check_access(settings)
    tenants = create_tenants(settings)
    Tenants(tenants)
    return "a valid scenario" if is_scenario else f"valid settings with {count_of(len(tenants), 'tenant')}"
