"""What happened: every exchange of a tenant, bounded by number and by bytes from the first day."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from sys import getsizeof
from typing import Final

from msgspec import Struct

from mockserver.contract.provenance import Source
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import presented
from mockserver.server.http.response import BODY_SNIPPET_BYTES, Response
from mockserver.server.http.router import NearMiss
from mockserver.server.journal.client_history import History

ENTRIES: Final = 5_000
"""How many exchanges are kept."""
BYTES: Final = 3 << 20
"""Bytes that they may take together, about; open exchanges count, and are never removed: connections bound their number."""
OVERLAPS: Final = 100
"""How many of the exchanges that were open at the same time an exchange remembers."""
_OVERHEAD: Final = 600
"""Bytes that an exchange takes beside all that :func:`_weight` adds up, about."""
_HEADER: Final = 90
"""Bytes that a header takes beside its texts, about: its entry, and the name as it is compared."""
_NEAR_MISS: Final = 100
"""Bytes that a near miss takes beside its texts, about."""
_MOST_SECRETS: Final = 64
"""Values that are remembered of a body that was cut; more in what is kept, and the body is not kept at all."""


class Finding(Struct, frozen=True):
    """What a careful reviewer would say of a request although it was answered."""

    name: str
    message: str


class Exchange(Struct, kw_only=True, eq=False):
    """A request with its answer."""

    number: int = 0
    """Counts the exchanges of a journal from 1."""
    received_at: int
    """The tenant's clock when the request came, Unix milliseconds."""
    started_ns: int
    """Real time when the request came, nanoseconds from some instant."""
    duration_ns: int | None = None
    """Nanoseconds of real time until the last byte was sent; ``None`` while it is open."""
    tenant: str | None = None
    vendor: str | None = None
    dialect: str | None = None
    """The dialect in which the vendor was spoken."""
    endpoint: str | None = None
    raw: RawRequest
    """The request, its body cut to :data:`BODY_SNIPPET_BYTES` once it is closed."""
    request_size: int = 0
    """Bytes of the request's whole body."""
    headers: Mapping[str, str]
    """Of the request."""
    known: KnownCredentials | None = None
    """The credentials of the server, which must not be shown."""
    secrets: tuple[str, ...] = ()
    """Further credentials that it presented in the part of its body that was cut off, as far as they stand in the rest."""
    headers_sent: Mapping[str, str] = {}
    """What the endpoint sends with every answer, such as how much of a limit is left."""
    response: Response | None = None
    """The answer, its body cut to :data:`BODY_SNIPPET_BYTES`; ``None`` while it is open, or where the client was gone before."""
    response_size: int = 0
    """Bytes of the whole body of the answer."""
    error: str | None = None
    """The error shape it was refused with."""
    basis: str | None = None
    """What our belief that the vendor answers so rests on, where it was refused."""
    source: Source | None = None
    """Where that was read; what was chosen was read nowhere."""
    failed: bool = False
    """Whether the mock itself failed."""
    client_disconnected: bool = False
    """Whether the client went before it had the answer, as far as that was seen."""
    blocked: bool = False
    """Whether another exchange held the slot that it needed."""
    deleted_tenant: str | None = None
    """The deleted tenant whose credential it carried."""
    faults: tuple[str, ...] = ()
    """Ids and kinds of the faults that triggered it, such as ``1:latency``."""
    open_before: tuple[int, ...] = ()
    """Numbers of the exchanges that were open when it came."""
    last_overlap: int = 0
    """The number of the last exchange that came before it was closed."""
    findings: tuple[Finding, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    weight: int = 0
    """Bytes it takes, about."""

    @property
    def overlapping(self) -> list[int]:
        """Numbers of the exchanges that were open at the same time."""
        return [*self.open_before, *range(self.number + 1, self.last_overlap + 1)]


class Journal:
    """The exchanges of a tenant, oldest first."""

    def __init__(self, entries: int = ENTRIES, most_bytes: int = BYTES) -> None:
        self._entries, self._most_bytes = entries, most_bytes
        self.clear()

    def clear(self) -> None:
        """Forget all, and count from the beginning."""
        self._open: dict[int, Exchange] = {}
        self._kept: dict[int, Exchange] = {}
        """All that are kept and all that are open, in the order in which they began."""
        self._bytes = 0
        self.count = 0
        """How many exchanges there were, those no longer kept included."""
        self.history = History()

    def open(self, exchange: Exchange) -> Exchange:
        """Number an exchange that has begun, and say which others are under way."""
        self.count += 1
        exchange.number, exchange.request_size = self.count, len(exchange.raw.body)
        if self._open:
            exchange.open_before = tuple(islice(self._open, OVERLAPS))
        self._open[exchange.number] = self._kept[exchange.number] = exchange
        self._weigh(exchange)
        return exchange

    def close(self, exchange: Exchange, reply: Response | None, took: int) -> None:
        """Keep an exchange that has ended; those that began first give way."""
        if self._open.get(exchange.number) is not exchange:
            return  # The journal was cleared meanwhile.
        del self._open[exchange.number]
        exchange.duration_ns, exchange.last_overlap = took, self.count
        if reply is not None:
            exchange.response_size, exchange.response = len(reply.body), reply.truncated
        if exchange.request_size > BODY_SNIPPET_BYTES:
            _cut(exchange)
        self._weigh(exchange)

    def _weigh(self, exchange: Exchange) -> None:
        """Count what an exchange takes now, and remove the oldest that have ended until all fit."""
        self._bytes -= exchange.weight
        exchange.weight = _weight(exchange)
        self._bytes += exchange.weight
        while len(self._kept) - len(self._open) > self._entries or self._bytes > self._most_bytes:
            oldest = next((number for number in self._kept if number not in self._open), None)
            if oldest is None:
                return
            self._bytes -= self._kept.pop(oldest).weight

    def __iter__(self) -> Iterator[Exchange]:
        """Those that are kept and those that are open, in the order in which they began."""
        return iter([self._current(exchange) for exchange in self._kept.values()])

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, number: int) -> Exchange | None:
        """The exchange with a number, if it is kept."""
        found = self._kept.get(number)
        return found and self._current(found)

    def _current(self, exchange: Exchange) -> Exchange:
        """An exchange that is open overlaps whatever has come so far."""
        if exchange.duration_ns is None:
            exchange.last_overlap = self.count
        return exchange


def _cut(exchange: Exchange) -> None:
    """Keep the beginning of a request's body, and of the credentials in the whole of it those that stand in what is kept."""
    raw = exchange.raw._replace(body=exchange.raw.body[:BODY_SNIPPET_BYTES])
    answer = b"" if exchange.response is None else exchange.response.body
    kept = "\n".join(
        [
            raw.path,
            *exchange.headers.values(),
            *(body.decode("utf-8", "replace") for body in (raw.body, answer)),
        ]
    )
    found = {value for value in presented(exchange.raw, exchange.headers) if value and value in kept}
    if len(found) > _MOST_SECRETS:
        raw = raw._replace(body=b"")
        found = set(islice(found, _MOST_SECRETS))
    exchange.raw, exchange.secrets = raw, tuple(found)


def _weight(exchange: Exchange) -> int:
    """Return the bytes that an exchange keeps alive, about; texts count as Python stores them."""
    raw, reply = exchange.raw, exchange.response
    texts = _size((raw.method, raw.path, raw.host, raw.authorization, *exchange.secrets))
    headers = _headers_size(exchange.headers) + (0 if reply is None else _headers_size(reply.headers))
    bodies = len(raw.body) + (0 if reply is None else len(reply.body))
    misses = sum(_NEAR_MISS + _size((miss.difference, miss.path)) for miss in exchange.near_misses)
    others = sum(
        map(getsizeof, (exchange.open_before, exchange.faults, exchange.findings, exchange.near_misses))
    )
    return (
        _OVERHEAD
        + texts
        + headers
        + bodies
        + misses
        + others
        + _size((*exchange.faults, *(each.message for each in exchange.findings)))
    )


def _headers_size(headers: Mapping[str, str]) -> int:
    return sum(_HEADER + 2 * getsizeof(name) + getsizeof(value) for name, value in headers.items())


def _size(texts: Iterable[str]) -> int:
    return sum(map(getsizeof, texts))
