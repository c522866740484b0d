"""Imports of this package in a run of pytest, without pytest's rewriting of assertions.

pytest rewrites the modules of every package that has a plugin. This one has no assertions to explain, and
two hundred modules: rewriting takes 0.3 s in each run that cannot write bytecode, as in most containers, and
in the first run after each installation.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Final

_PREFIX: Final = f"{__name__.partition('.')[0]}."


class _PlainFinder:
    """Finds the modules of this package like Python does without pytest."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of this package, None for any other one."""
        return PathFinder.find_spec(name, path, target) if name.startswith(_PREFIX) else None


def install() -> Callable[[], None]:
    """Import modules of this package without rewriting, until the returned function is called."""
    finder = _PlainFinder()
    sys.meta_path.insert(0, finder)

    def remove() -> None:
        with suppress(ValueError):  # Others may have replaced the finders.
            sys.meta_path.remove(finder)

    return remove
