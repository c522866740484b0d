"""How rows of a vendor are read: from the values in a row to the world's values.

A row shows less than the world knows. The entries of the vocabulary that a row can be about are found with
the columns with which rows are written; what no vocabulary has is made of the row's values alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from mockserver.rows.encoder import RowEncoder
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.schedule import SESSION_TIMEOUT
from mockserver.world.model.hashing import key
from mockserver.world.model.spec import EARLIEST, LATEST
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place, Vocabulary, load

Row = Mapping[str, Any]
_SHIPPED: Final = ("default", "awkward")
_ENTRIES: Final = ("places", "agents", "acquisitions")


class RowError(ValueError):
    """A value in a row that no session of a world can have."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")


class RowEntries:
    """Finds the places, agents, acquisitions and pages of rows."""

    def __init__(self, encoder: RowEncoder, vocabulary: Vocabulary, *, new_ids: bool = False) -> None:
        self.vocabulary = vocabulary
        self._new_ids = new_ids
        vocabularies = [vocabulary, *map(load, _SHIPPED)]
        self._names = {
            entries: [c.name for c in encoder.columns if c.entry and c.entry.entries == entries]
            for entries in _ENTRIES
        }
        functions = {
            entries: [c.entry.value_of for c in encoder.columns if c.entry and c.entry.entries == entries]
            for entries in _ENTRIES
        }
        self._known: dict[str, dict[tuple[Any, ...], Any]] = {entries: {} for entries in _ENTRIES}
        self._pages: dict[tuple[str, str | None], Page] = {}
        for each in vocabularies:
            for entries in _ENTRIES:
                for entry in getattr(each, entries):
                    values = tuple(value_of(entry) for value_of in functions[entries])
                    self._known[entries].setdefault(values, entry)
            for page in each.pages if each is vocabulary else map(_without_links, each.pages):
                self._pages.setdefault((page.path, page.querystring), page)
                self._pages.setdefault((page.path, None), page)

    def number(self, row: Row, field: str, number: int | None, form: str, bits: int) -> int:
        """Return the number in an id; None stands for an id of another form, which gets another number.

        Raise :class:`RowError` if ids must not change.
        """
        if number is not None:
            return number
        if not self._new_ids:
            raise RowError(field, f"{row[field]!r} is not {form}; replace ids of another form with --new-ids")
        return key("imported", field, row[field]) >> (64 - bits)

    def place(self, row: Row, make: Callable[[Row], Place]) -> Place:
        """Return the first place that rows show as *row* does, or else the one that *make* returns."""
        place: Place = self._find("places", row, make)
        return place

    def agent(self, row: Row, make: Callable[[Row], Agent]) -> Agent:
        """Return the first agent that rows show as *row* does, or else the one that *make* returns."""
        agent: Agent = self._find("agents", row, make)
        return agent

    def acquisition(self, row: Row, make: Callable[[Row], Acquisition]) -> Acquisition:
        """Return the first acquisition that rows show as *row* does, or else that which *make* returns."""
        acquisition: Acquisition = self._find("acquisitions", row, make)
        return acquisition

    def _find(self, entries: str, row: Row, make: Callable[[Row], Any]) -> Any:
        values = tuple(row.get(name) for name in self._names[entries])
        known = self._known[entries]
        if values not in known:
            known[values] = make(row)
        return known[values]

    def page(self, path: str, querystring: str | None = None) -> Page:
        """Return a page; without a query string, the first with the path."""
        page = self._pages.get((path, querystring))
        if page is None:
            page = self._pages[path, querystring] = Page(path, "", querystring or "", 0, (), ())
        return page


def _without_links(page: Page) -> Page:
    """Return a page without its links, which are positions in the vocabulary that it comes from."""
    return replace(page, links=(), actions=())


class RowFormat(Struct, frozen=True):
    """How the rows of an endpoint are written and read."""

    encoder: Callable[[Mapping[str, Any]], RowEncoder]
    """Return the encoder for the settings of the vendor's behaviors, by short name."""
    ids: tuple[str, ...]
    """The fields with ids of sessions and visitors."""
    read: Callable[[Row, RowEntries], ImportedSession]
    """Return the session of a row that has the types of the contract.

    Raise :class:`RowError` if no session can have such a row. The caller compares what the encoder makes of
    the session with the row, so a reader need not notice values that contradict each other.
    """


def check_events(fields: str, count: int, start: int, end: int) -> None:
    """Raise :class:`RowError` unless *count* events can take place from *start* to *end*."""
    if count < 1:
        raise RowError(fields, "a session has at least one event; expected a sum of at least 1")
    if end < start:
        raise RowError("duration", "the end is before the start; expected a later one")
    if not EARLIEST <= start <= end < LATEST:
        raise RowError("start", f"{start} is outside of the calendar; expected a time from 1970 to 2099")
    if count == 1 and end // 1000 != start // 1000:
        raise RowError(fields, "a session with one event has no duration; expected a second event")
    if count > 1 and (end - start) // (count - 1) > SESSION_TIMEOUT:
        raise RowError(fields, "a session has no gap of more than 30 minutes; expected more events")


def make_agent(device: str, os: str, browser: str, versions: Sequence[str] = ("", "")) -> Agent:
    """Return an agent of which the size of the screen is unknown."""
    return Agent(device, os, versions[0], browser, versions[1], 0, 0, 0)
