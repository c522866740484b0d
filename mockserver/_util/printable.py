"""Make text from clients safe to encode and to print.

Only the standard library is imported: every run of pytest loads this.
"""

import re
from typing import Final
from unicodedata import category

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that a terminal may interpret: control (C0 and C1), format (bidi, zero width),
surrogates, line separators."""
_SUSPECT: Final = re.compile(r"[^ -~]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_USER_INFO: Final = re.compile(r"(?<=//)[^/?#\s\"'<>]*@")
_BYTE: Final = 0xDC00
"""Undecodable byte N is represented by the surrogate U+DC00 + N (PEP 383)."""
_LAST_BYTE: Final = 0xDCFF
_LATIN: Final = 0xFF
_BASIC: Final = 0xFFFF
MASK: Final = "[redacted]"


def encodable(text: str) -> str:
    r"""Return *text* with each lone surrogate written as an escape, so that UTF-8 and JSON can encode it.

    A byte that was not UTF-8 is written as ``\xfc``, any other surrogate as ``\ud800``.
    """
    return text if text.isascii() else _SURROGATE.sub(_escape_surrogate, text)


def _escape_surrogate(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - _BYTE:02x}" if _BYTE < code <= _LAST_BYTE else f"\\u{code:04x}"


def printable(text: str, *, keep: str = "\n\t") -> str:
    r"""Return *text* with control, bidi and format characters as escapes such as ``\x9b``.

    Characters in *keep* are not escaped.
    """
    if text.isprintable():
        return text
    return _SUSPECT.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(character: str) -> str:
    if category(character) not in _UNPRINTABLE:
        return character
    code = ord(character)
    if code <= _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _BASIC else f"\\U{code:08x}"


def printable_json(text: str) -> str:
    r"""Return an equal JSON document with these characters as escapes such as ``\u009b``."""
    return text if text.isprintable() else _SUSPECT.sub(_escape_json, text)


def _escape_json(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\n\t" or category(character) not in _UNPRINTABLE:
        return character
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in _utf16(character))


def _utf16(character: str) -> list[bytes]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [encoded[start : start + 2] for start in range(0, len(encoded), 2)]


def without_user_info(text: str) -> str:
    """Return *text* with the user name and password of every URL in it masked."""
    return _USER_INFO.sub(f"{MASK}@", text) if "@" in text and "//" in text else text
