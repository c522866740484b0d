"""``cached_property`` as it is from Python 3.12 on: without a lock, which costs more than most of what a page of sessions makes once."""

import sys

if sys.version_info >= (3, 12):
    from functools import cached_property as once
else:
    from collections.abc import Callable
    from typing import Any, Generic, TypeVar

    T = TypeVar("T")

    class once(Generic[T]):  # noqa: N801 -- it is used as a decorator
        """An attribute that is made when it is first asked for, and kept."""

        def __init__(self, make: Callable[[Any], T]) -> None:
            self._make, self.__doc__ = make, make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, holder: Any, owner: type | None = None) -> T:
            made: T = self._make(holder)
            holder.__dict__[self._name] = made
            return made


__all__ = ["once"]
