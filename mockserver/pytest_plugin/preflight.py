"""Check the settings of a run before its first test: what cannot be seen from their texts alone."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from socket import create_server
from typing import Any, Final

import pytest

from mockserver._util.suggest import suggest
from mockserver.client import AdminClient, AdminError
from mockserver.contract.behaviors import BehaviorError
from mockserver.pytest_plugin.settings import SETTINGS, locate
from mockserver.world.model.profiles import PROFILES

Settings = Mapping[str, Any]
_TIMEOUT: Final = 10
"""Seconds to wait for a response of the server."""
_TOKEN: Final = next(setting for setting in SETTINGS if setting.name == "admin_token")


def check(config: pytest.Config, settings: Settings) -> None:
    """Raise ``pytest.UsageError`` for the first invalid setting; it names the place and the remedy."""
    is_controller = config.pluginmanager.hasplugin(
        "dsession"
    )  # Workers of pytest-xdist pick their own ports.
    checked = {**settings, "port": 0} if is_controller or settings["url"] else settings
    for name, find_problem in _CHECKS.items():
        problem = find_problem(checked) if checked[name] else None
        if problem is not None:
            raise pytest.UsageError(f"{locate(name, config)}: {problem}")


def _check_profile(settings: Settings) -> str | None:
    name = settings["profile"]
    return None if name in PROFILES else f"unknown profile {name!r}; {suggest(name, PROFILES)}"


def _check_dialect(settings: Settings) -> str | None:
    from mockserver.vendors import resolve_dialects  # noqa: PLC0415 -- imports all contracts

    try:
        resolve_dialects(settings["dialect"])
    except BehaviorError as error:
        return str(error)
    return None


def _check_journal(settings: Settings) -> str | None:
    try:
        settings["journal"].mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        return f"cannot create the directory {str(settings['journal'])!r}: {reason}; name another one"
    return None


def _check_port(settings: Settings) -> str | None:
    try:
        create_server(("127.0.0.1", settings["port"])).close()
    except OSError as error:
        reason = error.strerror or error
        return f"cannot listen on port {settings['port']}: {reason}; use another port, or 0 for a free one"
    return None


def _check_url(settings: Settings) -> str | None:
    try:
        with AdminClient(settings["url"], settings["admin_token"], timeout=_TIMEOUT) as admin:
            admin.version()
    except AdminError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            remedy = f"set {_TOKEN.option} or {_TOKEN.variable}"
            return f"the server at {settings['url']} requires its admin token; {remedy}"
        return error.detail
    return None


_CHECKS: Final[Mapping[str, Callable[[Settings], str | None]]] = {
    "profile": _check_profile,
    "dialect": _check_dialect,
    "journal": _check_journal,
    "port": _check_port,
    "url": _check_url,
}
