"""Cache of parsed requests, so that a request that is sent again is not parsed again."""

from collections import OrderedDict
from typing import Any, Final

from mockserver.server.faults.registry import Armed, Faults
from mockserver.server.http.raw_request import Raw
from mockserver.server.http.response import TOLD
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import Reading

_MAX_REQUESTS: Final = 256


class Known:
    """A parsed request and what else follows from it alone."""

    __slots__ = ("_armed", "_meant", "advice", "page", "raw", "reading")

    def __init__(self, raw: Raw, reading: Reading) -> None:
        self.raw = raw
        self.reading = reading
        self.advice: list[Finding] | None = None
        """Findings that follow from the request alone; ``None`` until the first review."""
        self.page: tuple[Any, Any, bytes] | None = None
        """The requested page of a list; ``None`` until the first review, or if there are no pages."""
        self._armed: tuple[Armed, ...] = ()
        self._meant: tuple[Armed, ...] = ()

    def meant(self, faults: Faults) -> tuple[Armed, ...]:
        """Return those of a tenant's faults that apply to the request; computed again when the faults change."""
        if self._armed is not faults.armed:
            self._armed = faults.armed
            self._meant = faults.meant(self.reading)
        return self._meant


class Memory:
    """The last parsed requests."""

    def __init__(self) -> None:
        self._known: OrderedDict[Raw, Known] = OrderedDict()

    def get(self, raw: Raw) -> Known | None:
        """Return the parsed request, or ``None`` if it is not cached."""
        return self._known.get(raw)

    def add(self, raw: Raw, reading: Reading) -> Known:
        """Cache a parsed request, unless its body is long."""
        known = Known(raw, reading)
        if len(raw.body) <= TOLD:
            self._known[raw] = known
            if len(self._known) > _MAX_REQUESTS:
                self._known.popitem(last=False)
        return known
