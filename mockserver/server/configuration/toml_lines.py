"""Find the lines of the values in a TOML file."""

import re
import tomllib
from collections.abc import Mapping
from typing import Final

from mockserver._util.places import Place

_BLANK: Final = re.compile(r"(?:[\s,]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[A-Za-z0-9_-]+")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS: Final = re.compile(r"[ \t]*=[ \t]*")
_CLOSING: Final = re.compile(r"[ \t]*\]\]?")
_SCALAR: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


def find_line(text: str, path: Place) -> int | None:
    """Return the line of the value at *path* in valid TOML, or else of the innermost value around it.

    None if the file does not have the first key of the path.
    """
    lines = _Scanner(text).scan()
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    """Reads TOML that :mod:`tomllib` has accepted, so that it needs no error messages."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lines: dict[Place, int] = {}
        self._last_items: dict[Place, int] = {}
        """The index of the last table of each array of tables."""

    def scan(self) -> Mapping[Place, int]:
        """Return the line on which each key, table and item begins."""
        table: Place = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._read_header()
            else:
                self._read_pair(table)
            self._skip(_BLANK)
        return self._lines

    def _read_header(self) -> Place:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        path: Place = ()
        keys = self._read_keys()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if is_array and number == len(keys):
                self._last_items[path] = self._last_items.get(path, -1) + 1
            self._note(path)
            if path in self._last_items:
                path = (*path, self._last_items[path])
                self._note(path)
        self._skip(_CLOSING)
        return path

    def _read_pair(self, table: Place) -> None:
        path = table
        for key in self._read_keys():
            path = (*path, key)
            self._note(path)
        self._skip(_EQUALS)
        self._read_value(path)

    def _read_keys(self) -> list[str]:
        """Read a key with dots."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            token = self._skip(_KEY)
            is_bare = token[:1] not in ("'", '"')
            keys.append(token if is_bare else tomllib.loads(f"key = {token}")["key"])
            if not self._skip(_DOT):
                return keys

    def _read_value(self, path: Place) -> None:
        opening = self._text[self._at]
        if opening not in "[{":
            self._skip(_SCALAR)
            return
        self._at += 1
        number = 0
        self._skip(_BLANK)
        while self._text[self._at] not in "]}":
            if opening == "[":
                self._note((*path, number))
                self._read_value((*path, number))
                number += 1
            else:
                self._read_pair(path)
            self._skip(_BLANK)
        self._at += 1

    def _note(self, path: Place) -> None:
        """Record the current line for a path, unless the path began before."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self._lines.setdefault(path, self._line)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]
