"""The worlds that a tenant has lived in since something first happened to its world, for whoever judges what a client saw."""

from typing import Final

from msgspec import Struct

from mockserver.world.world import World

MOST_WORLDS: Final = 32
MOST_LISTS: Final = 256


class WorldSnapshot(Struct, frozen=True, eq=False):
    """A world, and an instant of the tenant's clock at which it was the tenant's."""

    world: World
    now: int


class WorldHistory:
    """The successive worlds of a tenant, and in which of them each list was begun.

    Only the current world is held as long as it stays the same. Beyond a number of worlds, those between the first and
    the last are forgotten: what came and went between two neighbours is then not known of, and what a list was begun in
    is taken to be an earlier one, so that less is demanded of a client and never more.
    """

    def __init__(self) -> None:
        self._worlds: dict[int, WorldSnapshot] = {}
        self._begun: dict[str, tuple[int, int]] = {}
        """By list: the number of the world in which its first page was asked last, and the instant."""
        self._last = -1

    @property
    def changed(self) -> bool:
        """Whether the tenant has lived in more than one world."""
        return len(self._worlds) > 1

    def record(self, moment: WorldSnapshot) -> None:
        """Remember a world that is another than the last; one of another spec is a new beginning."""
        latest = self._worlds.get(self._last)
        if latest is not None and latest.world is moment.world:
            return
        if latest is not None and latest.world.spec != moment.world.spec:
            self._worlds, self._begun = {}, {}
        self._last += 1
        self._worlds[self._last] = moment
        if len(self._worlds) > MOST_WORLDS:
            self._forget()

    def _forget(self) -> None:
        """Forget the world whose neighbours were noted closest to each other."""
        numbers = list(self._worlds)
        between = zip(numbers, numbers[1:-1], numbers[2:], strict=False)
        earlier, gone, _ = min(between, key=lambda three: three[2] - three[0])
        del self._worlds[gone]
        self._begun = {
            name: (earlier, self._worlds[earlier].now) if at[0] == gone else at
            for name, at in self._begun.items()
        }

    def start_list(self, name: str | None, moment: WorldSnapshot) -> None:
        """Remember at which moment the first page of a list is asked for; any other page, which begins none, says nothing."""
        self.record(moment)
        if name is None:
            return
        self._begun.pop(name, None)
        self._begun[name] = (self._last, moment.now)
        if len(self._begun) > MOST_LISTS:
            del self._begun[next(iter(self._begun))]

    def snapshots_for(self, name: str, now: WorldSnapshot) -> tuple[list[WorldSnapshot], list[WorldSnapshot]]:
        """The moments before a list was begun, and those from then to now; a list that nobody began is taken to be the first."""
        self.record(now)
        if not self.changed:
            return [], [now]
        oldest = next(iter(self._worlds))
        number, at = self._begun.get(name, (oldest, self._worlds[oldest].now))
        before = [moment for each, moment in self._worlds.items() if each < number]
        later = [moment for each, moment in self._worlds.items() if each > number]
        since = [WorldSnapshot(self._worlds[number].world, at), *later, now]
        told = {(id(moment.world), moment.now): moment for moment in since}
        return before, list(told.values())
