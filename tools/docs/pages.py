"""Reference pages that follow from the code: settings, the library, and the admin API."""

import re
from collections.abc import Iterable, Iterator
from inspect import Parameter, cleandoc, isfunction, signature
from typing import Any

import click

import mockserver
from mockserver import strategies
from mockserver.cli.admin import command as admin_command
from mockserver.cli.contract import list_dialect_facts
from mockserver.cli.serve import command as serve
from mockserver.contract.provenance import Basis
from mockserver.embedded import controls as parts
from mockserver.pytest_plugin.marker import ARGUMENTS
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.admin.routes import ROUTES
from mockserver.server.tenancy.config import Config
from mockserver.vendors import every
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec
from tools.docs.markdown import table

PARTS = (parts.World, parts.Clock, parts.Faults, parts.Limits, parts.Behaviors, parts.Journal)
"""What a tenant's handle is made of."""
_STARS: dict[Any, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}
_ENVIRONMENT = """\
A variable is `SESSION_MOCK_` and the name of the setting; where several programs read one, it means the same to all, and takes the same
forms: a seed is a number or `random`, which makes one up; dialects are one name, or VENDOR=DIALECT with commas or blanks between several;
a flag is `yes` or `no`. Whatever else may be given several times has blanks between. An option wins over its variable.
"""
_ADMIN_COMMAND = """\
Every command of `session-mock admin` takes these options, directly after `admin` or after the command. Commands that do not concern
one tenant have no `--tenant`. [The command](cli.md) lists all commands.
"""
_SERVER = """\
`session-mock serve` reads options, environment variables and the TOML file that `--config` names; an option wins over its variable, and
both over the file. `SessionMock(…)` takes the names of the file as arguments, fields of the world among them.
"""
_TENANTS = """\
`[tenants.NAME]` in the file is a further tenant, with `profile`, `world`, `now`, `dialect`, `behaviors` and `credentials` of its own.
Instants in the file are texts or TOML's own dates. [What a world promises](world.md) tells the fields of a world; the pages of the vendors
tell their behaviors and dialects.
"""
_ADMIN = """\
`/__admin/openapi.json` describes it in full; `AdminClient` and `session-mock admin` speak it. The default tenant's id
is `default`. A refusal is `application/problem+json`, and says what would be right.
"""


def code(word: str) -> str:
    """A word as code; nothing for nothing."""
    return f"`{word}`" if word else ""


def prose(thing: Any) -> str:
    """A docstring as Markdown, without its examples, which stand in the how-tos."""
    said = cleandoc(thing.__doc__ or "").split("\n>>> ")[0]
    named = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", said.replace("``", "`"))
    return "\n\n".join(re.sub(r"\s+", " ", paragraph) for paragraph in named.split("\n\n")).strip()


def sentence(thing: Any) -> str:
    """The first paragraph of a docstring."""
    return prose(thing).partition("\n\n")[0]


def settings() -> str:
    """Every setting of a server, of the pytest plugin, and of a test."""
    served = [(code(each.opts[0]), *_places(each), each.help or "") for each in _options(serve)]
    steered = [(code(each.opts[0]), _variable(each), each.help or "") for each in _options(admin_command)]
    plugin = [
        (code(each.option), code(each.variable), code(each.ini), code(each.default or ""), each.description)
        for each in SETTINGS
    ]
    marker = [
        *ARGUMENTS.items(),
        *((name, "a field of the world's spec") for name in WorldSpec.__struct_fields__),
    ]
    parts = [
        "# Settings\n",
        "## The environment\n",
        _ENVIRONMENT,
        table(("environment", "`session-mock serve`", "`session-mock admin`", "pytest"), _variables()),
        "## A server\n",
        _SERVER,
        table(("option", "environment", "TOML file", ""), served),
        _TENANTS,
        "## Profiles\n",
        table(
            ("profile", "what its world is made of"),
            ((code(name), _fields(fields)) for name, fields in PROFILES.items()),
        ),
        "## The admin command\n",
        _ADMIN_COMMAND,
        table(("option", "environment", ""), steered),
        "## The pytest plugin\n",
        "The command line wins over the environment, and both over the ini file.\n",
        table(("command line", "environment", "ini file", "default", ""), plugin),
        "## A test\n",
        "Arguments of `@pytest.mark.session_mock(…)`; those of a function win over those of its class, and both over the module's.\n",
        table(("argument", ""), ((code(name), says) for name, says in marker)),
    ]
    return "\n".join(parts)


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def _variable(option: click.Option) -> str:
    return code(str(option.envvar or ""))


def _variables() -> Iterator[tuple[str, str, str, str]]:
    """Every variable of the environment, with the option for which it stands in each program that reads it."""
    commands = [
        {_variable(each): code(each.opts[0]) for each in _options(command) if each.envvar}
        for command in (serve, admin_command)
    ]
    programs = [*commands, {code(each.variable): code(each.option) for each in SETTINGS}]
    for name in dict.fromkeys(name for program in programs for name in program):
        served, steered, tested = (program.get(name, "") for program in programs)
        yield name, served, steered, tested


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"`{name}` {value}" for name, value in fields.items())


def _places(option: click.Option) -> tuple[str, str]:
    """Where else an option can be set: an environment variable, and a key of the file."""
    name = option.name or ""
    keys = [key for key in (name, f"{name}s") if key in Config.__struct_fields__]
    keys += [f"world.{name}"] if name in WorldSpec.__struct_fields__ else []
    return _variable(option), code(keys[0] if keys else "")


def library() -> str:
    """Every public name, with what it can do."""
    public = [getattr(mockserver, name) for name in mockserver.__all__ if not name.startswith("_")]
    made = [(name, getattr(strategies, name)) for name in strategies.__all__]
    return "\n".join([
        "# The library\n",
        "Everything below is imported from `mockserver`.\n",
        *(_section("##", each.__name__, each) for each in public),
        "## Parts of a tenant\n",
        "A handle gives them as attributes: `tenant.clock`, `tenant.faults` and so on.\n",
        *(_section("###", each.__name__, each) for each in PARTS),
        "## Strategies for Hypothesis\n",
        "Imported from `mockserver.strategies`.\n",
        *(_section("###", name, each) for name, each in made),
    ])  # fmt: skip


def _section(level: str, name: str, thing: Any) -> str:
    heading = f"{level} `{name}{_signature(thing) if isfunction(thing) else ''}`\n\n{prose(thing)}\n"
    members = list(_members(thing)) if isinstance(thing, type) else []
    return heading + ("\n" + table(("member", ""), members) if members else "")


def _members(kind: type) -> Iterator[tuple[str, str]]:
    """The public attributes and methods that a class has of its own."""
    for name, each in vars(kind).items():
        if name.startswith("_") or not getattr(each, "__doc__", None):
            continue
        if isinstance(each, property):
            yield code(name), sentence(each)
        elif isfunction(getattr(each, "__func__", each)):
            yield code(f"{name}{_signature(getattr(each, '__func__', each))}"), sentence(each)


def _signature(function: Any) -> str:
    found = [each for name, each in signature(function).parameters.items() if name not in ("self", "cls")]
    return f"({', '.join(_parameters(found))})"


def _parameters(found: Iterable[Parameter]) -> Iterator[str]:
    """Parameters as a caller thinks of them: names, stars, and defaults that are short."""
    starred = False
    for each in found:
        if each.kind is Parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        star = _STARS.get(each.kind, "")
        starred = starred or star == "*"
        yield star + each.name + ("" if each.default is Parameter.empty else f"={each.default!r}")


def assumed() -> str:
    """Whatever nobody says, and this project decided."""
    parts = [
        "# What is only assumed\n",
        "Nobody says how the vendors behave here, so session-mock had to choose; `session-mock contract --basis assumed` prints it too.\n",
    ]
    for vendor in every():
        told = [
            (code(fact["where"]), fact["says"]) for fact in list_dialect_facts(vendor, Basis.ASSUMED.value)
        ]
        heading = (
            vendor.contract.title
            if vendor.label == vendor.name
            else f"{vendor.contract.title}, `{vendor.dialect}`, beside that"
        )
        parts += [f"## {heading}\n", table(("where", ""), told)] if told else []
    return "\n".join(parts)


def admin() -> str:
    """Every route of the admin API."""
    rows = [
        (each.method, code("/__admin" + each.path), str(each.status), sentence(each.handler))
        for each in ROUTES
    ]
    return "\n".join([
        "# The admin API\n",
        _ADMIN,
        table(("method", "path", "status", ""), rows),
    ])  # fmt: skip
