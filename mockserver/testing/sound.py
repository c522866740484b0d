"""Whether the settings of a run can be: what is seen only by looking beyond them, before the first test."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import pytest

from mockserver.client import AdminClient, AdminError
from mockserver.contract.choices import ChoiceError
from mockserver.nearest import nearest
from mockserver.testing.settings import SETTINGS, where
from mockserver.world.profiles import PROFILES

_SECONDS: Final = 10
"""How long a server may be silent."""
_TOKEN: Final = next(setting for setting in SETTINGS if setting.name == "admin_token")


def check(config: pytest.Config, asked: dict[str, Any]) -> None:
    """Raise ``pytest.UsageError`` for the first setting that cannot be; it says where it stands, and what would be right."""
    for name, wrong in _wrong(asked):
        raise pytest.UsageError(f"{where(name, config)}: {wrong}")


def _wrong(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each setting that cannot be, and why."""
    if asked["profile"] not in PROFILES:
        yield "profile", f"there is no profile {asked['profile']!r}; {nearest(asked['profile'], PROFILES)}"
    if asked["dialect"]:
        from mockserver.vendors import dialects  # noqa: PLC0415 -- every contract is read for it

        try:
            dialects(asked["dialect"])
        except ChoiceError as error:
            yield "dialect", str(error)
    if asked["journal"] is not None:
        try:
            asked["journal"].mkdir(parents=True, exist_ok=True)
        except OSError as error:
            yield "journal", f"{asked['journal']} cannot be a directory: {error.strerror or error}; name another one"
    if asked["url"]:
        try:
            with AdminClient(asked["url"], asked["admin_token"], timeout=_SECONDS) as admin:
                admin.version()
        except AdminError as error:
            yield "url", _refused(asked["url"], error)


def _refused(url: str, error: AdminError) -> str:
    if error.status == HTTPStatus.UNAUTHORIZED:
        return f"the server at {url} asks for its admin token; say it as {_TOKEN.option}, or {_TOKEN.variable}"
    return error.detail
