"""Cache of parsed requests, so that a request that is sent again is not parsed again."""

from collections import OrderedDict
from typing import Any, Final

from mockserver.server.faults.registry import ActiveFault, ActiveFaults
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import BODY_SNIPPET_BYTES
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import ParsedRequest

_MAX_REQUESTS: Final = 256


class CachedRequest:
    """A parsed request and what else follows from it alone."""

    __slots__ = ("_armed", "_meant", "advice", "page", "raw", "reading")

    def __init__(self, raw: RawRequest, reading: ParsedRequest) -> None:
        self.raw = raw
        self.reading = reading
        self.advice: list[Finding] | None = None
        """Findings that follow from the request alone; ``None`` until the first review."""
        self.page: tuple[Any, Any, bytes] | None = None
        """The requested page of a list; ``None`` until the first review, or if there are no pages."""
        self._armed: tuple[ActiveFault, ...] = ()
        self._meant: tuple[ActiveFault, ...] = ()

    def meant(self, faults: ActiveFaults) -> tuple[ActiveFault, ...]:
        """Return those of a tenant's faults that apply to the request; computed again when the faults change."""
        if self._armed is not faults.active:
            self._armed = faults.active
            self._meant = faults.meant(self.reading)
        return self._meant


class RequestCache:
    """The last parsed requests."""

    def __init__(self) -> None:
        self._known: OrderedDict[RawRequest, CachedRequest] = OrderedDict()

    def get(self, raw: RawRequest) -> CachedRequest | None:
        """Return the parsed request, or ``None`` if it is not cached."""
        return self._known.get(raw)

    def add(self, raw: RawRequest, reading: ParsedRequest) -> CachedRequest:
        """Cache a parsed request, unless its body is long."""
        known = CachedRequest(raw, reading)
        if len(raw.body) <= BODY_SNIPPET_BYTES:
            self._known[raw] = known
            if len(self._known) > _MAX_REQUESTS:
                self._known.popitem(last=False)
        return known
