"""Caches: values derived from long-lived objects, and cached properties without a lock."""

import sys
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
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


class BoundedCache(Generic[K, T]):
    """The values of the last *size* keys.

    Unlike ``lru_cache`` on a bound method, it does not refer to its owner. In such a cycle, the worlds of
    deleted tenants would live until the garbage collector runs, which would then run more often.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[K, T] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, make: Callable[[], T]) -> T:
        """Return the value of *key*, made on the first call."""
        value = self._values.pop(key, None)
        if value is None:
            value = make()
        self._values[key] = value
        if len(self._values) > self._size:
            self._values.pop(next(iter(self._values)), None)
        return value


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


__all__ = ["BoundedCache", "IdentityCache", "cached_property"]
