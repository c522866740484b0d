"""Messages for generated files that are not current."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def stale(path: Path, command: str = "make docs") -> str:
    """Return which file is not current, and the command that generates it."""
    return f"{path.relative_to(ROOT)} is not current; run `{command}`"
