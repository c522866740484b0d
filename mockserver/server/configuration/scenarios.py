"""Scenarios: files with settings of a tenant that provoke one situation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, to_builtins

from mockserver._util.suggest import suggest
from mockserver.server.configuration.toml_files import ConfigError, read_toml
from mockserver.server.tenancy.limit_changes import to_change

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
"""The folder of the shipped scenarios."""
SCENARIO_TEXTS: Final = ("description", "correct_client")
"""Keys of a scenario's file that are not settings of a tenant."""


class Scenario(Struct, frozen=True, kw_only=True):
    """A situation that a client has to handle."""

    name: str
    """Name of a shipped scenario, or path of a file."""
    description: str
    """The situation, in one sentence."""
    correct_client: str
    """The reaction of a correct client, in one sentence."""
    settings: Mapping[str, Any]
    """Settings of a tenant, as in the file of ``--config``."""


def scenario_names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def load_scenario(name: str | Path, folder: Path | None = None) -> Scenario:
    """Read a shipped scenario by its name, or a file; relative paths begin in *folder*.

    Raise :class:`ConfigError` for an unknown name or an invalid file.
    """
    text = str(name)
    is_path = isinstance(name, Path) or text.endswith(".toml") or "/" in text
    path = (folder or Path()) / text if is_path else SCENARIOS / f"{text}.toml"
    if not is_path and text not in scenario_names():
        raise ConfigError(
            f"scenario: unknown scenario {text!r}; {suggest(text, scenario_names())};"
            " the path of a file ends in .toml"
        )
    settings = read_toml(path)
    texts = {key: settings.pop(key, "") for key in SCENARIO_TEXTS}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {key} must be a text; describe it in one sentence")
    if "scenario" in settings:
        raise ConfigError(f"{path}: a scenario cannot be based on another one; copy its settings")
    return Scenario(name=text, settings=settings, **texts)


def merge_settings(base: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a tenant on the base of others: tables are merged, and faults are added."""
    merged = dict(base)
    for name, value in settings.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and name != "clock":
            merged[name] = {**before, **value}
        elif name == "faults" and isinstance(before, list) and isinstance(value, list):
            merged[name] = [*before, *value]
        else:
            merged[name] = value
    return merged


def expand_scenario(settings: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Return settings of a tenant on the base of the scenario that they name, if any."""
    name = settings.get("scenario")
    if name is None:
        return dict(settings)
    if not isinstance(name, str | Path):
        raise ConfigError(f"scenario: invalid value {name!r}; write a name, or the path of a file")
    return {**merge_settings(load_scenario(name, folder).settings, settings), "scenario": str(name)}


def tenant_arguments(name: str | Path) -> dict[str, Any]:
    """Return a scenario's settings as arguments for a new tenant: fields of the world are arguments, too."""
    settings = dict(load_scenario(name).settings)
    world = settings.pop("world", {})
    if not isinstance(world, Mapping):
        raise ConfigError(f"scenario {str(name)!r}: world must be a table; write fields below [world]")
    limits = settings.get("limits")
    if isinstance(limits, Mapping):  # The admin API knows no numbers.
        settings["limits"] = {
            name: to_builtins(to_change(limit)) if isinstance(limit, int) else limit
            for name, limit in limits.items()
        }
    return {**settings, **world}
