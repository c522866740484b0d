"""Content codings: choose the one that a client accepts, and compress bytes with it."""

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
_FALLBACK_QUALITY: Final = 0.0005
"""Quality of ``identity`` if the client does not name it: the least above 0."""
_PACKAGES: Final = {"br": "brotli", "zstd": "zstandard"}
_HAS_ZSTD: Final = sys.version_info >= (3, 14)


class MissingPackageError(ValueError):
    """Raised for a coding whose package is not installed; the message says how to install it."""


def check_available(coding: str) -> None:
    """Raise :class:`MissingPackageError` if a coding needs a package that is not installed."""
    package = _PACKAGES.get(coding)
    if package is None or (coding == "zstd" and _HAS_ZSTD) or find_spec(package) is not None:
        return
    raise MissingPackageError(
        f"{coding} needs the package {package}; install it with: pip install 'session-mock[encodings]'"
    )


def choose_coding(preferred: str, accepted: str | None) -> str:
    """Return the coding for a response to a request with a header ``Accept-Encoding``.

    That is *preferred*, or else gzip or ``identity``, whichever the client likes best. Without a coding that
    it accepts, the response is not encoded.
    """
    if accepted is None or preferred == IDENTITY:
        return IDENTITY
    qualities = _parse(accepted)
    offered = dict.fromkeys([preferred, GZIP, IDENTITY])
    best = max(offered, key=lambda coding: _quality(qualities, coding))
    return best if _quality(qualities, best) > 0 else IDENTITY


@cache
def _parse(accepted: str) -> dict[str, float]:
    qualities: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        name, _, value = parameters.replace(" ", "").partition("=")
        try:
            quality = float(value) if name == "q" else 1.0
        except ValueError:
            quality = 0.0
        qualities[coding.strip().removeprefix("x-")] = quality
    return qualities


def _quality(qualities: dict[str, float], coding: str) -> float:
    if coding in qualities:
        return qualities[coding]
    default = _FALLBACK_QUALITY if coding == IDENTITY else 0.0
    if "*" not in qualities:
        return default
    return min(qualities["*"], default) if coding == IDENTITY else qualities["*"]


def compress(coding: str, data: bytes) -> bytes:
    """Return compressed bytes; the same for the same data."""
    return _compressor(coding)(data)


@cache
def _compressor(coding: str) -> Callable[[bytes], bytes]:
    module: Any
    if coding == GZIP:
        module = import_module("gzip")
        return lambda data: bytes(module.compress(data, 6, mtime=0))
    if coding == "br":
        module = import_module(_PACKAGES[coding])
        return lambda data: bytes(module.compress(data, quality=5))
    if _HAS_ZSTD:
        module = import_module("compression.zstd")
        return lambda data: bytes(module.compress(data))
    module = import_module(_PACKAGES[coding])
    return lambda data: bytes(module.ZstdCompressor().compress(data))
