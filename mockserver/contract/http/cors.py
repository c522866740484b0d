"""Cross-origin resource sharing: which web pages of other origins may read a vendor's responses."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from mockserver.contract.provenance import Fact, assumed

ORIGIN: Final = "Origin"
REQUESTED_METHOD: Final = "Access-Control-Request-Method"
REQUESTED_HEADERS: Final = "Access-Control-Request-Headers"
_PREFIX: Final = "Access-Control-Allow-"


class Cors(Struct, frozen=True, kw_only=True):
    """A policy for the requests of web pages of other origins."""

    fact: Fact
    endpoints: tuple[str, ...] = ()
    """Names of the endpoints to which it applies; all if empty."""
    origin: Literal["none", "any", "request"] = "none"
    """The origins that are allowed, as they are named: none, ``*``, or that of the request."""
    credentials: bool = False
    """True if the header ``Access-Control-Allow-Credentials`` is sent."""
    methods: str = "GET, POST"
    headers: str | None = None
    """The allowed headers of a request; None for those that the preflight asks for."""
    status: int = 204
    """Status of the response to a preflight."""

    def response_headers(self, origin: str) -> dict[str, str]:
        """Return the headers of every response to a request with an origin."""
        if self.origin == "none":
            return {}
        headers = {f"{_PREFIX}Origin": "*" if self.origin == "any" else origin}
        if self.credentials:
            headers[f"{_PREFIX}Credentials"] = "true"
        if self.origin == "request":
            headers["Vary"] = ORIGIN
        return headers

    def preflight_headers(self, request: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of the response to a preflight with the given headers."""
        allowed = request.get(REQUESTED_HEADERS, "") if self.headers is None else self.headers
        headers = self.response_headers(request[ORIGIN]) | {f"{_PREFIX}Methods": self.methods}
        return headers | ({f"{_PREFIX}Headers": allowed} if allowed else {})


NO_CORS: Final = Cors(fact=assumed("No web page of another origin may read responses."))
ANY_ORIGIN: Final = Cors(fact=assumed("Every web page may read responses."), origin="any")


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request asks, as browsers do, if a page may send another request."""
    return method == "OPTIONS" and ORIGIN in headers and REQUESTED_METHOD in headers
