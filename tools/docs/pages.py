"""Generate reference pages from the code: settings, the library, the admin API, assumptions."""

import re
from collections.abc import Iterable, Iterator
from inspect import Parameter, cleandoc, isfunction, signature
from itertools import chain
from typing import Any

import click

import mockserver
from mockserver import strategies
from mockserver.cli.admin import command as admin_command
from mockserver.cli.contract import list_dialect_facts
from mockserver.cli.serve import command as serve
from mockserver.contract.provenance import Basis
from mockserver.embedded import controls
from mockserver.pytest_plugin.marker import ARGUMENTS
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.admin.routes import ROUTES
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.scenarios import SCENARIO_TEXTS, SCENARIOS, load_scenario, scenario_names
from mockserver.vendors import load_dialects
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec
from tools.docs.markdown import table

PARTS = (
    controls.World,
    controls.Clock,
    controls.Faults,
    controls.Limits,
    controls.Behaviors,
    controls.Journal,
)
"""Classes of the attributes of a tenant's handle."""
_STARS: dict[Any, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}
_ENVIRONMENT = """\
A variable is called `SESSION_MOCK_` and the name of the setting. It has the same meaning and syntax in all
programs that read it. A seed is an integer, or `random` for a random one. Dialects are one name, or
VENDOR=DIALECT pairs separated by commas or spaces. Flags are `yes` or `no`. Separate other multiple values
with spaces. An option overrides its variable.
"""
_ADMIN_COMMAND = """\
Every command of `session-mock admin` takes these options, directly after `admin` or after the command.
Commands that do not concern one tenant have no `--tenant`. [The command](cli.md) lists all commands.
"""
_SERVER = """\
`session-mock serve` reads options, environment variables and the TOML file of `--config`. An option overrides
its variable, and both override the file. `SessionMock(…)` takes the names of the file as arguments, as well
as fields of the world.
"""
_SCENARIOS = """\
A scenario is a situation that a client has to handle: a file with a world, faults, limits, behaviors or a
clock. Use it with `session-mock serve --scenario NAME`, `session-mock exec --scenario NAME -- COMMAND`,
`session-mock admin tenant create --scenario NAME`, `SessionMock(scenario=…)`, `create_tenant(scenario=…)`,
`@pytest.mark.session_mock(scenario=…)`, or `scenario = "NAME"` in a TOML file.

Other settings override those of the scenario, table by table, and faults are added to its faults. The path
of a file of your own ends in `.toml`. It has the settings of a tenant, and the texts `description` and
`correct_client`; `session-mock config check FILE` checks it.
"""
_TENANTS = """\
`[tenants.NAME]` in the file adds a tenant, with its own `scenario`, `profile`, `world`, `now`, `clock`,
`dialect`, `behaviors`, `limits`, `faults`, `credentials`, `sessions_from`, `sessions_as`, `keep_people` and
`new_ids`. Each `[[faults]]` has the fields that [faults](faults.md) lists. A limit is a number of requests,
`true`, `false`, or a table with the fields of `PATCH …/limits`; `clock` is a change such as
`{action = "rate", rate = 60}`. Each table `[[world.add]]` or
`[[tenants.NAME.world.add]]` adds [a session](howto/added-sessions.md). A [scenario](scenarios.md) is the base
of the other settings. `session-mock config schema` prints the JSON Schema of the file, and
`session-mock config check FILE` checks one. `SESSION_MOCK_TOML` has the text of such a file. Instants in the
file are strings or TOML dates. [The world](world.md) describes the fields of a world; the pages of the
vendors describe their behaviors and dialects.
"""
_MARKER = """\
Arguments of `@pytest.mark.session_mock(…)`. Those of a function override those of its class, and both
override those of the module.
"""
_ADMIN = """\
`/__admin/openapi.json` describes it in full; `AdminClient` and `session-mock admin` are clients of it. The id
of the default tenant is `default`. An error is an `application/problem+json` document that names the problem
and the remedy.
"""


def code(word: str) -> str:
    """Return a word as Markdown code, or ``""`` for an empty one."""
    return f"`{word}`" if word else ""


def prose(thing: Any) -> str:
    """Return a docstring as Markdown, without its examples, which are in the how-tos."""
    text = cleandoc(thing.__doc__ or "").split("\n>>> ")[0]
    markdown = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text.replace("``", "`"))
    return "\n\n".join(re.sub(r"\s+", " ", paragraph) for paragraph in markdown.split("\n\n")).strip()


def sentence(thing: Any) -> str:
    """Return the first paragraph of a docstring."""
    return prose(thing).partition("\n\n")[0]


def settings() -> str:
    """Return the page of all settings of a server, the admin command, the pytest plugin and a test."""
    server = [(code(option.opts[0]), *_other_places(option), option.help or "") for option in _options(serve)]
    admin = [
        (code(option.opts[0]), _variable(option), option.help or "") for option in _options(admin_command)
    ]
    plugin = [
        (
            code(setting.option),
            code(setting.variable),
            code(setting.ini),
            code(setting.default or ""),
            setting.description,
        )
        for setting in SETTINGS
    ]
    world_fields = dict.fromkeys(WorldSpec.__struct_fields__, "a field of the world's spec")
    marker = [*ARGUMENTS.items(), *world_fields.items()]
    parts = [
        "# Settings\n",
        "## The environment\n",
        _ENVIRONMENT,
        table(("environment", "`session-mock serve`", "`session-mock admin`", "pytest"), _variables()),
        "## A server\n",
        _SERVER,
        table(("option", "environment", "TOML file", ""), server),
        _TENANTS,
        "## Profiles\n",
        table(
            ("profile", "fields of the world"),
            ((code(name), _fields(fields)) for name, fields in PROFILES.items()),
        ),
        "## The admin command\n",
        _ADMIN_COMMAND,
        table(("option", "environment", ""), admin),
        "## The pytest plugin\n",
        "The command line overrides the environment, and both override the ini file.\n",
        table(("command line", "environment", "ini file", "default", ""), plugin),
        "## A test\n",
        _MARKER,
        table(("argument", ""), ((code(name), description) for name, description in marker)),
    ]
    return "\n".join(parts)


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


def _variable(option: click.Option) -> str:
    return code(str(option.envvar or ""))


def _variables() -> Iterator[tuple[str, str, str, str]]:
    """Yield every environment variable, with the option that it stands for in each program that reads it."""
    commands = [
        {_variable(option): code(option.opts[0]) for option in _options(command) if option.envvar}
        for command in (serve, admin_command)
    ]
    programs = [*commands, {code(setting.variable): code(setting.option) for setting in SETTINGS}]
    for variable in dict.fromkeys(chain.from_iterable(programs)):
        server, admin, plugin = (program.get(variable, "") for program in programs)
        yield variable, server, admin, plugin


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"`{name}` {value}" for name, value in fields.items())


def _other_places(option: click.Option) -> tuple[str, str]:
    """Return the environment variable and the key of the file for an option."""
    name = option.name or ""
    keys = [key for key in (name, f"{name}s") if key in Config.__struct_fields__]
    keys += [f"world.{name}"] if name in WorldSpec.__struct_fields__ else []
    return _variable(option), code(keys[0] if keys else "")


def library() -> str:
    """Return the page of all public names."""
    public = [getattr(mockserver, name) for name in mockserver.__all__ if not name.startswith("_")]
    public_strategies = [(name, getattr(strategies, name)) for name in strategies.__all__]
    return "\n".join([
        "# The library\n",
        "Everything below is imported from `mockserver`.\n",
        *(_section("##", thing.__name__, thing) for thing in public),
        "## Parts of a tenant\n",
        "They are attributes of a handle: `tenant.clock`, `tenant.faults` and so on.\n",
        *(_section("###", part.__name__, part) for part in PARTS),
        "## Strategies for Hypothesis\n",
        "Imported from `mockserver.strategies`.\n",
        *(_section("###", name, strategy) for name, strategy in public_strategies),
    ])  # fmt: skip


def _section(level: str, name: str, thing: Any) -> str:
    heading = f"{level} `{name}{_signature(thing) if isfunction(thing) else ''}`\n\n{prose(thing)}\n"
    members = list(_members(thing)) if isinstance(thing, type) else []
    return heading + ("\n" + table(("member", ""), members) if members else "")


def _members(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the public attributes and methods that a class defines, without those of its bases."""
    for name, member in vars(kind).items():
        if name.startswith("_") or not getattr(member, "__doc__", None):
            continue
        function = getattr(member, "__func__", member)
        if isinstance(member, property):
            yield code(name), sentence(member)
        elif isfunction(function):
            yield code(f"{name}{_signature(function)}"), sentence(member)


def _signature(function: Any) -> str:
    parameters = signature(function).parameters.items()
    own = [parameter for name, parameter in parameters if name not in ("self", "cls")]
    return f"({', '.join(_format_parameters(own))})"


def _format_parameters(parameters: Iterable[Parameter]) -> Iterator[str]:
    """Yield names, stars and defaults, without annotations."""
    after_star = False
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and not after_star:
            after_star = True
            yield "*"
        stars = _STARS.get(parameter.kind, "")
        after_star = after_star or stars == "*"
        default = "" if parameter.default is Parameter.empty else f"={parameter.default!r}"
        yield stars + parameter.name + default


def assumed() -> str:
    """Return the page of all assumptions."""
    parts = [
        "# Assumptions\n",
        (
            "Here the behaviour of the vendors is undocumented, so session-mock had to assume something. "
            "`session-mock contract --basis assumed` prints the same list.\n"
        ),
    ]
    for vendor in load_dialects():
        facts = [
            (code(fact["where"]), fact["text"]) for fact in list_dialect_facts(vendor, Basis.ASSUMED.value)
        ]
        heading = vendor.contract.title
        if vendor.label != vendor.name:
            heading += f", only `{vendor.dialect}`"
        parts += [f"## {heading}\n", table(("where", ""), facts)] if facts else []
    return "\n".join(parts)


def scenarios() -> str:
    """Return the page of all shipped scenarios, with their files."""
    parts = ["# Scenarios\n", _SCENARIOS]
    for name in scenario_names():
        scenario = load_scenario(name)
        lines = (SCENARIOS / f"{name}.toml").read_text("utf-8").splitlines()
        rest = [line for line in lines if not line.startswith(SCENARIO_TEXTS)]
        file = "\n".join(rest).strip()
        parts.append(
            f"## `{name}`\n\n{scenario.description}\n\n"
            f"A correct client: {_uncapitalize(scenario.correct_client)}\n\n```toml\n{file}\n```\n"
        )
    return "\n".join(parts)


def _uncapitalize(text: str) -> str:
    return text[:1].lower() + text[1:]


def admin() -> str:
    """Return the page of all routes of the admin API."""
    rows = [
        (route.method, code("/__admin" + route.path), str(route.status), sentence(route.handler))
        for route in ROUTES
    ]
    return "\n".join([
        "# The admin API\n",
        _ADMIN,
        table(("method", "path", "status", ""), rows),
    ])  # fmt: skip
