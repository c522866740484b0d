"""The refusals that a tenant's clients received lately, and for how long they were asked to wait."""

from hashlib import blake2b
from typing import Any, Final, NamedTuple
from weakref import ReferenceType

from msgspec import Struct

from mockserver._util.levels import Level
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import BODY_SNIPPET_BYTES

WAITS: Final = 64
"""Number of waits that are remembered, the last ones that were announced."""
REFUSALS: Final = 256
"""Number of refused requests that are remembered, the last ones that were sent."""
LOST: Final = 256
"""Number of recorded events without a response that are remembered, the last ones that were sent."""
GRACE_NS: Final = 250_000_000
"""A request that arrives at least this long after a response was sent after the client had read it."""


class Sent(NamedTuple):
    """When a response was sent."""

    at: int
    """The tenant's clock, Unix milliseconds."""
    ns: int
    """The real stopwatch, nanoseconds."""
    last_number: int
    """The number of the last exchange that began before the response was sent."""
    connection: ReferenceType[Any] | None = None
    """The connection, unless it ended with the response."""
    is_alone: bool = False
    """True if no other request was open together with the one of the response."""

    def was_read_before(self, number: int, started_ns: int, connection: ReferenceType[Any] | None) -> bool:
        """Return whether the client read the response before it sent an exchange.

        That is so if both have the same connection, if the client closed the connection of the response, or
        after a while. A request that was sent at the same time may arrive shortly after the response.
        """
        if number <= self.last_number:
            return False
        if started_ns - self.ns >= GRACE_NS:
            return True
        if self.connection is None:
            return False
        if connection is self.connection:
            return True
        transport = self.connection()
        return transport is None or bool(transport.is_closing())

    def precedes(self, number: int) -> bool:
        """Return whether the only client, which sends no request twice at once, sent an exchange afterwards.

        A client with other open connections may have sent it before, even if it arrives later.
        """
        return self.is_alone and self.connection is None and number > self.last_number


class Wait(NamedTuple):
    """A response that asked clients to wait."""

    since: int
    """The tenant's clock when the response was sent."""
    until: int
    """The tenant's clock when clients may retry."""
    since_ns: int
    """The real stopwatch when the response was sent, in nanoseconds."""
    last_number: int
    """The number of the last exchange that began before the response was sent."""

    @property
    def duration(self) -> int:
        """The time to wait, in milliseconds."""
        return self.until - self.since

    def waited(self, at: int, started_ns: int) -> int:
        """Return how long an exchange waited, in milliseconds, by the clock that shows more.

        A client may wait in real time while the tenant's clock is frozen.
        """
        return max(0, at - self.since, (started_ns - self.since_ns) // 1_000_000)

    def is_over(self, at: int, started_ns: int) -> bool:
        """Return whether an exchange waited long enough."""
        return self.waited(at, started_ns) >= self.duration


class Refusal(Struct, kw_only=True):
    """A refused request, and how it was repeated before."""

    status: int
    sent: Sent
    wait: Wait | None
    """The requested wait; ``None`` if there is none."""
    is_unknown_wait: bool
    """True if the client cannot know how long the requested wait is."""
    permanent: Level | None
    """The level of the finding about a repetition; ``None`` if the client may repeat the request."""
    version: int
    """The version of the tenant's state."""
    cursor_of: str | None = None
    """The key of the list of which the request named a cursor, if it was refused permanently."""
    pauses: tuple[int, ...] = ()
    """The last short pauses before the request was repeated, in milliseconds."""


Scope = tuple[str, int | None, str | None]
"""A vendor, the site of the key, and an endpoint; ``None`` for all of them."""


def request_key(raw: RawRequest) -> RawRequest:
    """Return the identity of a request: itself, with a digest instead of a long body."""
    if len(raw.body) <= BODY_SNIPPET_BYTES:
        return raw
    return raw._replace(body=blake2b(raw.body, digest_size=16).digest())


class RetryHistory:
    """The requests that were refused, and the times before which clients should not retry."""

    def __init__(self) -> None:
        self._waits: dict[Scope, Wait] = {}
        self._refusals: dict[RawRequest, Refusal] = {}
        self._lost: dict[RawRequest, None] = {}
        self._state: tuple[object, object, object] = (None, None, None)
        self._version = 0
        self.last_refusal: Refusal | None = None
        """The refusal to which the next exchange may react by waiting."""

    @property
    def is_empty(self) -> bool:
        """True if no exchange can be a retry."""
        return not (self._waits or self._refusals or self._lost or self.last_refusal)

    @property
    def world(self) -> object:
        """The world of the state whose version was requested last."""
        return self._state[0]

    def version(self, world: object, settings: object, faults: object) -> int:
        """Return the number of a tenant's state, which changes if one of its parts is another object."""
        known_world, known_settings, known_faults = self._state
        if world is not known_world or settings is not known_settings or faults is not known_faults:
            self._state = (world, settings, faults)
            self._version += 1
        return self._version

    def find_refusal(self, raw: RawRequest) -> Refusal | None:
        """Return the refusal of an identical request, if it was not repeated since."""
        return self._refusals.get(request_key(raw)) if self._refusals else None

    def record_refusal(self, raw: RawRequest, refusal: Refusal | None) -> None:
        """Remember the refusal of a request, or forget it after a success."""
        key = request_key(raw)
        self._refusals.pop(key, None)
        if refusal is None:
            return
        self._refusals[key] = refusal
        if len(self._refusals) > REFUSALS:
            del self._refusals[next(iter(self._refusals))]

    def forget_cursors(self, list_key: str) -> None:
        """Forget which cursors of a list were refused, because a client began it anew and gets them again."""
        refused = [raw for raw, refusal in self._refusals.items() if refusal.cursor_of == list_key]
        for raw in refused:
            del self._refusals[raw]

    def record_lost(self, raw: RawRequest) -> None:
        """Remember that a request recorded something, but that its response was lost."""
        key = request_key(raw)
        self._lost.pop(key, None)
        self._lost[key] = None
        if len(self._lost) > LOST:
            del self._lost[next(iter(self._lost))]

    def pop_lost(self, raw: RawRequest) -> bool:
        """Return whether the response to an identical request was lost, and forget it."""
        if not self._lost:
            return False
        key = request_key(raw)
        is_lost = key in self._lost
        self._lost.pop(key, None)
        return is_lost

    def record_wait(self, scope: Scope, wait: Wait) -> None:
        """Remember that clients were asked to wait."""
        self._waits[scope] = wait
        if len(self._waits) > WAITS:
            del self._waits[next(iter(self._waits))]

    def find_wait(
        self, scope: tuple[str, int | None, str], at: int, started_ns: int, number: int
    ) -> Wait | None:
        """Return the wait that another request ignored, although it was sent clearly after it."""
        if not self._waits:
            return None
        vendor, site, endpoint = scope
        for waiting_endpoint in (endpoint, None):
            wait = self._waits.get((vendor, site, waiting_endpoint))
            if (
                wait is not None
                and number > wait.last_number
                and started_ns - wait.since_ns >= GRACE_NS
                and not wait.is_over(at, started_ns)
            ):
                return wait
        return None

    def clear_waits(self, scope: tuple[str, int | None, str]) -> None:
        """Forget the waits of a scope after a success: later requests are not retries."""
        if self._waits:
            vendor, site, _ = scope
            self._waits.pop(scope, None)
            self._waits.pop((vendor, site, None), None)
