"""Which endpoint of which vendor a request means."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from mockserver.contract.endpoint import Endpoint
from mockserver.vendors.base import Vendor

_LONGEST = 200
"""Characters of a path, or of a word of it, that are looked at where nothing matches."""


class RouteMatch(Struct, frozen=True):
    """An endpoint and the values of its path parameters."""

    vendor: Vendor
    endpoint: Endpoint
    path: Mapping[str, str]
    template: str
    """The path of the endpoint that it matches; not every dialect of the vendor has it."""


class NoRoute(Struct, frozen=True):
    """No endpoint, and whose answer that is."""

    vendor: Vendor | None
    """``None`` where the path belongs to nobody: the mock itself answers."""
    error: str
    """``unknown_path`` or ``wrong_method``."""
    path: str
    """Without the vendor's prefix."""
    allowed: Sequence[tuple[str, str]] = ()
    """Templates that match, each with the method that is right there; not every dialect of the vendor has them."""


class NearMiss(Struct, frozen=True):
    """An endpoint that is close to what was asked."""

    vendor: str
    endpoint: str
    method: str
    path: str
    difference: str


class _Route(Struct, frozen=True):
    vendor: Vendor
    endpoint: Endpoint
    template: str
    parts: tuple[str | None, ...]
    """``None`` for a parameter."""
    names: tuple[str, ...]


def paths(vendor: Vendor) -> list[str]:
    """The paths that a vendor has in the dialect that it speaks."""
    return [path for endpoint in vendor.contract.endpoints for path in endpoint.paths]


def _paths(vendor: Vendor) -> dict[str, Endpoint]:
    """The paths that a vendor has in any of its dialects."""
    return {
        path: vendor.endpoint(endpoint.name)
        for dialect in vendor.dialects.values()
        for endpoint in dialect.contract.endpoints
        for path in endpoint.paths
    }


def _route(vendor: Vendor, endpoint: Endpoint, template: str) -> _Route:
    words = template.split("/")[1:]
    parts = tuple(None if word.startswith("{") else word for word in words)
    return _Route(
        vendor, endpoint, template, parts, tuple(word[1:-1] for word in words if word.startswith("{"))
    )


class Router:
    """All endpoints of some vendors; a static segment of a path beats a parameter."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self._vendors = {vendor.name: vendor for vendor in vendors}
        self._hosts = {host: vendor for vendor in vendors for host in vendor.contract.hosts}
        self._routes = [
            _route(vendor, endpoint, path) for vendor in vendors for path, endpoint in _paths(vendor).items()
        ]
        self._written: dict[str, list[tuple[_Route, Mapping[str, str]]]] = {}
        for route in self._routes:
            if not route.names:
                self._written.setdefault(route.template, []).append((route, {}))
        self._by_shape: dict[tuple[int, str | None], list[_Route]] = {}
        for route in sorted(self._routes, key=lambda route: [part is None for part in route.parts]):
            self._by_shape.setdefault((len(route.parts), route.parts[0]), []).append(route)
        self.find = lru_cache(maxsize=512)(self._find)

    def _find(self, method: str, path: str, host: str, only: Vendor | None = None) -> RouteMatch | NoRoute:
        """Find the endpoint for a method, a path as it was sent, and a host; with ``only``, among one vendor's."""
        vendor = only or self._hosts.get(host.partition(":")[0].lower())
        prefix, _, rest = path[1:].partition("/")
        if vendor is None and prefix in self._vendors:
            vendor, path = self._vendors[prefix], "/" + rest
        matches = self._matching(path, vendor)
        for route, values in matches:
            if route.endpoint.method == method or (method == "HEAD" and route.endpoint.method == "GET"):
                return RouteMatch(route.vendor, route.endpoint, values, route.template)
        if matches:
            return NoRoute(
                matches[0][0].vendor,
                "wrong_method",
                path,
                [(route.template, route.endpoint.method) for route, _ in matches],
            )
        if vendor is None and path.endswith("/"):  # A slash too many is still that vendor's path.
            vendor = next((route.vendor for route, _ in self._matching(path[:-1], None)), None)
        return NoRoute(vendor, "unknown_path", path)

    def _matching(self, path: str, vendor: Vendor | None) -> list[tuple[_Route, Mapping[str, str]]]:
        if path in self._written:
            return [match for match in self._written[path] if vendor in (None, match[0].vendor)]
        words = [unquote(word) if "%" in word else word for word in path.split("/")[1:]]
        found: list[tuple[_Route, Mapping[str, str]]] = []
        for route in self._by_shape.get((len(words), words[0] if words else None), ()):
            if vendor is not None and route.vendor is not vendor:
                continue
            if all(
                word if part is None else part == word for part, word in zip(route.parts, words, strict=True)
            ):
                values = [word for part, word in zip(route.parts, words, strict=True) if part is None]
                found.append((route, dict(zip(route.names, values, strict=True))))
        return found

    def near(
        self,
        method: str,
        path: str,
        spoken: Mapping[str, Vendor],
        vendor: Vendor | None = None,
        count: int = 3,
    ) -> list[NearMiss]:
        """The endpoints closest to a request that none matches, closest first, and what differs, in the dialects that are spoken.

        Where a vendor was meant, another's endpoint is only near if it matches all but the vendor.
        """
        known = {(name, template) for name, each in spoken.items() for template in paths(each)}
        words, short = path.split("/")[1:], path[:_LONGEST]

        def distance(route: _Route) -> tuple[bool, int, float]:
            written, more = _written(route, words), abs(len(route.parts) - len(words))
            pairs = [(route.template, short)] if more else [(part, word[:_LONGEST]) for part, word in written]
            likeness = sum(SequenceMatcher(None, *pair).ratio() for pair in pairs)
            likeness -= (route.endpoint.method != method) / 2  # As much as half a word.
            wrong = sum(part != word for part, word in written) + more
            return vendor not in (None, route.vendor) and wrong > 0, wrong, -likeness

        return [
            NearMiss(
                route.vendor.name,
                route.endpoint.name,
                route.endpoint.method,
                route.template,
                _difference(route, method, path, vendor),
            )
            for route in sorted(
                (each for each in self._routes if (each.vendor.name, each.template) in known), key=distance
            )[:count]
        ]


def _written(route: _Route, words: Sequence[str]) -> list[tuple[str, str]]:
    """The segments of a route that are no parameters, each with the one that a path has in its place."""
    return [(part, word) for part, word in zip(route.parts, words, strict=False) if part is not None]


def _difference(route: _Route, method: str, path: str, vendor: Vendor | None) -> str:
    words = path.split("/")[1:]
    found = []
    if vendor is not None and vendor is not route.vendor:
        found.append(
            f"it is an endpoint of {route.vendor.name}, and this host, port or prefix is that of {vendor.name}"
        )
    if words[-1:] == [""] and len(words) - 1 == len(route.parts):
        found.append("the path ends in a slash")
        words.pop()
    if len(words) != len(route.parts):
        more = "more" if len(words) > len(route.parts) else "fewer"
        found.append(f"the path has {more} segments: {len(words)} instead of {len(route.parts)}")
    else:
        found += [
            f"{word[:_LONGEST]!r} instead of {part!r}"
            for part, word in _written(route, words)
            if part != word
        ]
    if method not in (route.endpoint.method, "HEAD"):
        found.append(f"method {method} instead of {route.endpoint.method}")
    return "; ".join(found)
