"""What happened: every exchange of a tenant, bounded by number and by bytes from the first day."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from mockserver.server.raw import Raw
from mockserver.server.router import NearMiss
from mockserver.server.wire import Reply

ENTRIES: Final = 5_000
"""How many exchanges are kept."""
BYTES: Final = 4 << 20
"""Bytes that they may take together, about."""
BODY: Final = 4096
"""Bytes that are kept of each body."""
_OVERHEAD: Final = 1_000
"""Bytes that an exchange takes beside its bodies and its path, about."""


class Finding(Struct, frozen=True):
    """What a careful reviewer would say of a request although it was answered."""

    name: str
    says: str


class Exchange(Struct, kw_only=True, eq=False):
    """A request with its answer."""

    number: int = 0
    """Counts the exchanges of a journal from 1."""
    at: int
    """The tenant's clock when the request came, Unix milliseconds."""
    began: int
    """Real time when the request came, nanoseconds from some instant."""
    took: int | None = None
    """Nanoseconds of real time until the last byte was sent; ``None`` while it is open."""
    tenant: str | None = None
    vendor: str | None = None
    endpoint: str | None = None
    raw: Raw
    headers: Mapping[str, str]
    """Of the request."""
    headers_sent: Mapping[str, str] = {}
    """What the endpoint sends with every answer, such as how much of a limit is left."""
    reply: Reply | None = None
    """The answer, its body cut to :data:`BODY`; ``None`` while it is open, or where the client was gone before."""
    size: int = 0
    """Bytes of the whole body."""
    error: str | None = None
    """The error shape it was refused with."""
    basis: str | None = None
    """What our belief that the vendor answers so rests on, where it was refused."""
    failed: bool = False
    """Whether the mock itself failed."""
    dropped: str | None = None
    """The dropped tenant whose credential it carried."""
    faults: tuple[str, ...] = ()
    """Ids and kinds of the faults that struck it, such as ``1:latency``."""
    overlapped: list[int] = field(default_factory=list)
    """Numbers of the exchanges that were open at the same time."""
    findings: tuple[Finding, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()

    @property
    def weight(self) -> int:
        """Bytes it takes, about."""
        answer = 0 if self.reply is None else len(self.reply.body)
        return _OVERHEAD + len(self.raw.body) + len(self.raw.path) + answer


class Journal:
    """The exchanges of a tenant, oldest first."""

    def __init__(self, entries: int = ENTRIES, most_bytes: int = BYTES) -> None:
        self._entries, self._most_bytes = entries, most_bytes
        self._open: dict[int, Exchange] = {}
        self._closed: dict[int, Exchange] = {}
        self._bytes = 0
        self.count = 0
        """How many exchanges there were, those no longer kept included."""

    def open(self, exchange: Exchange) -> Exchange:
        """Number an exchange that has begun, and say which others are under way."""
        self.count += 1
        exchange.number = self.count
        if self._open:
            exchange.overlapped += self._open
            for other in self._open.values():
                other.overlapped.append(exchange.number)
        self._open[exchange.number] = exchange
        return exchange

    def close(self, exchange: Exchange, reply: Reply | None, took: int) -> None:
        """Keep an exchange that has ended; the oldest give way."""
        if self._open.pop(exchange.number, None) is not exchange:
            return  # The journal was cleared meanwhile.
        exchange.took = took
        if reply is not None:
            exchange.size = len(reply.body)
            exchange.reply = reply if exchange.size <= BODY else reply.cut(BODY)
        self._closed[exchange.number] = exchange
        self._bytes += exchange.weight
        while len(self._closed) > self._entries or self._bytes > self._most_bytes:
            self._bytes -= self._closed.pop(next(iter(self._closed))).weight

    def __iter__(self) -> Iterator[Exchange]:
        """Those that are kept and those that are open, in the order in which they began."""
        both = {**self._closed, **self._open}
        return iter([both[number] for number in sorted(both)])

    def __len__(self) -> int:
        return len(self._closed) + len(self._open)

    def get(self, number: int) -> Exchange | None:
        """The exchange with a number, if it is kept."""
        return self._closed.get(number) or self._open.get(number)

    def clear(self) -> None:
        """Forget all, and count from the beginning."""
        self._open, self._closed, self._bytes, self.count = {}, {}, 0, 0
