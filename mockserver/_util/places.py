"""Errors that know the place of an invalid value inside nested tables and lists."""

from collections.abc import Iterator
from contextlib import contextmanager

Place = tuple[str | int, ...]
"""Keys of tables and indices of lists that lead to a value, such as ``("tenants", "acme", "faults", 1)``."""


class PlacedError(ValueError):
    """An invalid value; *path* leads to it from the value that was checked, and is empty if it is unknown."""

    def __init__(self, message: str, *, path: Place = ()) -> None:
        super().__init__(message)
        self.path = path


@contextmanager
def placed(*outer: str | int) -> Iterator[None]:
    """Prepend *outer* to the path of an error that is raised in the context."""
    try:
        yield
    except PlacedError as error:
        error.path = (*outer, *error.path)
        raise
