"""Check the settings of a run before its first test: what cannot be seen from their texts alone."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from socket import create_server
from typing import Any, Final

import pytest

from mockserver._util.suggest import suggest
from mockserver.client import AdminClient, AdminError
from mockserver.pytest_plugin.settings import find_setting, locate
from mockserver.world.model.profiles import PROFILES

Settings = Mapping[str, Any]
_TIMEOUT: Final = 10
"""Seconds to wait for a response of the server."""


def check(config: pytest.Config, settings: Settings) -> None:
    """Raise ``pytest.UsageError`` for the first invalid setting; it names the place and the remedy."""
    is_controller = config.pluginmanager.hasplugin("dsession")  # Its workers pick their own ports.
    checked = {**settings, "port": 0} if is_controller or settings["url"] else settings
    for name, check_setting in _CHECKS.items():
        try:
            if checked[name]:
                check_setting(checked)
        except ValueError as error:
            raise pytest.UsageError(f"{locate(name, config)}: {error}") from None


def _check_profile(settings: Settings) -> None:
    name = settings["profile"]
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}; {suggest(name, PROFILES)}")


def _check_dialect(settings: Settings) -> None:
    from mockserver.vendors import resolve_dialects  # noqa: PLC0415 -- imports all contracts

    resolve_dialects(settings["dialect"])


def _check_journal(settings: Settings) -> None:
    folder = settings["journal"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        message = f"cannot create the directory {str(folder)!r}: {reason}; name another one"
        raise ValueError(message) from None


def _check_port(settings: Settings) -> None:
    port = settings["port"]
    try:
        create_server(("127.0.0.1", port)).close()
    except OSError as error:
        reason = error.strerror or error
        message = f"cannot listen on port {port}: {reason}; use another port, or 0 for a free one"
        raise ValueError(message) from None


def _check_url(settings: Settings) -> None:
    url = settings["url"]
    try:
        with AdminClient(url, settings["admin_token"], timeout=_TIMEOUT) as admin:
            admin.version()
    except AdminError as error:
        message = error.detail
        if error.status == HTTPStatus.UNAUTHORIZED:
            token = find_setting("admin_token")
            remedy = f"set {token.option} or {token.variable}"
            message = f"the server at {url} requires its admin token; {remedy}"
        raise ValueError(message) from None


_CHECKS: Final[Mapping[str, Callable[[Settings], None]]] = {
    "profile": _check_profile,
    "dialect": _check_dialect,
    "journal": _check_journal,
    "port": _check_port,
    "url": _check_url,
}
