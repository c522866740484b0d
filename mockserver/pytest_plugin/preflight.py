"""Whether the settings of a run can be: what is seen only by looking beyond them, before the first test."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from socket import create_server
from typing import Any, Final

import pytest

from mockserver._util.suggest import suggest
from mockserver.client import AdminClient, AdminError
from mockserver.contract.behaviors import BehaviorError
from mockserver.pytest_plugin.settings import SETTINGS, where
from mockserver.world.model.profiles import PROFILES

Asked = Mapping[str, Any]
_SECONDS: Final = 10
"""How long a server may be silent."""
_TOKEN: Final = next(setting for setting in SETTINGS if setting.name == "admin_token")


def check(config: pytest.Config, asked: dict[str, Any]) -> None:
    """Raise ``pytest.UsageError`` for the first setting that cannot be; it says where it stands, and what would be right."""
    apart = config.pluginmanager.hasplugin("dsession")  # Workers of pytest-xdist pick ports of their own.
    asked = {**asked, "port": 0} if apart or asked["url"] else asked
    for name, wrong in _CHECKS.items():
        found = wrong(asked) if asked[name] else None
        if found is not None:
            raise pytest.UsageError(f"{where(name, config)}: {found}")


def _profile(asked: Asked) -> str | None:
    name = asked["profile"]
    return None if name in PROFILES else f"there is no profile {name!r}; {suggest(name, PROFILES)}"


def _dialect(asked: Asked) -> str | None:
    from mockserver.vendors import dialects  # noqa: PLC0415 -- every contract is read for it

    try:
        dialects(asked["dialect"])
    except BehaviorError as error:
        return str(error)
    return None


def _journal(asked: Asked) -> str | None:
    try:
        asked["journal"].mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{asked['journal']} cannot be a directory: {error.strerror or error}; name another one"
    return None


def _port(asked: Asked) -> str | None:
    try:
        create_server(("127.0.0.1", asked["port"])).close()
    except OSError as error:
        return f"nobody can listen on port {asked['port']}: {error.strerror or error}; choose another, or 0"
    return None


def _url(asked: Asked) -> str | None:
    try:
        with AdminClient(asked["url"], asked["admin_token"], timeout=_SECONDS) as admin:
            admin.version()
    except AdminError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            return f"the server at {asked['url']} asks for its admin token; say it as {_TOKEN.option}, or {_TOKEN.variable}"
        return error.detail
    return None


_CHECKS: Final[Mapping[str, Callable[[Asked], str | None]]] = {
    "profile": _profile,
    "dialect": _dialect,
    "journal": _journal,
    "port": _port,
    "url": _url,
}
"""Settings that can be wrong in ways that their texts do not show, each with what tells so."""
