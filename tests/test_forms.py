"""A setting is written in the same forms on every command line, in the environment and in an ini file."""

from collections.abc import Callable
from typing import Any

import click
import pytest

from mockserver._util import parsers as forms
from mockserver.cli.admin import command as admin
from mockserver.cli.serve import command as serve
from mockserver.pytest_plugin.settings import SETTINGS


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (forms.seed, "42", 42),
        (forms.flag, "Yes", True),
        (forms.flag, "off", False),
        (forms.port, "0", 0),
        (forms.port, "65535", 65_535),
        (forms.dialects, "observed", "observed"),
        (forms.dialects, "a=b", {"a": "b"}),
        (forms.dialects, "a=b,c=d", {"a": "b", "c": "d"}),
        (forms.dialects, "a=b c=d", {"a": "b", "c": "d"}),
        (forms.dialects, "a=b, c=d ", {"a": "b", "c": "d"}),
        (forms.url, "127.0.0.1:8080", "127.0.0.1:8080"),
        (forms.url, "https://there/__admin", "https://there/__admin"),
        (forms.token, "open sesame", "open sesame"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_form_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    """Every way in which somebody would write it is understood."""
    assert value == read(text)


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (
            forms.seed,
            "-1",
            "'-1' is no seed: write a whole number from 0 on, or 'random', which makes one up",
        ),
        (forms.seed, "1e3", "'1e3' is no seed: .*"),
        (forms.flag, "perhaps", "'perhaps' is neither: write yes or no"),
        (forms.port, "http", "'http' is no port: write a number from 0 to 65535; 0 picks one that is free"),
        (forms.port, "65536", "'65536' is no port: .*"),
        (forms.port, "-1", "'-1' is no port: .*"),
        (
            forms.dialects,
            "a=b what",
            "'a=b what' names no dialects: write DIALECT, or VENDOR=DIALECT with commas or blanks between several",
        ),
        (forms.dialects, "a=b,=c", "'a=b,=c' names no dialects: .*"),
        (forms.dialects, "one two", "'one two' names no dialects: .*"),
        (forms.url, "nope", "'nope' is no URL of a server, such as http://127.0.0.1:8080"),
        (forms.url, "ftp://there", "'ftp://there' is no URL of a server, .*"),
        (forms.url, "http://there:99999", "'http://there:99999' is no URL of a server, .*"),
        (forms.url, "there:0", "'there:0' is no URL of a server, .*"),
        (forms.token, "a\nb", "a token has no control characters, and no spaces around it"),
    ],
    ids=lambda value: getattr(value, "__name__", ascii(value)),
)
def test_what_cannot_be_is_told_with_a_remedy(read: Callable[[str], Any], text: str, says: str) -> None:
    """The message repeats what was written, but for a token, and says what would be right."""
    with pytest.raises(ValueError, match=f"^{says}$"):
        read(text)


def test_random_makes_up_a_seed() -> None:
    """It is another each time, and one that every world takes."""
    found = {forms.seed("random") for _ in range(10)}

    assert len(found) > 1
    assert all(0 <= seed < 1 << 63 for seed in found)


def test_a_variable_is_named_after_its_setting() -> None:
    """Whoever knows an option of one program knows the variable, and two programs that read one variable mean the same."""
    options = [
        option
        for command in (serve, admin)
        for option in command.params
        if isinstance(option, click.Option) and option.envvar
    ]
    named = {option.opts[0]: option.envvar for option in options} | {
        setting.option.replace("session-mock-", ""): setting.variable for setting in SETTINGS
    }

    assert (
        named.pop("--token") == named["--admin-token"]
    )  # In `session-mock admin` it is clear whose token it is.
    assert named == {name: f"SESSION_MOCK_{name[2:].replace('-', '_').upper()}" for name in named}
