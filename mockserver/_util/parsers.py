"""Parsers of settings, shared by the command line, environment variables, ini files and Python arguments.

Each function returns the parsed value, or raises ``ValueError`` with the problem and the expected form. Only
the standard library is imported, because every run of pytest loads this module.
"""

import os
import re
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from mockserver._util.printable import MASK

Strictness = Literal["errors", "warnings", False]
"""The findings that fail a test: errors, errors and warnings, or none."""
_TRUE: Final = ("yes", "true", "on", "1", "y", "t")
_FALSE: Final = ("no", "false", "off", "0", "n", "f")
_RANDOM: Final = "random"
_MAX_PORT: Final = 65_535
_SECONDS: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,9})?")
_NUMBER: Final = re.compile("[0-9]{1,19}")
_SEPARATOR: Final = re.compile(r"[,\s]+")
_USER_INFO: Final = re.compile(r"(?<=//).*@|^(?!.*//).*@", re.DOTALL)
"""Everything before the host of a URL, even if the URL is malformed."""
_TOKEN: Final = re.compile(r"(?! )[^\x00-\x1f\x7f]+(?<! )")


def parse_seed(text: str) -> int:
    """Return a seed; ``random`` stands for a new random one."""
    if text == _RANDOM:
        return int.from_bytes(os.urandom(4), "big") >> 1
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"invalid seed {text!r}; use an integer from 0, or {_RANDOM!r} for a random seed")
    return int(text)


def parse_strictness(text: str) -> Strictness:
    """Return the lowest level of findings that fails a test, or False if none does."""
    if text in ("warnings", "errors"):
        return text  # type: ignore[return-value]  # mypy does not narrow it
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"invalid strictness {text!r}; use yes, warnings or no")
    return "errors" if text.lower() in _TRUE else False


def parse_port(text: str) -> int:
    """Return a port number; 0 stands for any free port."""
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_PORT:
        raise ValueError(f"invalid port {text!r}; use a number from 0 to {_MAX_PORT}, 0 for any free port")
    return int(text)


def parse_seconds(text: str) -> float:
    """Return a number of seconds; 0 means that there is no bound."""
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is not a number of seconds; use a number from 0 to 99999, 0 for no bound")
    return float(text)


def parse_limit(text: str) -> int:
    """Return a number of requests; 0 means that there is no limit."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number of requests; use an integer, 0 for no limit")
    return int(text)


def parse_dialects(text: str) -> str | dict[str, str]:
    """Return one dialect for all vendors, or a dict from ``VENDOR=DIALECT`` pairs.

    Commas or spaces separate the pairs.
    """
    if "=" not in text and not _SEPARATOR.search(text):
        return text
    pairs = [pair.partition("=") for pair in _SEPARATOR.split(text.strip())]
    if not all(vendor and dialect for vendor, _, dialect in pairs):
        raise ValueError(
            f"invalid dialects {text!r}; use DIALECT, or VENDOR=DIALECT pairs separated by commas or spaces"
        )
    return {vendor: dialect for vendor, _, dialect in pairs}


def check_url(text: str) -> str:
    """Return the URL of a server unchanged; raises ``ValueError`` like :func:`split_url`."""
    split_url(text)
    return text


def split_url(text: str) -> SplitResult:
    """Split the URL of a server.

    Raises ``ValueError`` for other URLs, and for a user name or password, which would be ignored.
    """
    try:
        url = urlsplit(text if "//" in text else f"//{text}", scheme="http")
        has_port = url.port or (url.port is None and "//" in text)
        valid = url.scheme in ("http", "https") and url.hostname and has_port
    except ValueError:
        valid = False
    masked = _USER_INFO.sub(f"{MASK}@", text)
    if not valid:
        raise ValueError(f"invalid server URL {masked!r}; use a URL such as http://127.0.0.1:8080")
    if "@" in url.netloc:
        raise ValueError(
            f"{masked!r}: a user name or password in the URL is not used; remove it,"
            " and pass the admin token as the token"
        )
    return url


def check_token(text: str) -> str:
    """Return an admin token unchanged; raises ``ValueError`` without repeating it."""
    if not _TOKEN.fullmatch(text):
        raise ValueError("invalid token; remove control characters, and spaces around it")
    return text
