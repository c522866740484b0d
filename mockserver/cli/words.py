"""What is written on a command line, such as NAME=VALUE, as values."""

from collections.abc import Sequence
from typing import Any

import click
from msgspec import DecodeError, json


def pairs(words: Sequence[str], where: str) -> dict[str, str]:
    """Read NAME=VALUE texts; raises a usage error, which names where they stand, for any other."""
    found = {}
    for word in words:
        name, equals, setting = word.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{word!r}: write NAME=VALUE", param_hint=where)
        found[name] = setting
    return found


def dialects(words: Sequence[str]) -> str | dict[str, str]:
    """Read VENDOR=DIALECT texts, or one DIALECT for all vendors that have it; raises a usage error where the two are mixed."""
    if len(words) == 1 and "=" not in words[0]:
        return words[0]
    return pairs(words, "--dialect")


def value(text: str) -> Any:
    """Read a value as JSON where it is JSON, and else as the text that it is."""
    try:
        return json.decode(text)
    except DecodeError:
        return text


def values(words: Sequence[str], where: str) -> dict[str, Any]:
    """Read NAME=VALUE texts whose values may be JSON."""
    return {name: value(text) for name, text in pairs(words, where).items()}
