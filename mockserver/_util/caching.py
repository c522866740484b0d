"""Caches: values derived from long-lived objects, and cached properties without a lock."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

T = TypeVar("T")
_MAX_ENTRIES: Final = 32


class IdentityCache(Generic[T]):
    """Decorate a function of one argument so that its results are cached by the argument's identity.

    Vocabularies and their columns are long: hashing or comparing them would cost more than the cache saves.
    The oldest of more than 32 entries are deleted.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self._entries: dict[int, tuple[Any, T]] = {}

    def __call__(self, value: Any) -> T:
        """Return the function's result for *value*, computed on the first call."""
        entry = self._entries.get(id(value))
        if entry is None:
            # The entry keeps a reference to the value, so that no other object gets its id.
            entry = self._entries[id(value)] = (value, self._function(value))
            for old in list(self._entries)[:-_MAX_ENTRIES]:
                self._entries.pop(old, None)
        return entry[1]


if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property(Generic[T]):  # noqa: N801 -- named as in functools
        """``functools.cached_property`` of Python 3.12, without the lock.

        The lock costs more than most columns of a page.
        """

        def __init__(self, function: Callable[[Any], T]) -> None:
            self._function = function
            self.__doc__ = function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> T:
            value: T = self._function(instance)
            instance.__dict__[self._name] = value
            return value


__all__ = ["IdentityCache", "cached_property"]
