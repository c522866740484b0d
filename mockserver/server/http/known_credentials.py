"""An index of a server's credentials that finds them in any text, at a cost independent of their number."""

import re
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

_INDEX_KEY_LENGTH: Final = 8
"""Characters of a credential that are its key in the index."""
SHORTEST: Final = 4
"""Shorter credentials are masked only in fields for credentials."""
_MAX_DELETED: Final = 50_000
"""Deleted credentials that are remembered."""
_RUN: Final = re.compile(rf"[A-Za-z0-9]{{{SHORTEST},}}")


class KnownCredentials:
    """Every credential of a server's tenants, including those that were deleted lately.

    A credential is indexed by the last characters of its longest run of letters and digits. To search a text,
    each substring of that length in the text's own runs is looked up: no step depends on the number of
    credentials.
    """

    def __init__(self) -> None:
        self._live: Counter[str] = Counter()
        """Uses of each credential: tenants may share a secret, and vendors a token."""
        self._deleted: OrderedDict[str, None] = OrderedDict()
        self._index: dict[int, dict[str, list[str]]] = {}
        """Maps the length of a key, then the key, to its credentials."""
        self._unindexed: set[str] = set()
        """Credentials without a run of letters and digits that is long enough."""
        self._sorted: list[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        """Add a use of each credential."""
        for value in values:
            if value in self._deleted:
                del self._deleted[value]
            elif value not in self._live:
                self._add_to_index(value)
            self._live[value] += 1

    def delete(self, values: Iterable[str]) -> None:
        """Remove a use of each credential.

        Unused ones are still found for a while, because late requests carry them.
        """
        for value in values:
            self._live[value] -= 1
            if not self._live[value]:
                del self._live[value]
                self._deleted[value] = None
        while len(self._deleted) > _MAX_DELETED:
            self._remove_from_index(self._deleted.popitem(last=False)[0])

    def find(self, text: str) -> list[str]:
        """Return the credentials that occur anywhere in *text*."""
        return [value for value in set(self._candidates(text)) if value in text]

    def count_begun(self, text: str) -> int:
        """Return the number of characters at the end of *text* that may be the beginning of a credential."""
        if self._sorted is None:
            self._sorted = sorted(value for value in (*self._live, *self._deleted) if len(value) > SHORTEST)
        longest = min(len(text), max(map(len, self._sorted), default=0))
        for length in range(longest, SHORTEST - 1, -1):
            end = text[len(text) - length :]
            index = bisect_left(self._sorted, end)
            if index < len(self._sorted) and self._sorted[index].startswith(end):
                return length
        return 0

    def _add_to_index(self, value: str) -> None:
        self._sorted = None
        key = _index_key(value)
        if key is not None:
            self._index.setdefault(len(key), {}).setdefault(key, []).append(value)
        elif len(value) >= SHORTEST:
            self._unindexed.add(value)

    def _remove_from_index(self, value: str) -> None:
        self._sorted = None
        self._unindexed.discard(value)
        key = _index_key(value)
        if key is not None:
            by_key = self._index[len(key)]
            by_key[key].remove(value)
            if not by_key[key]:
                del by_key[key]
                if not by_key:
                    del self._index[len(key)]

    def _candidates(self, text: str) -> Iterator[str]:
        """Yield the credentials whose keys occur in a text, some more than once, and all that have no key."""
        yield from tuple(
            self._unindexed
        )  # A copy: logs are cleaned in any thread, while the server adds some.
        if not self._index:
            return
        runs = _RUN.findall(text)
        for length, by_key in tuple(self._index.items()):
            for run in runs:
                for start in range(len(run) - length + 1):
                    credentials = by_key.get(run[start : start + length])
                    if credentials is not None:
                        yield from credentials


def _index_key(value: str) -> str | None:
    """Return the key of a credential in the index; None if no run of letters and digits is long enough."""
    longest = max(_RUN.findall(value), key=len, default=None)
    return None if longest is None else str(longest)[-_INDEX_KEY_LENGTH:]
