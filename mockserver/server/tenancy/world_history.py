"""Snapshots of a tenant's world, from which the expected rows of a paging client follow."""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct, json

from mockserver.server.journal.journal import RowEdit
from mockserver.world.world import World

MAX_WORLDS: Final = 32
MAX_LISTS: Final = 256
MAX_EDITS: Final = 32
"""Different combinations of row edits that are remembered of each list, the last ones."""


class WorldSnapshot(Struct, frozen=True, eq=False):
    """The world of a tenant at an instant of its clock."""

    world: World
    now: int
    reference: int | None = None
    """Instant that default and relative time ranges refer to; None for ``now``."""


class BegunList(Struct, frozen=True):
    """A list whose first page a client requested."""

    vendor: str
    endpoint: str
    site: int
    parameters: dict[str, Any]
    """The parameters of its requests, without the site, credentials and paging parameters."""
    at: int
    """The tenant's clock when its first page was last requested."""


class WorldHistory:
    """The successive worlds of a tenant, and in which of them each list was started.

    While the world does not change, only the current one is kept. Beyond ``MAX_WORLDS``, worlds between the
    first and the last are forgotten. A list that was started in a forgotten world counts as started in an
    earlier one. So a client may have to collect fewer rows than without forgetting, but never more.
    """

    def __init__(self) -> None:
        self._worlds: dict[int, WorldSnapshot] = {}
        self._started: dict[str, tuple[int, int]] = {}
        """By list: number of the world in which its first page was last requested, and the instant."""
        self._edits: dict[str, list[tuple[RowEdit, ...]]] = {}
        """By list: how faults changed its rows since its first page was last requested."""
        self._last = -1
        self._current: set[str] = set()
        """The lists that were begun since the journal was cleared."""
        self._has_forgotten_lists = False

    @property
    def changed(self) -> bool:
        """True after the first change of the world."""
        return len(self._worlds) > 1

    @property
    def last(self) -> int:
        """The number of the last recorded world, -1 before the first."""
        return self._last

    def world(self, number: int) -> World | None:
        """Return the world with a number, or the earlier one that replaces it; ``None`` if there is none."""
        known = max((other for other in self._worlds if other <= number), default=None)
        return None if known is None else self._worlds[known].world

    def record(self, snapshot: WorldSnapshot) -> None:
        """Record a world if it differs from the last one.

        A world with another spec discards all earlier ones.
        """
        latest = self._worlds.get(self._last)
        if latest is not None and latest.world is snapshot.world:
            return
        if latest is not None and latest.world.spec != snapshot.world.spec:
            self._worlds = {}
            self._started = {}
            self._edits = {}
            self._current = set()
            self._has_forgotten_lists = False
        self._last += 1
        self._worlds[self._last] = snapshot
        if len(self._worlds) > MAX_WORLDS:
            self._forget()

    def _forget(self) -> None:
        """Forget the world whose neighbors were recorded closest to each other."""
        numbers = list(self._worlds)
        triples = zip(numbers, numbers[1:-1], numbers[2:], strict=False)
        earlier, forgotten, _ = min(triples, key=lambda triple: triple[2] - triple[0])
        del self._worlds[forgotten]
        self._started = {
            name: (earlier, self._worlds[earlier].now) if started[0] == forgotten else started
            for name, started in self._started.items()
        }

    def start_list(self, name: str | None, snapshot: WorldSnapshot) -> None:
        """Record that the first page of a list is requested; *name* is ``None`` for any other request."""
        self.record(snapshot)
        if name is None:
            return
        self._started.pop(name, None)
        self._edits.pop(name, None)
        self._started[name] = (self._last, snapshot.now)
        self._current.add(name)
        if len(self._started) > MAX_LISTS:
            oldest = next(iter(self._started))
            del self._started[oldest]
            self._edits.pop(oldest, None)
            self._current.discard(oldest)
            self._has_forgotten_lists = True

    def record_row_edits(self, name: str, edits: tuple[RowEdit, ...]) -> None:
        """Record how faults changed the rows of a page of a list."""
        known = self._edits.setdefault(name, [])
        if edits not in known:
            known.append(edits)
            del known[:-MAX_EDITS]

    def changed_forms(self, name: str, row: Any) -> Iterable[Any]:
        """Return the other forms in which faults may have returned a row of a list since it was begun."""
        forms: list[Any] = []
        for edits in self._edits.get(name, ()):
            form = row
            for edit in edits:
                form = edit(form)
            if form != row and form not in forms:
                forms.append(form)
        return forms

    def clear_current(self) -> None:
        """Leave the lists that were begun so far out of :meth:`begun_lists`."""
        self._current = set()

    def begun_lists(self) -> list[BegunList]:
        """Return the lists that clients began since the journal was cleared, oldest first."""
        found = []
        for name, (_, at) in self._started.items():
            if name in self._current:
                vendor, endpoint, site, parameters = json.decode(name)
                found.append(BegunList(vendor, endpoint, site, parameters, at))
        return found

    def started_at(self, name: str) -> int | None:
        """Return when the first page of a list was last requested; None if it never was."""
        started = self._started.get(name)
        return None if started is None else started[1]

    def snapshots_for(self, name: str, now: WorldSnapshot) -> tuple[list[WorldSnapshot], list[WorldSnapshot]]:
        """Return the snapshots before and since the first page of a list was requested.

        A list whose first page was never requested counts as started now; a forgotten one in the oldest
        world.
        """
        self.record(now)
        started = self._started.get(name)
        if started is None:
            if not self._has_forgotten_lists:
                return [], [now]
            oldest = next(iter(self._worlds))
            started = (oldest, self._worlds[oldest].now)
        number, at = started
        before = [snapshot for other, snapshot in self._worlds.items() if other < number]
        later = [snapshot for other, snapshot in self._worlds.items() if other > number]
        since = [WorldSnapshot(self._worlds[number].world, at), *later, now]
        distinct = {(id(snapshot.world), snapshot.now): snapshot for snapshot in since}
        return before, list(distinct.values())
