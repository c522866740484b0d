"""TOML files of settings."""

from datetime import date, time
from pathlib import Path
from typing import Any

from mockserver._util.places import PlacedError

_MAX_BYTES = 1 << 20
"""A larger settings file is an error, so that reading /dev/zero ends."""
_MAX_LEVELS = 16
"""Levels of tables and lists in a settings file; tenants.NAME.world.segments.NAME.DIMENSION are 6, with a
list of values 7."""


class ConfigError(PlacedError):
    """An invalid setting; the message has its place and what is expected."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, with dates and times as ISO texts; raise :class:`ConfigError` if that fails."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read the file: {error.strerror or error}; name a TOML file"
        ) from None
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path}: the file is larger than {_MAX_BYTES >> 20} MiB; is it a TOML file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: invalid byte at offset {error.start}; save the file as UTF-8") from None
    return parse_toml(text, str(path))


def parse_toml(text: str, place: str) -> dict[str, Any]:
    """Parse TOML, with dates and times as ISO texts; raise :class:`ConfigError` if that fails."""
    import tomllib  # noqa: PLC0415 -- it costs 5 ms at start-up, and most servers have no file

    try:
        settings: dict[str, Any] = _without_dates(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place}: invalid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(
            f"{place}: values are nested too deeply; the settings have at most {_MAX_LEVELS} levels"
        ) from None
    except ValueError:  # Python limits the digits of an integer.
        raise ConfigError(f"{place}: a number has too many digits; no setting has more than 19") from None
    return settings


def _without_dates(value: Any, depth: int = 0) -> Any:
    """Return a TOML value with dates and times as the texts that JSON would have."""
    if depth > _MAX_LEVELS:
        raise RecursionError
    match value:
        case dict():
            return {name: _without_dates(inner, depth + 1) for name, inner in value.items()}
        case list():
            return [_without_dates(item, depth + 1) for item in value]
        case date() | time():
            return value.isoformat()
    return value
