"""What is written on a command line, such as NAME=VALUE, as values."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from msgspec import DecodeError, json

from mockserver import forms


class Form(click.ParamType):  # type: ignore[type-arg] # older releases of click have no parameter there
    """What is written in a form that settings share, wherever they stand."""

    def __init__(self, read: Callable[[str], Any], name: str) -> None:
        """Read a text by a function of :mod:`mockserver.forms`; help says the name."""
        self._read, self.name = read, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a value; raises a usage error that says what would be right."""
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SEED = Form(forms.seed, "number|random")
PORT = Form(forms.port, "port")
URL = Form(forms.url, "url")
TOKEN = Form(forms.token, "token")


def pairs(words: Sequence[str], where: str, form: str = "NAME=VALUE") -> dict[str, str]:
    """Read NAME=VALUE texts; raises a usage error, which names where they stand and their form, for any other."""
    found = {}
    for word in words:
        name, equals, setting = word.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{word!r}: write {form}", param_hint=where)
        found[name] = setting
    return found


def dialects(words: Sequence[str]) -> str | dict[str, str]:
    """Read VENDOR=DIALECT texts, or one DIALECT for all vendors that have it; raises a usage error where the two are mixed."""
    try:
        return forms.dialects(" ".join(words)) if words else {}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--dialect") from None


def value(text: str) -> Any:
    """Read a value as JSON where it is JSON, and else as the text that it is."""
    try:
        return json.decode(text)
    except DecodeError:
        return text


def values(words: Sequence[str], where: str) -> dict[str, Any]:
    """Read NAME=VALUE texts whose values may be JSON."""
    return {name: value(text) for name, text in pairs(words, where).items()}
