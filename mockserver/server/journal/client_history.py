"""The pages that a tenant's clients received lately, and for how long they were told to wait."""

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

LISTS: Final = 32
"""Number of lists that are remembered, the last ones that were requested."""
PAGES: Final = 1_000
"""Number of pages of each list that are remembered, the last ones that were requested."""
WAITS: Final = 64
"""Number of waits that are remembered, the last ones that were announced."""


class Wait(NamedTuple):
    """A response that told clients when to retry."""

    since: int
    """The tenant's clock when the response was sent."""
    until: int
    """The tenant's clock when clients may retry."""
    until_ns: int
    """The same on the real stopwatch, in nanoseconds.

    A client may wait in real time while the tenant's clock is frozen.
    """
    last_number: int
    """The number of the last exchange that began before the response."""

    @property
    def duration(self) -> int:
        """The time to wait, in milliseconds."""
        return self.until - self.since

    def waited(self, at: int, started_ns: int) -> int:
        """Return how long an exchange waited, in milliseconds, by the clock that shows more."""
        real = self.duration - (self.until_ns - started_ns) // 1_000_000
        return max(0, at - self.since, real)


Scope = tuple[str, int | None, str | None]
"""A vendor, the site of the key, and an endpoint; ``None`` for all of them."""


class History:
    """The pages of each list that clients received, and the times before which they should not retry."""

    def __init__(self) -> None:
        self._lists: dict[Hashable, dict[Any, bool | None]] = {}
        self._waits: dict[Scope, Wait] = {}
        self._spec: object = None

    def use_world(self, spec: object) -> None:
        """Forget the lists of any world but the one with *spec*."""
        if self._spec is not spec:
            self._lists = {}
            self._spec = spec

    def pages(self, list_key: Hashable) -> dict[Any, bool | None]:
        """Return the pages of a list that clients received since its first page.

        The value is True for the last page, and ``None`` for a page that was not checked.
        """
        pages = self._lists[list_key] = self._lists.pop(list_key, {})
        if len(self._lists) > LISTS:
            del self._lists[next(iter(self._lists))]
        if len(pages) > PAGES:
            del pages[next(iter(pages))]
        return pages

    def record_wait(self, scope: Scope, wait: Wait) -> None:
        """Remember that clients were told to wait."""
        self._waits[scope] = wait
        if len(self._waits) > WAITS:
            del self._waits[next(iter(self._waits))]

    def find_wait(
        self, scope: tuple[str, int | None, str], at: int, started_ns: int, number: int
    ) -> Wait | None:
        """Return the wait that an exchange ignored, on the tenant's clock and in real time; else None."""
        if not self._waits:
            return None
        vendor, site, endpoint = scope
        for waiting_endpoint in (endpoint, None):
            wait = self._waits.get((vendor, site, waiting_endpoint))
            if wait and at < wait.until and started_ns < wait.until_ns and number > wait.last_number:
                return wait
        return None

    def clear_waits(self, scope: tuple[str, int | None, str]) -> None:
        """Forget the waits of a scope after a success: later requests are not retries."""
        if self._waits:
            vendor, site, _ = scope
            self._waits.pop(scope, None)
            self._waits.pop((vendor, site, None), None)
