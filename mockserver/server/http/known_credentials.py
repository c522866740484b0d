"""The credentials that a server knows: found in any text at a cost that does not depend on how many there are."""

import re
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

_GRAM: Final = 8
"""Characters of a credential by which it is looked up."""
SHORTEST: Final = 4
"""Characters below which a credential is masked only where credentials belong."""
_MOST_DROPPED: Final = 50_000
_RUN: Final = re.compile(rf"[A-Za-z0-9]{{{SHORTEST},}}")


class KnownCredentials:
    """Every credential that opens a door of a server, or did until lately.

    A credential is indexed by the last characters of its longest run of letters and digits. To search a text, each
    piece of that length in the text's own runs is looked up: no step depends on the number of credentials.
    """

    def __init__(self) -> None:
        self._live: Counter[str] = Counter()
        """How many times each is in use: tenants may share a secret, and vendors a token."""
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._grams: dict[int, dict[str, list[str]]] = {}
        """Length of the piece, then piece, to the credentials that are found by it."""
        self._odd: set[str] = set()
        """Credentials without a run that is long enough."""
        self._sorted: list[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        """Add credentials that are in use."""
        for value in values:
            if value in self._dropped:
                del self._dropped[value]
            elif value not in self._live:
                self._enter(value)
            self._live[value] += 1

    def delete(self, values: Iterable[str]) -> None:
        """Remove credentials from use; they are found for a while longer, because late requests carry them."""
        for value in values:
            self._live[value] -= 1
            if not self._live[value]:
                del self._live[value]
                self._dropped[value] = None
        while len(self._dropped) > _MOST_DROPPED:
            self._leave(self._dropped.popitem(last=False)[0])

    def find(self, text: str) -> list[str]:
        """Return the credentials that stand anywhere in *text*, as they are spelled."""
        return [value for value in set(self._candidates(text)) if value in text]

    def begun(self, text: str) -> int:
        """Return how many characters at the end of *text* may be the beginning of a credential, 0 if none."""
        if self._sorted is None:
            self._sorted = sorted(value for value in (*self._live, *self._dropped) if len(value) > SHORTEST)
        longest = min(len(text), max(map(len, self._sorted), default=0))
        for length in range(longest, SHORTEST - 1, -1):
            end = text[len(text) - length :]
            place = bisect_left(self._sorted, end)
            if place < len(self._sorted) and self._sorted[place].startswith(end):
                return length
        return 0

    def _enter(self, value: str) -> None:
        self._sorted = None
        gram = _gram(value)
        if gram is not None:
            self._grams.setdefault(len(gram), {}).setdefault(gram, []).append(value)
        elif len(value) >= SHORTEST:
            self._odd.add(value)

    def _leave(self, value: str) -> None:
        self._sorted = None
        self._odd.discard(value)
        gram = _gram(value)
        if gram is not None:
            pieces = self._grams[len(gram)]
            pieces[gram].remove(value)
            if not pieces[gram]:
                del pieces[gram]
                if not pieces:
                    del self._grams[len(gram)]

    def _candidates(self, text: str) -> Iterator[str]:
        """Yield the credentials whose piece stands in a text, some more than once, and the odd ones."""
        yield from tuple(self._odd)  # Logs are cleaned in any thread, while the server's may add some.
        if not self._grams:
            return
        runs = _RUN.findall(text)
        for length, pieces in tuple(self._grams.items()):
            for run in runs:
                for start in range(len(run) - length + 1):
                    found = pieces.get(run[start : start + length])
                    if found is not None:
                        yield from found


def _gram(value: str) -> str | None:
    """Return the piece of a credential by which it is looked up; None if it has no run that is long enough."""
    longest = max(_RUN.findall(value), key=len, default=None)
    return None if longest is None else str(longest)[-_GRAM:]
