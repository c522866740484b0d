"""The journal: the exchanges of a tenant, bounded by number and by bytes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from sys import getsizeof
from typing import Any, Final, Self
from weakref import ReferenceType

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.levels import Level
from mockserver.contract.findings import FINDINGS
from mockserver.contract.provenance import Source
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import presented_credentials
from mockserver.server.http.response import BODY_SNIPPET_BYTES, Response
from mockserver.server.http.router import NearMiss
from mockserver.server.journal.client_history import History
from mockserver.server.journal.retry_history import RetryHistory

ENTRIES: Final = 5_000
"""Maximum number of exchanges that are kept."""
BYTES: Final = 3 << 20
"""Maximum bytes of all exchanges, approximately.

Open ones count, but are never removed: connections bound their number.
"""
OVERLAPS: Final = 100
"""Maximum number of earlier overlapping exchanges that an exchange remembers."""
_OVERHEAD: Final = 600
"""Bytes of an exchange apart from what is added up, approximately."""
_HEADER: Final = 90
"""Bytes of a header apart from its strings, approximately: its entry, and the name in lower case."""
_NEAR_MISS: Final = 100
"""Bytes of a near miss apart from its strings, approximately."""
_MAX_SECRETS: Final = 64
"""Credentials that are remembered of a truncated body.

If more of them occur in the kept part, nothing of the body is kept.
"""


RowEdit = Callable[[Any], Any]
"""Returns a row as a fault changes it: the row itself, or a changed copy."""


class Finding(Struct, frozen=True, omit_defaults=True):
    """A defect in how a client used the API."""

    name: str
    message: str
    level: Level
    parameter: str | None = None
    """The name in the request that the finding is about, if there may be one for each of several names."""

    @classmethod
    def of_kind(
        cls,
        name: str,
        message: str | None = None,
        level: Level | None = None,
        parameter: str | None = None,
    ) -> Self:
        """Return a finding with the message and level of its kind, or with those given."""
        kind = FINDINGS[name]
        return cls(name, kind.message if message is None else message, level or kind.level, parameter)


class Exchange(Struct, kw_only=True, eq=False):
    """A request with its response."""

    number: int = 0
    """Position in the journal, from 1."""
    received_at: int
    """The tenant's clock when the request arrived, Unix milliseconds."""
    real_time: int
    """The system time when the request arrived, Unix milliseconds."""
    started_ns: int
    """Real time when the request arrived, nanoseconds from an arbitrary start."""
    duration_ns: int | None = None
    """Nanoseconds of real time until the last byte was sent; ``None`` while the exchange is open."""
    tenant: str | None = None
    vendor: str | None = None
    dialect: str | None = None
    """The vendor's dialect."""
    endpoint: str | None = None
    scheme: str = "http"
    raw: RawRequest
    """The request; its body is truncated to ``BODY_SNIPPET_BYTES`` when the exchange is closed."""
    request_size: int = 0
    """Bytes of the whole request body."""
    headers: Mapping[str, str]
    """The headers of the request."""
    known: KnownCredentials | None = None
    """The credentials of the server, to be masked."""
    secrets: tuple[str, ...] = ()
    """Credentials from the removed part of the request body that occur in the kept parts."""
    headers_sent: Mapping[str, str] = {}
    """Headers that the endpoint sends with every response, such as the remaining limit."""
    response: Response | None = None
    """The response, its body truncated to ``BODY_SNIPPET_BYTES``.

    It is ``None`` while the exchange is open, or if the client disconnected before.
    """
    response_size: int = 0
    """Bytes of the whole response body."""
    error: str | None = None
    """The name of the error, if the request was rejected."""
    basis: str | None = None
    """The basis of the error."""
    source: Source | None = None
    """The source of the error; ``None`` if it is assumed."""
    failed: bool = False
    """True if the mock itself failed."""
    client_disconnected: bool = False
    """True if the client was seen to disconnect before the end of the response."""
    blocked: bool = False
    """True if another exchange held the slot that this one needed."""
    recorded: bool = False
    """True if the request added an event or an identity to the tenant's world."""
    connection: ReferenceType[Any] | None = None
    """The connection on which the request arrived; ``None`` if it ends with the response."""
    deleted_tenant: str | None = None
    """The deleted tenant whose credential the request carried."""
    whole: bool = False
    """True for rows that were sent completely, and that no fault changed."""
    world: int | None = None
    """Number of the world, among those of the world history, that the response is based on.

    It is ``None`` before the first change of the world.
    """
    faults: tuple[str, ...] = ()
    """Numbers and kinds of the triggered faults, such as ``1:latency``."""
    effective_faults: Sequence[str] = ()
    """Those of the triggered faults that changed what the client gets, so far."""
    row_edits: Sequence[RowEdit] = ()
    """The changes of the response's rows by faults, in the order in which they were made."""
    answered_page: Any = None
    """The key of the page that was answered, if a fault changed the requested one; None without a fault."""
    answered_size: Any = None
    """The number of rows that was answered for, if the request can name one; None without a fault."""
    has_other_page: bool = False
    """True if a fault answered another page than the requested one, or one of another size."""
    open_before: tuple[int, ...] = ()
    """Numbers of the exchanges that were open when the request arrived."""
    last_overlap: int = 0
    """Number of the last exchange that started before this one was closed."""
    findings: tuple[Finding, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    weight: int = 0
    """Bytes of memory, approximately."""

    @property
    def overlapping(self) -> list[int]:
        """The numbers of the exchanges that were open at the same time."""
        return [*self.open_before, *range(self.number + 1, self.last_overlap + 1)]


class Journal:
    """The exchanges of a tenant, oldest first."""

    def __init__(self, entries: int = ENTRIES, most_bytes: int = BYTES) -> None:
        self._max_entries = entries
        self._max_bytes = most_bytes
        self.clear()

    def clear(self) -> None:
        """Delete all exchanges and restart numbering."""
        self._open: dict[int, Exchange] = {}
        self._kept: dict[int, Exchange] = {}
        """Kept and open exchanges by number, oldest first."""
        self._bytes = 0
        self.count = 0
        """Number of all exchanges, including those that are no longer kept."""
        self.history = History()
        self.retries = RetryHistory()

    def open(self, exchange: Exchange) -> Exchange:
        """Add an open exchange: set its number, and the numbers of the exchanges that it overlaps."""
        self.count += 1
        exchange.number = self.count
        exchange.request_size = len(exchange.raw.body)
        if self._open:
            exchange.open_before = tuple(islice(self._open, OVERLAPS))
        self._open[exchange.number] = exchange
        self._kept[exchange.number] = exchange
        self._add_weight(exchange, _request_weight(exchange))
        return exchange

    def close(self, exchange: Exchange, response: Response | None, duration_ns: int) -> None:
        """Complete an exchange; the oldest ones are removed if the journal is full."""
        if self._open.get(exchange.number) is not exchange:
            return  # The journal has been cleared.
        del self._open[exchange.number]
        exchange.duration_ns = duration_ns
        exchange.last_overlap = self.count
        if response is not None:
            exchange.response_size = len(response.body)
            exchange.response = replace(
                response, body=response.body[:BODY_SNIPPET_BYTES], coding=None, encoded=b""
            )
        added = _response_weight(exchange)
        if exchange.request_size > BODY_SNIPPET_BYTES:
            added -= _request_weight(exchange)
            _truncate_request(exchange)
            added += _request_weight(exchange)
        self._add_weight(exchange, added)

    def _add_weight(self, exchange: Exchange, weight: int) -> None:
        """Add to the weight of an exchange, and remove the oldest closed ones until all fit."""
        exchange.weight += weight
        self._bytes += weight
        while len(self._kept) - len(self._open) > self._max_entries or self._bytes > self._max_bytes:
            oldest = next((number for number in self._kept if number not in self._open), None)
            if oldest is None:
                return
            self._bytes -= self._kept.pop(oldest).weight

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over kept and open exchanges, oldest first."""
        return iter([self._update_overlap(exchange) for exchange in self._kept.values()])

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, number: int) -> Exchange | None:
        """Return the exchange with a number, or ``None`` if it is not kept."""
        exchange = self._kept.get(number)
        return None if exchange is None else self._update_overlap(exchange)

    def _update_overlap(self, exchange: Exchange) -> Exchange:
        """Return an exchange; an open one overlaps all exchanges that started since."""
        if exchange.duration_ns is None:
            exchange.last_overlap = self.count
        return exchange


def _truncate_request(exchange: Exchange) -> None:
    """Keep the beginning of the request body, and the credentials of the whole body that occur in it."""
    raw = exchange.raw._replace(body=exchange.raw.body[:BODY_SNIPPET_BYTES])
    response_body = b"" if exchange.response is None else exchange.response.body
    kept_texts = [
        raw.path,
        *exchange.headers.values(),
        raw.body.decode("utf-8", "replace"),
        response_body.decode("utf-8", "replace"),
    ]
    kept = "\n".join(kept_texts)
    credentials = presented_credentials(exchange.raw, exchange.headers)
    secrets = {credential for credential in credentials if credential and credential in kept}
    if len(secrets) > _MAX_SECRETS:
        raw = raw._replace(body=b"")
        secrets = set(islice(secrets, _MAX_SECRETS))
    exchange.raw = raw
    exchange.secrets = tuple(secrets)


# Approximations of the bytes that an exchange keeps alive; strings count as Python stores them.


def _request_weight(exchange: Exchange) -> int:
    raw = exchange.raw
    weight = _OVERHEAD + len(raw.body) + _headers_size(exchange.headers) + getsizeof(exchange.open_before)
    weight += _strings_size((raw.method, raw.path, raw.host, raw.authorization, *exchange.secrets))
    return weight


def _response_weight(exchange: Exchange) -> int:
    weight = _strings_size(exchange.faults)
    if exchange.response is not None:
        weight += len(exchange.response.body) + _headers_size(exchange.response.headers)
    for miss in exchange.near_misses:
        weight += _NEAR_MISS + getsizeof(miss.difference) + getsizeof(miss.path)
    for finding in exchange.findings:
        weight += getsizeof(finding.message)
    for values in (exchange.faults, exchange.findings, exchange.near_misses):
        if values:
            weight += getsizeof(values)
    return weight


def _headers_size(headers: Mapping[str, str]) -> int:
    return _HEADER * len(headers) + 2 * _strings_size(headers) + _strings_size(headers.values())


def _strings_size(strings: Iterable[str]) -> int:
    return sum(map(getsizeof, strings))
