"""Write environment variables for shells and other tools."""

import shlex
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import json

_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "$": "\\$"})


def _format_sh(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _format_dotenv(variables: Mapping[str, str]) -> str:
    return "\n".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in variables.items())


def _format_json(variables: Mapping[str, str]) -> str:
    return json.format(json.encode(variables), indent=2).decode()


def _format_github(variables: Mapping[str, str]) -> str:
    """Write lines for the file that GitHub Actions names in ``GITHUB_ENV``."""
    return "\n".join(f"{name}={value}" for name, value in variables.items())


FORMATS: Final[dict[str, Callable[[Mapping[str, str]], str]]] = {
    "sh": _format_sh,
    "dotenv": _format_dotenv,
    "json": _format_json,
    "github": _format_github,
}
