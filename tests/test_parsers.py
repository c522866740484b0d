"""Settings have the same syntax on every command line, in the environment and in ini files."""

from collections.abc import Callable
from typing import Any

import click
import pytest

from mockserver._util import parsers
from mockserver.cli.admin import command as admin
from mockserver.cli.serve import command as serve
from mockserver.pytest_plugin.settings import SETTINGS


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsers.parse_seed, "42", 42),
        (parsers.parse_port, "0", 0),
        (parsers.parse_port, "65535", 65_535),
        (parsers.parse_dialects, "observed", "observed"),
        (parsers.parse_dialects, "a=b", {"a": "b"}),
        (parsers.parse_dialects, "a=b,c=d", {"a": "b", "c": "d"}),
        (parsers.parse_dialects, "a=b c=d", {"a": "b", "c": "d"}),
        (parsers.parse_dialects, "a=b, c=d ", {"a": "b", "c": "d"}),
        (parsers.check_url, "127.0.0.1:8080", "127.0.0.1:8080"),
        (parsers.check_url, "https://there/__admin", "https://there/__admin"),
        (parsers.check_token, "open sesame", "open sesame"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_parser_accepts_all_spellings(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (
            parsers.parse_seed,
            "-1",
            "invalid seed '-1'; use an integer from 0, or 'random' for a random seed",
        ),
        (parsers.parse_seed, "1e3", "invalid seed '1e3'; .*"),
        (
            parsers.parse_port,
            "http",
            "invalid port 'http'; use a number from 0 to 65535, 0 for any free port",
        ),
        (parsers.parse_port, "65536", "invalid port '65536'; .*"),
        (parsers.parse_port, "-1", "invalid port '-1'; .*"),
        (
            parsers.parse_dialects,
            "a=b what",
            "invalid dialects 'a=b what'; use DIALECT, or VENDOR=DIALECT pairs separated by commas or spaces",
        ),
        (parsers.parse_dialects, "a=b,=c", "invalid dialects 'a=b,=c'; .*"),
        (parsers.parse_dialects, "one two", "invalid dialects 'one two'; .*"),
        (parsers.check_url, "nope", "invalid server URL 'nope'; use a URL such as http://127.0.0.1:8080"),
        (parsers.check_url, "ftp://there", "invalid server URL 'ftp://there'; .*"),
        (parsers.check_url, "http://there:99999", "invalid server URL 'http://there:99999'; .*"),
        (parsers.check_url, "there:0", "invalid server URL 'there:0'; .*"),
        (parsers.check_token, "a\nb", "invalid token; remove control characters, and spaces around it"),
    ],
    ids=lambda value: getattr(value, "__name__", ascii(value)),
)
def test_parser_invalid_text_raises_error_with_remedy(
    parse: Callable[[str], Any], text: str, message: str
) -> None:
    """The message quotes the text, unless it is a token."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        parse(text)


def test_parse_seed_random_returns_different_valid_seeds() -> None:
    seeds = {parsers.parse_seed("random") for _ in range(10)}

    assert len(seeds) > 1
    assert all(0 <= seed < 1 << 63 for seed in seeds)


def test_environment_variables_are_named_after_their_options() -> None:
    """A variable that several programs read stands for the same option in all of them."""
    options = [
        option
        for command in (serve, admin)
        for option in command.params
        if isinstance(option, click.Option) and option.envvar
    ]
    named = {option.opts[0]: option.envvar for option in options} | {
        setting.option.replace("session-mock-", ""): setting.variable for setting in SETTINGS
    }

    # The options of `session-mock admin` and of `--sessions-from FILE --as FORMAT` are shorter.
    assert named.pop("--token") == named["--admin-token"]
    assert named.pop("--as") == "SESSION_MOCK_SESSIONS_AS"
    assert named == {name: f"SESSION_MOCK_{name[2:].replace('-', '_').upper()}" for name in named}
