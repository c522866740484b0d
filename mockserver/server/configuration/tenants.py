"""Tenants of a configuration, without their faults."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import ValidationError, convert
from msgspec.structs import replace

from mockserver._util.clock import Clock
from mockserver._util.places import Place, placed
from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import BehaviorError
from mockserver.server.configuration.config import DEFAULT_TENANT, Config, TenantConfig
from mockserver.server.configuration.toml_files import ConfigError
from mockserver.server.tenancy.clock_changes import apply_clock_change, parse_clock_instant
from mockserver.server.tenancy.limit_changes import LimitError, change_limits
from mockserver.server.tenancy.limits import Limits
from mockserver.server.tenancy.settings import TenantError, TenantSettings
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors import resolve_dialects
from mockserver.world.generator.added import NewSession
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldError, WorldSpec, spec
from mockserver.world.world import World, build, with_session

ADD: Final = "add"
"""Name of the list of added sessions in a world; its field ``sessions`` is a number."""


def tenants(config: Config) -> list[Tenant]:
    """Create all tenants of a configuration without their faults, the default one first.

    Raise :class:`ConfigError` if one is invalid.
    """
    configs = {DEFAULT_TENANT: config, **config.tenants}
    return [make_tenant(name, tenant_config) for name, tenant_config in configs.items()]


def make_tenant(name: str, config: TenantConfig, *, one_client: bool = False) -> Tenant:
    """Create a tenant without its faults; raise :class:`ConfigError` if its settings are invalid.

    With *one_client*, a single client sends all of its requests, and none for the same rows twice at once.
    """
    try:
        world_spec = tenant_spec(config)
        with placed("world"):
            world = _add_sessions(build(world_spec), config.world.get(ADD, []))
        with placed("dialect"):
            dialects = resolve_dialects(config.dialect)
        settings = _create_settings(name, world, dialects, config)
        settings = replace(settings, one_client=one_client)
        latest = 0
        if any((config.sessions_from, config.sessions_as, config.keep_people, config.new_ids)):
            settings = _with_imported(settings, config)
            imported = settings.world.sites[0].imported
            latest = imported.latest if imported else 0
        limits = Limits()
        if config.limits:
            with placed("limits"):
                settings = change_limits(settings, limits, config.limit_changes)
        clock = _clock(config.now, world_spec, latest)
        if config.clock is not None:
            with placed("clock"):
                apply_clock_change(clock, config.clock)
        return Tenant(name, settings, clock, limits)
    except (WorldError, BehaviorError, TenantError, LimitError) as error:
        raise ConfigError(f"tenant {name!r}: {error}", path=place_of_tenant(name) + error.path) from None


def place_of_tenant(name: str) -> Place:
    """Return the place of a tenant's settings; those of the default tenant are at the top level."""
    return () if name == DEFAULT_TENANT else ("tenants", name)


def _create_settings(
    name: str, world: World, dialects: Mapping[str, str], config: TenantConfig
) -> TenantSettings:
    try:
        return TenantSettings.create(name, world, {**dialects, **config.behaviors}, config.credentials)
    except BehaviorError as error:
        error.path = ("behaviors", *error.path)
        raise


def tenant_spec(config: TenantConfig) -> WorldSpec:
    """Return the spec of a tenant's world: its profile with overrides.

    Raise :class:`WorldError` if it is invalid.
    """
    if config.profile not in PROFILES:
        raise WorldError(
            f"profile: unknown profile {config.profile!r}; {suggest(config.profile, PROFILES)}",
            path=("profile",),
        )
    known = (*WorldSpec.__struct_fields__, ADD)
    for name in config.world:
        if name not in known:
            raise WorldError(
                f"world spec: unknown field {name!r}; {suggest(name, known)}", path=("world", name)
            )
    fields = {**PROFILES[config.profile], **config.world}
    fields.pop(ADD, None)
    if config.sessions_from is not None and not {"sessions", "sessions_per_day"} & config.world.keys():
        fields["sessions"] = 0
        fields.pop("sessions_per_day", None)
    for size, other in (("sessions", "sessions_per_day"), ("sessions_per_day", "sessions")):
        if (
            size in config.world and other not in config.world
        ):  # A size replaces the profile's other kind of size.
            fields.pop(other, None)
    if "sessions_per_day" in config.world and "end" not in config.world:
        fields.pop("end", None)
    with placed("world"):
        return spec(**fields)


def _add_sessions(world: World, definitions: Any) -> World:
    """Return the world with added sessions; raise :class:`WorldError` if one is invalid."""
    if not isinstance(definitions, list):
        raise WorldError(
            f"world.{ADD}: expected a list of sessions; write each as a table [[world.{ADD}]]", path=(ADD,)
        )
    for number, definition in enumerate(definitions):
        try:
            world, _ = with_session(world, convert(definition, NewSession))
        except WorldError as error:
            raise WorldError(f"world.{ADD}[{number}]: {error}", path=(ADD, number, *error.path)) from None
        except ValidationError as error:
            from mockserver._util.validation import locate_problem  # noqa: PLC0415 -- rare

            problem, path = locate_problem(definition, NewSession, error)
            raise WorldError(f"world.{ADD}[{number}]: {problem}", path=(ADD, number, *path)) from None
    return world


def _with_imported(settings: TenantSettings, config: TenantConfig) -> TenantSettings:
    """Return settings whose world has the sessions of a file; raise :class:`WorldError` if that fails."""
    from mockserver.server.configuration.session_files import formats, import_sessions  # noqa: PLC0415 -- rare

    if config.sessions_from is None:
        given = [name for name in ("sessions_as", "keep_people", "new_ids") if getattr(config, name)]
        raise WorldError(
            "sessions_as, keep_people, new_ids: they need a file with sessions; give `sessions_from` too",
            path=(given[0],),
        )
    if config.sessions_as is None:
        known = ", ".join(formats(settings.vendors))
        raise WorldError(
            f"sessions_from: unknown format of the file; give `sessions_as`, one of {known}",
            path=("sessions_from",),
        )
    path = Path(config.sessions_from)
    try:
        world = import_sessions(
            settings, path, config.sessions_as, keep_people=config.keep_people, new_ids=config.new_ids
        )
    except WorldError as error:  # Its place is in the other file.
        error.path = ("sessions_as" if error.path == ("sessions_as",) else "sessions_from",)
        raise
    return settings.with_world(world)


def _clock(now: str | int | None, world_spec: WorldSpec, latest: int) -> Clock:
    if now == "system" or (now is None and world_spec.end is None):
        return Clock()
    return Clock(parse_clock_instant(now) if now is not None else max(world_spec.end or 0, latest))
