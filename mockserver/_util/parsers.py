"""The forms in which a setting is written, the same on a command line, in the environment and in an ini file.

Each function reads a text, or raises ``ValueError`` with what is wrong and what would be right. Only the standard library is
imported: every run of pytest loads this.
"""

import os
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mockserver._util.printable import MASK

_TRUE, _FALSE = ("yes", "true", "on", "1", "y", "t"), ("no", "false", "off", "0", "n", "f")
_RANDOM: Final = "random"
_HIGHEST_PORT: Final = 65_535
_SECONDS: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,9})?")
_NUMBER: Final = re.compile("[0-9]{1,19}")
_SEVERAL: Final = re.compile(r"[,\s]+")
_USER_INFO: Final = re.compile(r"(?<=//).*@|^(?!.*//).*@", re.DOTALL)
"""All that a URL may have before its host, also where it is spelled wrong."""
_TOKEN: Final = re.compile(r"(?! )[^\x00-\x1f\x7f]+(?<! )")


def seed(text: str) -> int:
    """Read a seed; ``random`` makes one up."""
    if text == _RANDOM:
        return int.from_bytes(os.urandom(4), "big") >> 1
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            f"{text!r} is no seed: write a whole number from 0 on, or {_RANDOM!r}, which makes one up"
        )
    return int(text)


def flag(text: str) -> bool:
    """Read a yes or a no."""
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"{text!r} is neither: write yes or no")
    return text.lower() in _TRUE


def port(text: str) -> int:
    """Read the number of a port."""
    if not _NUMBER.fullmatch(text) or int(text) > _HIGHEST_PORT:
        raise ValueError(
            f"{text!r} is no port: write a number from 0 to {_HIGHEST_PORT}; 0 picks one that is free"
        )
    return int(text)


def seconds(text: str) -> float:
    """Read a number of seconds; 0 means that there is no bound."""
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is not a number of seconds; use a number from 0 to 99999, 0 for no bound")
    return float(text)


def limit(text: str) -> int:
    """Read a number of requests; 0 means that there is no limit."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number of requests; use a whole number, 0 for no limit")
    return int(text)


def dialects(text: str) -> str | dict[str, str]:
    """Read one dialect, or some as VENDOR=DIALECT with commas or blanks between them."""
    if "=" not in text and not _SEVERAL.search(text):
        return text
    pairs = [each.partition("=") for each in _SEVERAL.split(text.strip())]
    if not all(vendor and dialect for vendor, _, dialect in pairs):
        raise ValueError(
            f"{text!r} names no dialects: write DIALECT, or VENDOR=DIALECT with commas or blanks between several"
        )
    return {vendor: dialect for vendor, _, dialect in pairs}


def url(text: str) -> str:
    """Check the URL of a server."""
    parts(text)
    return text


def parts(text: str) -> SplitResult:
    """Return the parts of a server's URL; raises ``ValueError`` for one with a user name or password, which nothing would use."""
    try:
        found = urlsplit(text if "//" in text else f"//{text}", scheme="http")
        known = (
            found.scheme in ("http", "https")
            and found.hostname
            and (found.port or (found.port is None and "//" in text))
        )
    except ValueError:
        known = False
    shown = _USER_INFO.sub(f"{MASK}@", text)
    if not known:
        raise ValueError(f"{shown!r} is no URL of a server, such as http://127.0.0.1:8080")
    if "@" in found.netloc:
        raise ValueError(
            f"{shown!r}: a user name or password in the URL is not used; leave it out, and give the admin token as the token"
        )
    return found


def token(text: str) -> str:
    """Check an admin token, which no message repeats."""
    if not _TOKEN.fullmatch(text):
        raise ValueError("a token has no control characters, and no spaces around it")
    return text
