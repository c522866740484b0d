"""What a tenant's clients did lately, as far as findings need it: which pages they were given, and how long they were told to wait."""

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

LISTS: Final = 32
"""How many lists are remembered, those that were asked last."""
PAGES: Final = 1_000
"""How many pages of each are, those that were asked last."""
WAITS: Final = 64


class Wait(NamedTuple):
    """What clients were told of when to come again."""

    since: int
    """The instant of the tenant's clock at which they were told."""
    until: int
    """The one that they were told to wait for."""
    really: int
    """The same by the real stopwatch, in nanoseconds: who waits while the tenant's clock stands has waited all the same."""
    told: int
    """The number of the last exchange that came before they were told."""

    @property
    def asked(self) -> int:
        """For how long they were asked to wait, in milliseconds."""
        return self.until - self.since

    def waited(self, at: int, began: int) -> int:
        """For how long an exchange did wait, by the clock by which it was longer, in milliseconds."""
        return max(0, at - self.since, self.asked - (self.really - began) // 1_000_000)


Scope = tuple[str, int | None, str | None]
"""A vendor, the site of the key, and an endpoint; ``None`` for all of them."""


class History:
    """The pages that were given, list by list, and the instants before which nobody should ask again."""

    def __init__(self) -> None:
        self._lists: dict[Hashable, dict[Any, bool | None]] = {}
        self._waits: dict[Scope, Wait] = {}
        self._of: object = None

    def of(self, spec: object) -> None:
        """Forget the lists of another world than that with this spec."""
        if self._of is not spec:
            self._lists, self._of = {}, spec

    def pages(self, name: Hashable) -> dict[Any, bool | None]:
        """The places of the pages of a list that were given since it was last begun, each with whether it is all of the list.

        ``None`` where nobody has looked.
        """
        found = self._lists[name] = self._lists.pop(name, {})
        if len(self._lists) > LISTS:
            del self._lists[next(iter(self._lists))]
        if len(found) > PAGES:
            del found[next(iter(found))]
        return found

    def wait(self, scope: Scope, wait: Wait) -> None:
        """Remember that clients were told to wait."""
        self._waits[scope] = wait
        if len(self._waits) > WAITS:
            del self._waits[next(iter(self._waits))]

    def wait_of(self, scope: tuple[str, int | None, str], at: int, began: int, number: int) -> Wait | None:
        """What clients had been told, where an exchange came sooner by the tenant's clock and by real time."""
        if not self._waits:
            return None
        told = [self._waits.get((*scope[:2], name)) for name in (scope[2], None)]
        return next(
            (
                wait
                for wait in told
                if wait and at < wait.until and began < wait.really and number > wait.told
            ),
            None,
        )

    def answered(self, scope: tuple[str, int | None, str]) -> None:
        """Forget that clients were told to wait: they had their answer, and what comes now is no retry."""
        if self._waits:
            self._waits.pop(scope, None)
            self._waits.pop((*scope[:2], None), None)
