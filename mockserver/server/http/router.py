"""Match requests to the endpoints of vendors, and find the closest endpoints if none matches."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from mockserver.contract.endpoint import Endpoint
from mockserver.vendors.base import Vendor

_MAX_NEAR_MISSES = 3
_MAX_COMPARED = 200
"""Characters of a path or segment that are compared to find near misses."""


class RouteMatch(Struct, frozen=True):
    """An endpoint and the values of its path parameters."""

    vendor: Vendor
    endpoint: Endpoint
    path: Mapping[str, str]
    template: str
    """The matched path template of the endpoint; not every dialect of the vendor has it."""


class NoRoute(Struct, frozen=True):
    """The result for a request that matches no endpoint."""

    vendor: Vendor | None
    """The vendor whose path it is; ``None`` if the mock itself responds."""
    error: str
    """``unknown_path`` or ``wrong_method``."""
    path: str
    """Without the vendor's prefix."""
    allowed: Sequence[tuple[str, str]] = ()
    """Matching templates, each with its method; not every dialect of the vendor has them."""


class NearMiss(Struct, frozen=True):
    """An endpoint that is similar to a request that matched none."""

    vendor: str
    endpoint: str
    """Empty for an endpoint that the vendor documents, but that is not imitated."""
    method: str
    path: str
    difference: str


class _Route(Struct, frozen=True):
    vendor: Vendor
    endpoint: Endpoint
    template: str
    segments: tuple[str | None, ...]
    """``None`` for a parameter."""
    parameters: tuple[str, ...]


def dialect_paths(vendor: Vendor) -> list[str]:
    """Return the path templates of the vendor's current dialect."""
    return [path for endpoint in vendor.contract.endpoints for path in endpoint.paths]


def _all_paths(vendor: Vendor) -> dict[str, Endpoint]:
    """Return the path templates of all dialects of a vendor, with their endpoints."""
    paths: dict[str, Endpoint] = {}
    for dialect in vendor.dialects.values():
        for endpoint in dialect.contract.endpoints:
            paths |= dict.fromkeys(endpoint.paths, vendor.endpoint(endpoint.name))
    return paths


def _create_route(vendor: Vendor, endpoint: Endpoint, template: str) -> _Route:
    words = template.split("/")[1:]
    segments = tuple(None if word.startswith("{") else word for word in words)
    parameters = tuple(word[1:-1] for word in words if word.startswith("{"))
    return _Route(vendor, endpoint, template, segments, parameters)


class Router:
    """Routes of all endpoints of the given vendors; a static segment takes precedence over a parameter."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self._vendors = {vendor.name: vendor for vendor in vendors}
        self._hosts = {host: vendor for vendor in vendors for host in vendor.contract.hosts}
        self._routes = [
            _create_route(vendor, endpoint, path)
            for vendor in vendors
            for path, endpoint in _all_paths(vendor).items()
        ]
        self._static_routes: dict[str, list[tuple[_Route, Mapping[str, str]]]] = {}
        for route in self._routes:
            if not route.parameters:
                self._static_routes.setdefault(route.template, []).append((route, {}))
        self._routes_by_shape: dict[tuple[int, str | None], list[_Route]] = {}
        for route in sorted(self._routes, key=lambda route: [part is None for part in route.segments]):
            shape = (len(route.segments), route.segments[0])
            self._routes_by_shape.setdefault(shape, []).append(route)
        self.match = lru_cache(maxsize=512)(self._match)

    def _match(self, method: str, path: str, host: str, only: Vendor | None = None) -> RouteMatch | NoRoute:
        """Match a method, a path as it was sent, and a host; with *only*, among one vendor's endpoints."""
        vendor = only or self._hosts.get(host.partition(":")[0].lower())
        prefix, _, rest = path[1:].partition("/")
        if vendor is None and prefix in self._vendors:
            vendor = self._vendors[prefix]
            path = "/" + rest
        candidates = self._match_path(path, vendor)
        for route, values in candidates:
            if route.endpoint.method == method or (method == "HEAD" and route.endpoint.method == "GET"):
                return RouteMatch(route.vendor, route.endpoint, values, route.template)
        if candidates:
            allowed = [(route.template, route.endpoint.method) for route, _ in candidates]
            return NoRoute(candidates[0][0].vendor, "wrong_method", path, allowed)
        if vendor is None and path.endswith("/"):  # With a trailing slash it is still that vendor's path.
            vendor = next((route.vendor for route, _ in self._match_path(path[:-1], None)), None)
        return NoRoute(vendor, "unknown_path", path)

    def _match_path(self, path: str, vendor: Vendor | None) -> list[tuple[_Route, Mapping[str, str]]]:
        """Return the routes that match a path with any method, each with the values of its parameters."""
        if path in self._static_routes:
            return [match for match in self._static_routes[path] if vendor in (None, match[0].vendor)]
        segments = [unquote(segment) if "%" in segment else segment for segment in path.split("/")[1:]]
        shape = (len(segments), segments[0] if segments else None)
        matches: list[tuple[_Route, Mapping[str, str]]] = []
        for route in self._routes_by_shape.get(shape, ()):
            if vendor is not None and route.vendor is not vendor:
                continue
            pairs = list(zip(route.segments, segments, strict=True))
            if all(sent if expected is None else expected == sent for expected, sent in pairs):
                values = [sent for expected, sent in pairs if expected is None]
                matches.append((route, dict(zip(route.parameters, values, strict=True))))
        return matches

    def find_near_misses(
        self,
        method: str,
        path: str,
        dialects: Mapping[str, Vendor],
        vendor: Vendor | None = None,
        preferred: Collection[str] = (),
    ) -> list[NearMiss]:
        """Return the endpoints of the given dialects that are closest to a request, closest first.

        Documented endpoints that are not imitated come first. If the request is for *vendor*, or has the
        credentials of *preferred* ones, an endpoint of another vendor comes first only if its path matches.
        """
        owners = preferred if vendor is None else (vendor.name,)
        others = [
            NearMiss(name, "", method, template, f"{name} documents this path, but it is not imitated")
            for name, dialect in dialects.items()
            if vendor is None or name == vendor.name
            for template in dialect.contract.other_paths
            if _matches_template(template, path)
        ]
        others.sort(key=lambda miss: miss.vendor not in owners)
        served = {
            (name, template) for name, dialect in dialects.items() for template in dialect_paths(dialect)
        }
        routes = [route for route in self._routes if (route.vendor.name, route.template) in served]
        routes.sort(key=lambda route: _distance(route, method, path, owners))
        similar = [
            NearMiss(
                route.vendor.name,
                route.endpoint.name,
                route.endpoint.method,
                route.template,
                _describe_difference(route, method, path, vendor),
            )
            for route in routes[:_MAX_NEAR_MISSES]
        ]
        return [*others, *similar][:_MAX_NEAR_MISSES]


def _matches_template(template: str, path: str) -> bool:
    words, segments = template.split("/"), path.split("/")
    return len(words) == len(segments) and all(
        word == segment or (word.startswith("{") and segment)
        for word, segment in zip(words, segments, strict=True)
    )


def _distance(route: _Route, method: str, path: str, owners: Collection[str]) -> tuple[bool, int, float]:
    """Return a sort key: smaller for routes that are more similar to a request."""
    from difflib import SequenceMatcher  # noqa: PLC0415 -- only unknown paths need it

    segments = path.split("/")[1:]
    pairs = _pair_static_segments(route, segments)
    length_difference = abs(len(route.segments) - len(segments))
    if length_difference:
        compared = [(route.template, path[:_MAX_COMPARED])]
    else:
        compared = [(expected, sent[:_MAX_COMPARED]) for expected, sent in pairs]
    similarity = sum(SequenceMatcher(None, expected, sent).ratio() for expected, sent in compared)
    similarity -= (route.endpoint.method != method) / 2  # Counts as much as half a segment.
    wrong = sum(expected != sent for expected, sent in pairs) + length_difference
    is_other_vendor = bool(owners) and route.vendor.name not in owners
    return is_other_vendor and wrong > 0, wrong, -similarity


def _pair_static_segments(route: _Route, segments: Sequence[str]) -> list[tuple[str, str]]:
    """Return the segments of a route that are not parameters, each with the sent segment at its position."""
    pairs = zip(route.segments, segments, strict=False)
    return [(expected, sent) for expected, sent in pairs if expected is not None]


def _describe_difference(route: _Route, method: str, path: str, vendor: Vendor | None) -> str:
    segments = path.split("/")[1:]
    differences = []
    if vendor is not None and vendor is not route.vendor:
        differences.append(
            f"it is an endpoint of {route.vendor.name}, but this host, port or prefix is for {vendor.name}"
        )
    if segments[-1:] == [""] and len(segments) - 1 == len(route.segments):
        differences.append("the path ends with a slash")
        segments.pop()
    if len(segments) != len(route.segments):
        count = f"{len(segments)} segment{'' if len(segments) == 1 else 's'}"
        differences.append(f"the path has {count}, expected {len(route.segments)}")
    else:
        differences += [
            f"the path has {sent[:_MAX_COMPARED]!r}, expected {expected!r}"
            for expected, sent in _pair_static_segments(route, segments)
            if expected != sent
        ]
    if method not in (route.endpoint.method, "HEAD"):
        differences.append(f"the method is {method}, expected {route.endpoint.method}")
    return "; ".join(differences)
