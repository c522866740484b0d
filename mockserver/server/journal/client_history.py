"""The pages that a tenant's clients received lately."""

from collections.abc import Hashable
from typing import Any, Final

LISTS: Final = 32
"""Number of lists that are remembered, the last ones that were requested."""
PAGES: Final = 1_000
"""Number of pages of each list that are remembered, the last ones that were requested."""


class History:
    """The pages of each list that clients received."""

    def __init__(self) -> None:
        self._lists: dict[Hashable, dict[Any, bool | None]] = {}
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
