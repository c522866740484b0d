"""The plugin's settings: command line before environment before ini file, the same name in all three."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from mockserver._util import parsers as forms


class Setting(NamedTuple):
    """One setting."""

    name: str
    description: str
    read: Callable[[str], Any]
    default: str | None
    metavar: str

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--session-mock-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """Its name in an ini file."""
        return "session_mock_" + self.name

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "SESSION_MOCK_" + self.name.upper()


SETTINGS: Final = (
    Setting(
        "seed",
        "What the seed of every test's world follows from, with the test's id; 'random' makes one up.",
        forms.seed,
        "7",
        "N",
    ),
    Setting("profile", "The world that a test lives in where its marker names none.", str, "default", "NAME"),
    Setting(
        "dialect",
        "Whom vendors resemble where a test's marker does not say: 'observed', another dialect, or VENDOR=DIALECT,…",
        forms.dialects,
        None,
        "DIALECT",
    ),
    Setting(
        "strict",
        "Whether a test fails for findings, unexpected exchanges and unused faults: yes or no.",
        forms.flag,
        "yes",
        "YES",
    ),
    Setting(
        "stall_timeout",
        "Seconds of real time after which a stalled answer is reset and fails its test; 0 for no bound.",
        forms.seconds,
        "30",
        "SECONDS",
    ),
    Setting(
        "loop_limit",
        "Requests for a list in a row that may bring no new row, before the test's client is refused and the test fails; 0 for no limit.",
        forms.limit,
        "1000",
        "N",
    ),
    Setting("url", "A running server to use; none is started.", forms.url, None, "URL"),
    Setting("admin_token", "The admin token of that server.", forms.token, None, "TOKEN"),
    Setting("port", "The port of the server that is started; 0 picks one.", forms.port, "0", "PORT"),
    Setting(
        "journal", "A directory that gets the journal of every test, as an HTTP Archive.", Path, None, "DIR"
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Tell pytest every setting."""
    group = parser.getgroup("session-mock", "session-mock: a mock server of session-analytics APIs")
    for setting in SETTINGS:
        group.addoption(
            setting.option, dest=setting.ini, metavar=setting.metavar, default=None, help=setting.description
        )
        parser.addini(setting.ini, setting.description, default=None)


def read(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read every setting; raises ``pytest.UsageError`` that says where a wrong one stands, and what would be right."""
    return {setting.name: _read(setting, config, environment) for setting in SETTINGS}


def where(name: str, config: pytest.Config, environment: Mapping[str, str] = os.environ) -> str:
    """The place at which a setting was found, for whoever has to change it."""
    return _found(next(setting for setting in SETTINGS if setting.name == name), config, environment)[0]


def _read(setting: Setting, config: pytest.Config, environment: Mapping[str, str]) -> Any:
    place, text = _found(setting, config, environment)
    try:
        return setting.read(text) if text else None
    except ValueError as error:
        raise pytest.UsageError(f"{place}: {error}") from None


def _found(setting: Setting, config: pytest.Config, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """The first place at which a setting stands, and its text."""
    places = (
        (setting.option, config.getoption(setting.ini)),
        (setting.variable, environment.get(setting.variable)),
        (f"ini {setting.ini}", config.getini(setting.ini)),
    )
    return next(((place, text) for place, text in places if text), ("default", setting.default))
