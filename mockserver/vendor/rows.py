"""Rows of a list as JSON, fast: what follows from less than the session is encoded once and kept.

A vendor declares its row as columns. *Own* columns differ from session to session (ids, times, people) and are encoded
for every page. The others follow from the row of the deck, and are encoded when that row is first met in a world, its
visitor, its arrival and its story apart from each other, as many rows share them; those that say of what in the row, such
as its place, are encoded once for all worlds. So the bytes of a page are mostly joined, not made.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Final

from msgspec import Struct, json

from mockserver._util.caching import IdentityCache
from mockserver.vendor.ahead import Ahead
from mockserver.vendor.columns import Column
from mockserver.vendor.groups import Fixed, Group, runs
from mockserver.vendor.lines import Columns, Lines
from mockserver.vendor.parts import Part, pieces
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.population import Population
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Vocabulary

_encode, _encode_lines = json.Encoder().encode, json.Encoder().encode_lines
_CRAWLED: Final = 16
"""For how many populations at a time it is kept what was met of them and made ahead: up to some megabytes each."""


class _Place(Struct, frozen=True):
    """An own column where it stands in the row."""

    column: Column
    before: bytes
    """What stands before a value."""
    nothing: bytes
    """What stands where there is none."""

    def encoded(self, sessions: SessionBatch) -> list[bytes]:
        """The values one by one, as any batch has them."""
        values = self.column.values(sessions)
        texts = _encode_lines(values).split(b"\n")[:-1]  # No text in JSON holds a line feed.
        return [self.nothing if value is None else self.before + text for value, text in zip(values, texts, strict=True)]

    def parts(self, words: Vocabulary) -> Sequence[Part]:
        """What makes the texts of batches in a vocabulary's words."""
        return [self.encoded] if self.column.texts is None else self.column.texts(words, self.before, self.nothing)


class Rows:
    """Turns batches of sessions into JSON objects of the given columns."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool = False) -> None:
        self._own: list[_Place] = []
        for column in columns:
            if column.own:
                before = (b"," if self._own else b"{") + _encode(column.name) + b":"
                self._own.append(_Place(column, before, before[:1].strip(b",") if omit_none else before + b"null"))
        fixed = groupby((column for column in columns if not column.own), key=lambda column: column.of)
        self._runs = runs(Group(decided, each, omit_none=omit_none) for decided, each in fixed)
        self._first_may_lack = omit_none or not self._own
        self._quick = IdentityCache(lambda words: list(pieces(chain.from_iterable(place.parts(words) for place in self._own))))
        """What makes the pieces of every line that are a session's own, by vocabulary."""
        self._crawled = lru_cache(maxsize=_CRAWLED)(self._begun)

    def lines(self, sessions: SessionBatch) -> Lines:
        """One JSON object a session: what is its own, then what its archetype fixes."""
        if not len(sessions):
            return Lines.of([[]])
        if not isinstance(sessions, GeneratedSessions) or sessions.identities:
            return Lines(len(sessions), lambda: self._encoded(sessions))
        return self._crawled(sessions.population).lines(sessions)

    def _encoded(self, sessions: SessionBatch) -> Columns:
        """The lines of any batch."""
        own = [place.encoded(sessions) for place in self._own]
        return self._whole(own, [group.encoded(sessions) for run in self._runs for group in run])

    def _begun(self, _: Population) -> Ahead:
        """The lines of a population, nothing of whose deck has been met yet."""
        fixed = Fixed(self._runs)
        return Ahead(lambda sessions: self._dealt(sessions, fixed))

    def _dealt(self, sessions: GeneratedSessions, fixed: Fixed) -> Columns:
        """The lines of a batch of the seeded world."""
        own = [told(sessions) for told in self._quick(sessions.archetypes.vocabulary)]
        return self._whole(own, fixed.texts(sessions))

    def _whole(self, own: Sequence[list[bytes]], fixed: Sequence[list[bytes]]) -> Columns:
        first, *others = *(own or [[b"{"] * len(fixed[0])]), *fixed
        if not self._first_may_lack or b"{" not in first:
            return [first, *others]
        # What follows a line's first piece begins with the comma of another field, if nothing stands in that piece.
        rest = [b"".join(pieces) for pieces in zip(*others, strict=True)]
        return [first, [text.removeprefix(b",") if begun == b"{" else text for begun, text in zip(first, rest, strict=True)]]
