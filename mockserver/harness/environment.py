"""The variables of a tenant's clients, and placeholders for their values."""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import json

from mockserver._util.suggest import nearest, suggest
from mockserver.admin_schemas.tenants import TenantAccess

PREFIX: Final = "SESSION_MOCK_"
SERVER: Final = "session_mock"
"""The placeholder group of the server's own values, such as ``{session_mock.url}``."""
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)\.([\w.-]*)\}\}|\{(\w+)\.([\w.-]*)\}")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class PlaceholderError(ValueError):
    """An unknown placeholder of a known vendor; the message names the nearest."""


class Addresses:
    """The addresses and credentials of a tenant, as variables and as placeholders."""

    def __init__(self, access: TenantAccess, admin_url: str | None = None) -> None:
        """Take a tenant, and the URL of the admin API if that is not the server's URL."""
        own = {"url": access.url, "tenant": access.id, "admin_url": admin_url or access.url}
        https = {"tls_url": access.tls_url, "ca_file": access.ca_file}
        own.update((name, value) for name, value in https.items() if value is not None)
        groups = {SERVER: own}
        for name, vendor in access.vendors.items():
            credentials = {_snake(field): value for field, value in vendor.credentials.items()}
            groups[name] = {
                "url": vendor.url,
                **credentials,
                "site": vendor.sites[0] if vendor.sites else "",
                "sites": " ".join(vendor.sites),
            }
        self.values: Mapping[str, Mapping[str, str]] = groups
        """By group, which is a vendor or ``session_mock``, and name."""
        self._aliases = {
            (name, field): _snake(field)
            for name, vendor in access.vendors.items()
            for field in vendor.credentials
        }

    def variables(self) -> dict[str, str]:
        """Return the variables, such as ``SESSION_MOCK_RYBBIT_TOKEN``; several sites have spaces between."""
        return {
            _variable(group, name): value
            for group, values in self.values.items()
            for name, value in values.items()
        }

    def fill(self, text: str) -> str:
        """Replace placeholders such as ``{rybbit.url}``; ``{{rybbit.url}}`` becomes ``{rybbit.url}``.

        Other braces stay. Raise :class:`PlaceholderError` for an unknown name of a known vendor, and for a
        known name of a vendor that is almost known.
        """
        return _PLACEHOLDER.sub(self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        is_escaped = found[1] is not None
        group, name = (found[1], found[2]) if is_escaped else (found[3], found[4])
        meant = group if group in self.values else self._find_meant(group, name)
        if meant is None:
            return found[0]
        if is_escaped:
            return found[0][1:-1]
        if meant != group:
            raise PlaceholderError(
                f"unknown placeholder {found[0]!r}; did you mean '{{{meant}.{name}}}'?"
                f" write {'{' + found[0] + '}'} for the text itself"
            )
        known = self.values[group]
        name = self._aliases.get((group, name), name)
        if name not in known:
            raise PlaceholderError(
                f"unknown placeholder {found[0]!r}; {suggest(name, known)};"
                f" write {'{' + found[0] + '}'} for the text itself"
            )
        return known[name]

    def _find_meant(self, group: str, name: str) -> str | None:
        """Return the group that was probably meant; None if these braces are no placeholder."""
        meant = nearest(group, self.values)
        is_known = meant is not None and (name in self.values[meant] or (meant, name) in self._aliases)
        return meant if is_known else None


def _snake(name: str) -> str:
    """Return a name in lower case with underscores: ``api_key`` for ``apiKey``."""
    return _CAMEL.sub("_", name).lower()


def _variable(group: str, name: str) -> str:
    middle = "" if group == SERVER else f"{group}_"
    return f"{PREFIX}{middle}{name}".upper()


def format_variables(variables: Mapping[str, str], form: str) -> str:
    """Return variables as commands of a shell, as lines for dotenv or for GitHub, or as JSON."""
    if form == "json":
        return json.format(json.encode(variables)).decode() + "\n"
    return "".join(f"{_LINES[form](name, value)}\n" for name, value in variables.items())


def _format_dotenv(name: str, value: str) -> str:
    """Return a line; values with other characters are in quotes, as all readers of such files know."""
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'{name}="{escaped}"'


def _format_github(name: str, value: str) -> str:
    """Return a line for the file ``$GITHUB_ENV``; a value with several lines has a delimiter."""
    if "\n" not in value:
        return f"{name}={value}"
    delimiter = "END"
    while delimiter in value:
        delimiter += "_"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}"


_PLAIN: Final = re.compile(r"[\w./:@%+,-]*", re.ASCII)
_LINES: Final[Mapping[str, Callable[[str, str], str]]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "dotenv": _format_dotenv,
    "github": _format_github,
}
