"""Parameter types and options that commands share, and parsers of NAME=VALUE arguments."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from msgspec import DecodeError, json

from mockserver._util import parsers
from mockserver._util.suggest import suggest

C = TypeVar("C", bound=Callable[..., Any])


class ParsedText(click.ParamType):  # type: ignore[type-arg] # older releases of click have no parameter there
    """A text that one of the functions in :mod:`mockserver._util.parsers` parses."""

    def __init__(self, name: str, parse: Callable[[str], Any] = str) -> None:
        """Parse with a function that may raise ValueError; *name* is shown in help."""
        self._parse = parse
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse a value; raises a usage error with the parser's message."""
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Pair(ParsedText):
    """A text such as NAME=VALUE, converted to the name and the parsed value."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split a text at its first equals sign; raises a usage error for another form."""
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"invalid value {value!r}; write {self.name}", param, ctx)
        return name, super().convert(text, param, ctx)


def repeated_pairs(form: str, parse: Callable[[str], Any] = str) -> dict[str, Any]:
    """Return the settings of a repeatable option whose value is a dict of pairs."""
    return {"multiple": True, "type": Pair(form, parse), "callback": lambda _ctx, _param, pairs: dict(pairs)}


class OneOf(click.Choice):  # type: ignore[type-arg] # older releases of click have no parameter there
    """One of several words; the error for an unknown one names the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word; raises a usage error that names the nearest one."""
        if value not in self.choices:
            self.fail(f"unknown value {value!r}; {suggest(str(value), map(str, self.choices))}", param, ctx)
        return value


COUNT = click.IntRange(min=0)
SEED = ParsedText("seed", parsers.parse_seed)
PORT = ParsedText("port", parsers.parse_port)
URL = ParsedText("url", parsers.check_url)
TOKEN = ParsedText("token", parsers.check_token)


order_option = click.option(
    "--order",
    type=OneOf(["same", "any"]),
    default="same",
    show_default=True,
    help="Order of the rows: the same as the vendor's, or any.",
)
"""Decorator that adds the option of commands that compare rows."""


def columns_option(help_text: str) -> Callable[[C], C]:
    """Return the option with the vendor's names of columns that rows have under other names."""
    return click.option("--columns", metavar="THEIRS=OURS", **repeated_pairs("THEIRS=OURS"), help=help_text)


def repeated_hosts() -> dict[str, Any]:
    """Return the settings of a repeatable option whose value is a list of hosts, or None without any."""
    return {
        "multiple": True,
        "metavar": "HOST",
        "callback": lambda _context, _param, hosts: list(hosts) or None,
    }


def combine_options(*options: Callable[[Any], Any]) -> Callable[[C], C]:
    """Return a decorator that adds options to a command; help lists them in this order."""

    def decorate(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def env_option(name: str, *names: str, **settings: Any) -> Callable[[C], C]:
    """Return an option that can also be set with a variable: ``--port`` with ``SESSION_MOCK_PORT``."""
    variable = f"SESSION_MOCK_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, *names, envvar=variable, show_envvar=True, **settings)


def json_option(help_text: str) -> Callable[[C], C]:
    return click.option("--json", "as_json", is_flag=True, help=help_text)


def file_options(formats: Sequence[str], help_text: str, file: click.File) -> Callable[[C], C]:
    """Return a decorator that adds ``--format``, whose default is the first one, and ``--output``."""
    return combine_options(
        click.option(
            "--format", "form", type=OneOf(formats), default=formats[0], show_default=True, help=help_text
        ),
        click.option("--output", type=file, default="-", help="File to write; - is stdout. [default: -]"),
    )


def tenant_options(option: Callable[..., Callable[[Any], Any]]) -> Callable[[C], C]:
    """Return a decorator that adds settings of a tenant; *option* is ``click.option`` or ``env_option``."""
    return combine_options(
        option(
            "--behavior",
            "behaviors",
            **repeated_pairs("NAME=VALUE"),
            help="Set a behavior that the vendor does not document; repeatable."
            " `session-mock contract VENDOR` lists names and values.",
        ),
        option(
            "--dialect",
            multiple=True,
            metavar="[VENDOR=]DIALECT",
            callback=lambda _context, _param, texts: parse_dialects(texts),
            help="Dialect of one vendor, or of all vendors that have it; repeatable;"
            " 'observed' is closest to the real service. [default: documented]",
        ),
        option(
            "--credential",
            "credentials",
            **repeated_pairs("VENDOR.CREDENTIAL=VALUE"),
            help="Set a credential instead of the generated one; repeatable."
            " `session-mock serve` prints the names.",
        ),
        click.option(
            "--fault",
            "faults",
            multiple=True,
            metavar="JSON",
            callback=lambda _context, _param, texts: [parse_fault(text, "--fault") for text in texts],
            help="Add a fault, as in `session-mock admin fault add JSON`; repeatable.",
        ),
        click.option(
            "--limit",
            "limits",
            **repeated_pairs("NAME=VALUE", parse_limit),
            help="Change a limit: a number of requests, `on`, `off`, or JSON such as"
            """ '{"allowed": 2, "seconds": 60}'; repeatable."""
            " `session-mock admin limit list` lists the names.",
        ),
        option(
            "--scenario",
            metavar="NAME|FILE",
            help="Scenario whose settings the other options override: a name of docs/scenarios.md,"
            " or the path of a TOML file.",
        ),
    )


def parse_fault(text: str, where: str) -> Any:
    """Parse a fault written as JSON; raises a usage error for invalid JSON."""
    try:
        return json.decode(text)
    except DecodeError as error:
        remedy = 'write a fault such as \'{"kind": "status"}\''
        raise click.BadParameter(f"invalid JSON {text!r}: {error}; {remedy}", param_hint=where) from None


def parse_limit(text: str) -> dict[str, Any]:
    """Parse a change of a limit: a number of requests, ``on``, ``off`` or JSON; may raise ValueError."""
    if text in {"on", "off"}:
        return {"enabled": text == "on"}
    value = parse_json_or_text(text)
    if isinstance(value, dict):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return {"allowed": value}
    raise ValueError(
        f"invalid limit {text!r}; write a number of requests, on, off, or JSON such as"
        ' {"allowed": 2, "seconds": 60}'
    )


def parse_dialects(texts: Sequence[str]) -> str | dict[str, str]:
    """Parse VENDOR=DIALECT texts, or a single DIALECT; raises a usage error for a mixture."""
    try:
        return parsers.parse_dialects(" ".join(texts)) if texts else {}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--dialect") from None


def parse_json_or_text(text: str) -> Any:
    """Parse a value as JSON; return the text itself if it is not JSON."""
    try:
        return json.decode(text)
    except DecodeError:
        return text


def format_examples(*lines: str) -> str:
    """Return the epilog of a command's help with one command line per example."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {line}" for line in lines)])
