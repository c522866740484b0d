"""The plugin's settings: the command line wins over the environment, and both over the ini file."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from mockserver._util import parsers


class Setting(NamedTuple):
    """One setting, with the same name in all three places."""

    name: str
    description: str
    parse: Callable[[str], Any]
    default: str | None
    metavar: str

    @property
    def option(self) -> str:
        """The command-line option."""
        return "--session-mock-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """The key in an ini file."""
        return "session_mock_" + self.name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "SESSION_MOCK_" + self.name.upper()


SETTINGS: Final = (
    Setting(
        "seed",
        "Base seed; each test's seed is derived from it and the test id; 'random' picks one.",
        parsers.parse_seed,
        "7",
        "N",
    ),
    Setting("profile", "Default world when the marker names no profile.", str, "default", "NAME"),
    Setting(
        "dialect",
        "Default dialect when the marker names none: 'observed', another dialect, or VENDOR=DIALECT,…",
        parsers.parse_dialects,
        None,
        "DIALECT",
    ),
    Setting(
        "strict",
        "Fail a test for errors, unexpected responses and unused faults that it did not allow: yes or no;"
        " `warnings` fails it also for findings that are warnings.",
        parsers.parse_strictness,
        "yes",
        "YES",
    ),
    Setting(
        "stall_timeout",
        "Seconds of real time after which a stalled response is reset and the test fails; 0 for no timeout.",
        parsers.parse_seconds,
        "30",
        "SECONDS",
    ),
    Setting(
        "loop_limit",
        "Consecutive requests for a list without a new row after which the client gets an error"
        " and the test fails; 0 never stops the client.",
        parsers.parse_limit,
        "100",
        "N",
    ),
    Setting("url", "URL of a running server to use instead of starting one.", parsers.check_url, None, "URL"),
    Setting("admin_token", "Admin token of that server.", parsers.check_token, None, "TOKEN"),
    Setting(
        "port", "Port of the server that is started; 0 picks a free one.", parsers.parse_port, "0", "PORT"
    ),
    Setting(
        "journal",
        "Directory to which the journal of every test is written as an HTTP Archive.",
        Path,
        None,
        "DIR",
    ),
    Setting(
        "snapshots",
        "Directory to which the state of every failed test is written, for `session-mock serve --restore`.",
        Path,
        None,
        "DIR",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Register every setting with pytest."""
    group = parser.getgroup("session-mock", "session-mock: a mock server of session-analytics APIs")
    for setting in SETTINGS:
        group.addoption(
            setting.option, dest=setting.ini, metavar=setting.metavar, default=None, help=setting.description
        )
        parser.addini(setting.ini, setting.description, default=None)


def read(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return all settings by name; raises ``pytest.UsageError`` that names the place of an invalid one."""
    return {setting.name: _read_setting(setting, config, environment) for setting in SETTINGS}


def find_setting(name: str) -> Setting:
    """Return the setting with a name."""
    return next(setting for setting in SETTINGS if setting.name == name)


def locate(name: str, config: pytest.Config, environment: Mapping[str, str] = os.environ) -> str:
    """Return the place where a setting was found: an option, a variable or an ini key."""
    return _find(find_setting(name), config, environment)[0]


def _read_setting(setting: Setting, config: pytest.Config, environment: Mapping[str, str]) -> Any:
    place, text = _find(setting, config, environment)
    try:
        return setting.parse(text) if text else None
    except ValueError as error:
        raise pytest.UsageError(f"{place}: {error}") from None


def _find(setting: Setting, config: pytest.Config, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the first place where a setting has a value, and its text."""
    places = (
        (setting.option, config.getoption(setting.ini)),
        (setting.variable, environment.get(setting.variable)),
        (f"ini {setting.ini}", config.getini(setting.ini)),
    )
    return next(((place, text) for place, text in places if text), ("default", setting.default))
