"""A small memory of what was asked and answered, so that the same request to the same world costs next to nothing."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from mockserver.server.answers import answered
from mockserver.server.faults import Armed, Faults
from mockserver.server.journal import Finding
from mockserver.server.raw import Raw
from mockserver.server.reading import Reading
from mockserver.server.wire import TOLD, Reply
from mockserver.world.world import World

_MOST = 256
_MOST_BYTES = 2 << 20


class Known:
    """How a request was read, and the last answer to it with the world and the instant it was true of."""

    __slots__ = ("_answer", "_armed", "_headers", "_meant", "_now", "_world", "advice", "page", "raw", "reading", "repeated")

    def __init__(self, raw: Raw, reading: Reading) -> None:
        self.raw, self.reading = raw, reading
        self.repeated = False
        """Whether it was asked more than once; a crawl asks for every page once, and its answers need not be kept."""
        self.advice: list[Finding] | None = None
        """What is to be said of the request as it stands; ``None`` until somebody has looked."""
        self.page: tuple[Any, Any, bytes] | None = None
        """Which page of a list it asks for, once somebody has looked."""
        self._world: World | None = None
        self._now = 0
        self._answer: Reply | None = None
        self._headers: Mapping[str, str] = {}
        self._armed: tuple[Armed, ...] = ()
        self._meant: tuple[Armed, ...] = ()

    def meant(self, faults: Faults) -> tuple[Armed, ...]:
        """Those of a tenant's faults that are meant for the request; looked for again when others are armed."""
        if self._armed is not faults.armed:
            self._armed, self._meant = faults.armed, faults.meant(self.reading)
        return self._meant

    def answer(self, world: World, now: int, headers: Mapping[str, str]) -> Reply | None:
        """What was answered, where neither world nor instant has changed since, with these headers; the last one as it was."""
        if self._answer is None or self._world is not world or self._now != now:
            return None
        if self._headers != headers:
            self._headers, self._answer = headers, answered(self._answer.body, headers)
        return self._answer

    def keep(self, world: World, now: int, answer: Reply, headers: Mapping[str, str]) -> int:
        """Keep an answer with these headers, and return by how many bytes more is kept than before."""
        more = len(answer.body) - self.size
        self._world, self._now, self._answer, self._headers = world, now, answer, headers
        return more

    @property
    def size(self) -> int:
        """Bytes of the answer that is kept."""
        return 0 if self._answer is None else len(self._answer.body)


class Memory:
    """The requests that were read last."""

    def __init__(self) -> None:
        self._known: OrderedDict[Raw, Known] = OrderedDict()
        self._bytes = 0

    def get(self, raw: Raw) -> Known | None:
        """What is known of a request."""
        known = self._known.get(raw)
        if known is not None:
            known.repeated = True
        return known

    def add(self, raw: Raw, reading: Reading) -> Known:
        """Remember how a request was read, unless it is a long one."""
        known = Known(raw, reading)
        if len(raw.body) <= TOLD:
            self._known[raw] = known
            if len(self._known) > _MOST:
                self._forget()
        return known

    def keep(self, known: Known, world: World, now: int, answer: Reply, headers: Mapping[str, str]) -> None:
        """Keep an answer to a request that is remembered; what was remembered first gives way."""
        self._bytes += known.keep(world, now, answer, headers)
        while self._bytes > _MOST_BYTES and self._known:
            self._forget()

    def _forget(self) -> None:
        self._bytes -= self._known.popitem(last=False)[1].size
