"""Settings of a server.

From options, environment variables and a TOML file, checked before anything starts.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import replace

from mockserver._util import parsers
from mockserver._util.clock import Clock
from mockserver._util.masking import repr_masked
from mockserver._util.suggest import suggest
from mockserver.admin_schemas.clocks import ClockChange
from mockserver.admin_schemas.limits import LimitChange
from mockserver.admin_schemas.tenants import Credential, Dialect, Name
from mockserver.contract.behaviors import BehaviorError
from mockserver.server.configuration.scenarios import expand_scenario, merge_settings
from mockserver.server.configuration.toml_files import ConfigError as ConfigError  # noqa: PLC0414 -- most callers catch it with this module
from mockserver.server.configuration.toml_files import parse_toml, read_toml
from mockserver.server.tenancy.clock_changes import apply_clock_change, parse_clock_instant
from mockserver.server.tenancy.limit_changes import LimitError, change_limits, to_change
from mockserver.server.tenancy.limits import Limits
from mockserver.server.tenancy.settings import TenantError, TenantSettings
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors import NAMES, resolve_dialects
from mockserver.world.generator.added import NewSession
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldError, WorldSpec, spec
from mockserver.world.world import World, build, with_session

DEFAULT_TENANT = "default"
DEFAULT_TLS_PORT = 8443
ADD = "add"
"""Name of the list of added sessions in a world; its field ``sessions`` is a number."""
_TEXT = "TOML text (--toml, SESSION_MOCK_TOML)"
Port = Annotated[int, Meta(ge=0, le=65535)]
Host = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.:-]{1,255}$(?!\n)",
        description="the name or the address of a host, without scheme and path",
    ),
]


LimitNumber = Annotated[int, Meta(ge=0)]


class TenantConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one tenant."""

    scenario: str | None = None
    """Name of a shipped scenario, or path of a file, whose settings the others override."""
    profile: str = "default"
    world: dict[str, Any] = {}
    """Fields of a world spec that differ from the profile's, and ``add``, a list of sessions to add."""
    sessions_from: str | None = None
    """File with sessions of the first site; the world then has no others unless their number is set."""
    sessions_as: str | None = None
    """Format of the file's rows: ``<vendor>.<endpoint>`` or ``neutral``."""
    keep_people: bool = False
    """False to replace user ids, names, e-mail and IP addresses in the file by made-up ones."""
    new_ids: bool = False
    """True to replace ids of sessions and visitors that have another form than those of worlds."""
    now: str | int | None = None
    """Instant of a frozen clock, or ``system``; by default an exact world's end, or the system's time in a
    flowing world."""
    dialect: Dialect = {}
    """One dialect for all vendors that have it, such as ``observed``, or a dialect by vendor."""
    behaviors: dict[str, str | int] = {}
    credentials: dict[str, Credential] = {}
    limits: dict[str, LimitChange | LimitNumber | bool] = {}
    """Changes of limits by name, as in ``PATCH …/limits``; or a number of requests, or ``false`` for off."""
    faults: list[dict[str, Any]] = []
    """Faults to add, as in ``POST …/faults``."""
    clock: ClockChange | None = None
    """A change of the clock after ``now``."""

    @property
    def limit_changes(self) -> dict[str, LimitChange]:
        """The changes of limits, numbers and booleans too."""
        return {name: to_change(setting) for name, setting in self.limits.items()}

    def __repr__(self) -> str:
        return repr_masked(
            self, secret=("credentials", "admin_token") if isinstance(self, Config) else ("credentials",)
        )


class Config(TenantConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a server with its default tenant, and of further tenants by name."""

    host: Annotated[str, Meta(max_length=255)] = "127.0.0.1"
    port: Port = 8080
    vendor_ports: dict[str, Port] = {}
    access_log: bool = False
    admin_token: Annotated[str, Meta(min_length=1)] | None = None
    """Required by the admin API if it is set; must be set if the host is not loopback."""
    admin_port: Port | None = None
    """Separate port for the admin API; by default it is on the server's port."""
    no_admin: bool = False
    tls: bool = False
    """Serve https in addition, on a port of its own."""
    tls_port: Port | None = None
    proxy: bool = False
    """The server's port is also a forward proxy that answers requests to the vendors' real hosts."""
    pass_hosts: list[Host] = []
    """Other hosts to which the proxy passes requests on."""
    answer_hosts: list[Host] = []
    """Other hosts that are answered like the vendors', such as that of an installation of your own."""
    restore: str | dict[str, Any] | None = None
    """Path of a snapshot, or the snapshot, whose state the default tenant has."""
    tenants: dict[Name, TenantConfig] = {}


_DEFAULTS = TenantConfig()


def read_config(path: Path | None, options: Mapping[str, Any], text: str | None = None) -> Config:
    """Read a TOML file, or TOML *text*, and override it with options, field by field.

    Faults of options are added to those of the file. Raise :class:`ConfigError` for an invalid setting.
    """
    settings = _read_settings(path, text)
    overriding = dict(options)
    if "scenario" in overriding:
        settings["scenario"] = overriding.pop("scenario")
    settings = _expand_scenarios(settings, None if path is None else path.parent)
    place = path or ("options" if text is None else _TEXT)
    try:
        settings = _override(settings, overriding)
        config = convert(settings, Config)
    except ValidationError as error:
        from mockserver._util.validation import explain_validation_error  # noqa: PLC0415 -- keeps start-up fast

        raise ConfigError(f"{place}: {explain_validation_error(settings, Config) or error}") from None
    except BehaviorError as error:
        raise ConfigError(f"{place}: {error}") from None
    _check(config)
    return config


def _read_settings(path: Path | None, text: str | None) -> dict[str, Any]:
    if path is not None and text is not None:
        raise ConfigError(f"{path}: a file and {_TEXT} exclude each other; leave one out")
    if path is not None:
        return read_toml(path)
    return {} if text is None else parse_toml(text, _TEXT)


def _override(settings: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings on which options are merged."""
    tables = {
        name: _table(name, settings.get(name, {}))
        for name, value in options.items()
        if isinstance(value, Mapping)
    }
    return merge_settings({**settings, **tables}, options)


def _check(config: Config) -> None:
    """Raise :class:`ConfigError` for settings that are invalid together, or by more than their type."""
    if config.admin_token is not None:
        try:
            parsers.check_token(config.admin_token)
        except ValueError as error:
            raise ConfigError(f"admin_token: {error}") from None
    for vendor in config.vendor_ports:
        if vendor not in NAMES:
            raise ConfigError(f"vendor_ports: unknown vendor {vendor!r}; {suggest(vendor, NAMES)}")
    _check_hosts(config)
    if config.restore is not None:
        changed = [
            name
            for name in TenantConfig.__struct_fields__
            if getattr(config, name) != getattr(_DEFAULTS, name)
        ]
        if changed:
            raise ConfigError(
                f"restore: a snapshot has all settings of the default tenant; leave out {', '.join(changed)}"
            )
    if DEFAULT_TENANT in config.tenants:
        raise ConfigError(
            f"tenants.{DEFAULT_TENANT}: a table for the default tenant is not allowed;"
            " put its settings at the top level"
        )


def _check_hosts(config: Config) -> None:
    """Raise :class:`ConfigError` for settings of https and the proxy that do not fit together."""
    for name, value, needed in (
        ("tls_port", config.tls_port, "tls"),
        ("pass_hosts", config.pass_hosts or None, "proxy"),
    ):
        if value is not None and not getattr(config, needed):
            raise ConfigError(f"{name}: it has no effect without {needed}; set {needed} too, or remove it")
    if config.answer_hosts and not (config.proxy or config.tls):
        raise ConfigError("answer_hosts: it has no effect without proxy or tls; set one too, or remove it")
    both = {host.lower() for host in config.answer_hosts} & {host.lower() for host in config.pass_hosts}
    if both:
        raise ConfigError(
            f"answer_hosts: {min(both)!r} is one of pass_hosts too; remove it from one of the two"
        )


def _expand_scenarios(settings: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return settings of a file on the base of their scenarios, those of further tenants too."""
    expanded = expand_scenario(settings, folder)
    tenants = expanded.get("tenants")
    if isinstance(tenants, dict):
        expanded["tenants"] = {
            name: expand_scenario(tenant, folder) if isinstance(tenant, dict) else tenant
            for name, tenant in tenants.items()
        }
    return expanded


def _table(name: str, setting: Any) -> Mapping[str, Any]:
    """Return a setting of a file as a table that options override.

    One dialect for all vendors becomes one per vendor.
    """
    if name == "dialect" and isinstance(setting, str):
        return {
            behavior.partition(".")[0]: dialect for behavior, dialect in resolve_dialects(setting).items()
        }
    if not isinstance(setting, Mapping):
        raise ValidationError(f"{name} must be an object")
    return setting


def check_access(config: Config) -> None:
    """Raise :class:`ConfigError` if any client in the network could control the server."""
    if not (config.no_admin or config.admin_token or is_loopback(config.host)):
        raise ConfigError(
            f"host {config.host!r} is not loopback, so any client in the network could control the server;"
            " set an admin token (--admin-token, or SESSION_MOCK_ADMIN_TOKEN),"
            " or disable the admin API (--no-admin)"
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is reachable only from this computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
        world = _add_sessions(build(world_spec), config.world.get(ADD, []))
        behaviors = {**resolve_dialects(config.dialect), **config.behaviors}
        settings = TenantSettings.create(name, world, behaviors, config.credentials)
        settings = replace(settings, one_client=one_client)
        latest = 0
        if any((config.sessions_from, config.sessions_as, config.keep_people, config.new_ids)):
            settings = _with_imported(settings, config)
            imported = settings.world.sites[0].imported
            latest = imported.latest if imported else 0
        limits = Limits()
        if config.limits:
            settings = change_limits(settings, limits, config.limit_changes)
        clock = _clock(config.now, world_spec, latest)
        if config.clock is not None:
            apply_clock_change(clock, config.clock)
        return Tenant(name, settings, clock, limits)
    except (WorldError, BehaviorError, TenantError, LimitError) as error:
        raise ConfigError(f"tenant {name!r}: {error}") from None


def tenant_spec(config: TenantConfig) -> WorldSpec:
    """Return the spec of a tenant's world: its profile with overrides.

    Raise :class:`WorldError` if it is invalid.
    """
    if config.profile not in PROFILES:
        raise WorldError(f"profile: unknown profile {config.profile!r}; {suggest(config.profile, PROFILES)}")
    known = (*WorldSpec.__struct_fields__, ADD)
    for name in config.world:
        if name not in known:
            raise WorldError(f"world spec: unknown field {name!r}; {suggest(name, known)}")
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
    return spec(**fields)


def _add_sessions(world: World, definitions: Any) -> World:
    """Return the world with added sessions; raise :class:`WorldError` if one is invalid."""
    if not isinstance(definitions, list):
        raise WorldError(f"world.{ADD}: expected a list of sessions; write each as a table [[world.{ADD}]]")
    for number, definition in enumerate(definitions):
        try:
            world, _ = with_session(world, convert(definition, NewSession))
        except (ValidationError, WorldError) as error:
            from mockserver._util.validation import explain_validation_error  # noqa: PLC0415 -- rare

            is_shape = isinstance(error, ValidationError)
            problem = (is_shape and explain_validation_error(definition, NewSession)) or error
            raise WorldError(f"world.{ADD}[{number}]: {problem}") from None
    return world


def _with_imported(settings: TenantSettings, config: TenantConfig) -> TenantSettings:
    """Return settings whose world has the sessions of a file; raise :class:`WorldError` if that fails."""
    from mockserver.server.configuration.session_files import formats, import_sessions  # noqa: PLC0415 -- rare

    if config.sessions_from is None:
        raise WorldError(
            "sessions_as, keep_people, new_ids: there is no file with sessions; give `sessions_from` too"
        )
    if config.sessions_as is None:
        known = ", ".join(formats(settings.vendors))
        raise WorldError(f"sessions_from: unknown format of the file; give `sessions_as`, one of {known}")
    path = Path(config.sessions_from)
    return settings.with_world(
        import_sessions(
            settings, path, config.sessions_as, keep_people=config.keep_people, new_ids=config.new_ids
        )
    )


def _clock(now: str | int | None, world_spec: WorldSpec, latest: int) -> Clock:
    if now == "system" or (now is None and world_spec.end is None):
        return Clock()
    return Clock(parse_clock_instant(now) if now is not None else max(world_spec.end or 0, latest))
