"""Parse requests, and cache the results, so that a repeated request is not parsed again."""

from collections import OrderedDict
from typing import Any, Final

from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.response import BODY_SNIPPET_BYTES
from mockserver.server.http.router import RouteMatch
from mockserver.server.journal.client_history import ListPage
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.tenancy.tenant import Tenants

_MAX_REQUESTS: Final = 64


class CachedRequest:
    """A parsed request with results that follow from it alone."""

    __slots__ = ("lint_findings", "list_page", "page", "parsed", "raw")

    def __init__(self, raw: RawRequest, parsed: ParsedRequest) -> None:
        self.raw = raw
        self.parsed = parsed
        self.lint_findings: list[Finding] | None = None
        """Findings that follow from the request alone; ``None`` until the first review."""
        self.page: tuple[Any, Any, tuple[str, Any]] | None = None
        """The requested page of a list; ``None`` until the first review, or if there are no pages."""
        self.list_page: ListPage | None = None
        """The same for the client history, which ignores the size of pages when it compares lists."""


class RequestCache:
    """Parses requests, and keeps the last ones until a tenant or its settings change."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._clear()

    def _clear(self) -> None:
        self._generation = self._tenants.generation
        self._parser = RequestParser(self._tenants)
        self._requests: OrderedDict[RawRequest, CachedRequest] = OrderedDict()

    def get(self, raw: RawRequest) -> CachedRequest | None:
        """Return the parsed request, or ``None`` if it is not cached."""
        if self._generation != self._tenants.generation:
            self._clear()
        return self._requests.get(raw)

    def parse(self, match: RouteMatch, raw: RawRequest) -> CachedRequest:
        """Parse a request that is not cached, and cache it unless its body is long."""
        cached = CachedRequest(raw, self._parser.parse(match, raw))
        if len(raw.body) <= BODY_SNIPPET_BYTES:
            self._requests[raw] = cached
            if len(self._requests) > _MAX_REQUESTS:
                self._requests.popitem(last=False)
        return cached
