"""Measure speed and memory, compare them with the promised bounds, and print one table.

Each comparison is made with a bare aiohttp server, or with the same server in another state, in the same run.
The two sides take turns and the median of the ratios counts, so that a calm machine gives the same verdict
twice; of a time that is compared with nothing, the minimum counts. Throughput is requests per second of the *server's* processor time: neither the client nor a busy
machine counts. ``--quick`` takes fewer samples.
"""

import compileall
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice, repeat
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import json

import mockserver
from mockserver.admin_schemas.limits import SlotState
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client import AdminClient
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.validation import read
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.vendors import load
from mockserver.vendors.base import Vendor, ViewRequest
from mockserver.world.model.hashing import draw_one
from tests.bench.client import WIDTH, Connection, exchange, time_each
from tests.bench.fixtures import measure_plugin
from tests.bench.processes import HERE, Server, bare, free_port, mock, run_server
from tests.bench.spoken import build_request
from tests.support.pages import with_page_number, with_page_size

QUICK = "--quick" in sys.argv
REQUESTS = 300 if QUICK else 1000
ROUNDS = 3 if QUICK else 9
"""Number of turns of each side of a comparison."""
BILLION = ["--sessions", "1000000000", "--start", "2025-10-01", "--end", "2026-10-01"]
DATES = {
    "start": 1_759_276_800,
    "end": 1_790_812_800,
    "start_date": "2025-10-01",
    "end_date": "2026-09-30",
    "day_after": "2026-10-01",
}
"""The time range of that world."""
PAGE_SIZE = 100
FAR_PAGE = 9_000_000
"""Number of the page at offset 900,000,000."""
UNLISTED = next(
    vendor.name for vendor in load() if not any(each.start_field for each in vendor.contract.endpoints)
)
"""A vendor of which no page is measured."""
INACTIVE_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "fields": {"no such field": 1}},
    {"kind": "latency", "seconds": 1, "since": "2099-01-01"},
    {"kind": "reset", "until": "1970-01-02"},
    {"kind": "status", "vendor": UNLISTED},
    {"kind": "status", "endpoint": "get_session"},
] * 2
"""Ten faults whose conditions no page meets."""


class Result(NamedTuple):
    """A measured number and its promised bound."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    is_minimum: bool = False

    @property
    def is_kept(self) -> bool:
        """Return True if there is no bound, or if the value is within it."""
        if self.bound is None:
            return True
        return self.value >= self.bound if self.is_minimum else self.value <= self.bound

    def line(self) -> str:
        """Return the row of the table."""
        if self.bound is None:
            return f"{self.name:<88} {self.value:>10,.3f} {self.unit}"
        kind = "min" if self.is_minimum else "max"
        verdict = "ok" if self.is_kept else "MISSED"
        return f"{self.name:<88} {self.value:>10,.3f} {self.unit:<3} {kind} {self.bound:<6.3g} {verdict}"


Pair = tuple[Vendor, Endpoint]


def fast_behaviors() -> list[str]:
    """Return options that let no request wait for real time."""
    options = []
    for vendor in load():
        for behavior in vendor.contract.behaviors:
            if "queue" in behavior.options:
                options += ["--behavior", f"{behavior.name}=queue"]
            elif behavior.unit == "milliseconds":
                options += ["--behavior", f"{behavior.name}=0"]
    return options


FAST = fast_behaviors()


def numbered_lists() -> list[Pair]:
    """Return the lists of sessions whose pages can be requested in any order."""
    return [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.start_field and not endpoint.pagination.has_cursors
    ]


def label(pair: Pair) -> str:
    """Return the name of a vendor's endpoint."""
    return f"{pair[0].name}.{pair[1].name}"


def all_params(endpoint: Endpoint) -> dict[str, Any]:
    """Return the parameters that request all sessions of the billion, in pages of 100."""
    params = {
        name: value.format_map(DATES) if isinstance(value, str) else value
        for name, value in endpoint.all_rows_params.items()
    }
    return with_page_size(endpoint, params, PAGE_SIZE)


def page_requests(access: TenantAccess, pair: Pair, numbers: Iterator[int]) -> Iterator[bytes]:
    """Yield requests for pages by their numbers, from 0."""
    params = all_params(pair[1])
    return (
        build_request(access, *pair, with_page_number(pair[1], params, number)).raw() for number in numbers
    )


def random_numbers(key: int) -> Iterator[int]:
    """Yield page numbers all over the billion."""
    return (draw_one(key, n) % FAR_PAGE for n in count())


def processor_rate(server: Server, requests: Iterator[bytes], width: int = WIDTH) -> float:
    """Return the number of requests for each second of the server's processor time."""
    begun = server.processor_seconds()
    exchange(server.port, requests, REQUESTS, width)
    return REQUESTS / (server.processor_seconds() - begun)


def median_ratio(one: Callable[[], float], other: Callable[[], float]) -> float:
    """Measure two sides in turns and return the median of their ratios; the first round only warms up."""
    ratios = [one() / other() for _ in range(ROUNDS + 1)]
    return statistics.median(ratios[1:])


def fastest(measure: Callable[[], float]) -> float:
    """Measure many times and return the minimum: whatever else the machine does only adds to it."""
    return min(measure() for _ in range(3 * ROUNDS))


def disable_slots(server: Server) -> TenantAccess:
    """Allow concurrent requests to every endpoint, and return the access of the default tenant."""
    with AdminClient(server.url) as admin:
        slots = [limit.name for limit in admin.limits() if isinstance(limit, SlotState)]
        admin.update_limits({name: {"enabled": False} for name in slots})
        return admin.tenant()


def measure_start() -> Iterator[Result]:
    """Measure the time from the start of a process to its first response."""

    def start(*command: str) -> float:
        port = free_port()
        begun = time.perf_counter()
        with run_server([*command, str(port)], port):
            return time.perf_counter() - begun

    def start_mock(sessions: str) -> float:
        return start("-m", "mockserver", "serve", "--sessions", sessions, "--port")

    with tempfile.NamedTemporaryFile() as file:
        ratio = median_ratio(lambda: start_mock("100"), lambda: start(str(HERE / "bare.py"), file.name))
    yield Result("start to first response, compared with bare aiohttp", ratio, "x", 1.6)
    ratio = median_ratio(lambda: start_mock("1000000000"), lambda: start_mock("100"))
    yield Result("start to first response, 10^9 sessions compared with 10^2", ratio, "x", 1.1)


def measure_throughput(server: Server, access: TenantAccess, pair: Pair) -> Iterator[Result]:
    """Measure the rate of fresh pages, compared with a bare server that sends the same bytes."""
    first = next(page_requests(access, pair, repeat(0)))
    connection = Connection(server.port)
    connection.send(first)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(connection.receive())
        connection.close()
        with bare(Path(file.name)) as plain:
            # Clients follow pages in order; see docs/decisions/0006-page-encoding.md for the bounds.
            orders = (("in order", count(10_000), 1 / 9), ("at random", random_numbers(1), 1 / 12))
            for order, numbers, least in orders:
                requests = page_requests(access, pair, numbers)
                for width, bound in ((WIDTH, least), (1, None)):
                    ratio = median_ratio(
                        lambda requests=requests, width=width: processor_rate(server, requests, width),  # type: ignore[misc]
                        lambda width=width: processor_rate(plain, repeat(first), width),  # type: ignore[misc]
                    )
                    name = (
                        f"{label(pair)}: rate of fresh pages {order}, {width} at a time, compared with bare"
                    )
                    yield Result(name, ratio, "x", bound, is_minimum=True)


def measure_deep_pages(server: Server, access: TenantAccess, pair: Pair) -> Result:
    """Compare pages at a large offset with pages at the beginning."""
    shallow = page_requests(access, pair, count(0))
    deep = page_requests(access, pair, count(FAR_PAGE))
    ratio = median_ratio(lambda: processor_rate(server, shallow), lambda: processor_rate(server, deep))
    return Result(f"{label(pair)}: pages at offset 9x10^8 compared with offset 0", ratio, "x", 1.2)


def filtered_requests(access: TenantAccess) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield a name, an unfiltered and a filtered request for each list, location list and series with filters."""
    for vendor in load():
        for endpoint in vendor.contract.endpoints:
            name = f"{vendor.name}.{endpoint.name}"
            params = all_params(endpoint)
            if endpoint.filtered_example:
                name += ": first filtered response"
                filtered = {**params, **endpoint.filtered_example}
            elif endpoint.count_field and "segment_id" in getattr(endpoint.query, "__struct_fields__", ()):
                name += ": series of a segment"
                filtered = {**params, "segment_id": access.vendors[vendor.name].segments["mobile"]}
            else:
                continue
            unfiltered_request = build_request(access, vendor, endpoint, params).raw()
            yield name, unfiltered_request, build_request(access, vendor, endpoint, filtered).raw()


def measure_filters() -> Iterator[Result]:
    """Measure the processor time of the first response to each filter.

    A repeated filter is cached, so every round has a new server.
    """
    durations: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        with mock(*BILLION, *FAST) as server:
            access = disable_slots(server)
            for name, unfiltered, filtered in filtered_requests(access):
                # The first request to an endpoint imports modules and computes the archetypes.
                time_each(server.port, [unfiltered])
                begun = server.processor_seconds()
                time_each(server.port, [filtered])
                durations.setdefault(name, []).append(server.processor_seconds() - begun)
    for name, values in durations.items():
        yield Result(f"{name} over 10^9 sessions", statistics.median(values) * 1000, "ms", 20)


HOSTILE_PATTERNS = {
    "many states": "(?:.?){{{}}}Z",
    "many ways": "(?:[a-m]?.){{120}}{}",
    "many optional characters": "(?:a?b?c?d?e?f?/?){{60}}{}",
    "small": "{}.*x",
}
"""Regular expressions by what makes them expensive; the number makes each of them different."""


def measure_hostile_filters(server: Server, access: TenantAccess) -> Iterator[Result]:
    """Measure the processor time of queries full of patterns: every other client waits as long."""
    for vendor, endpoint in numbered_lists():
        if "filters" not in endpoint.filtered_example:
            continue
        wanted = json.decode(endpoint.filtered_example["filters"])[0]
        for kind, pattern in HOSTILE_PATTERNS.items():
            values = [pattern.format(number) for number in range(140, 240)]
            filters = [
                [{**wanted, "type": "regex", "value": [value]} for value in values[:40]],
                [{**wanted, "type": "regex", "value": values}],
            ]
            durations = []
            for each in filters:
                parameters = {**all_params(endpoint), "filters": json.encode(each).decode()}
                begun = server.processor_seconds()
                with socket.create_connection(("127.0.0.1", server.port)) as connection:
                    connection.sendall(build_request(access, vendor, endpoint, parameters).raw())
                    connection.recv(1)  # Rows, or the error that the filters are too complex.
                durations.append(server.processor_seconds() - begun)
            yield Result(f"{label((vendor, endpoint))}: patterns of {kind}", max(durations) * 1000, "ms", 100)


def measure_memory(server: Server) -> Result:
    """Compare the resident memory with that of a bare server."""
    with tempfile.NamedTemporaryFile() as file, bare(Path(file.name)) as plain:
        added = server.resident() - plain.resident()
    return Result("resident memory above bare aiohttp, with a full journal", added / (1 << 20), "MiB", 40)


def first_page_request(pair: Pair, seed: int) -> ViewRequest:
    """Return a request for the first page of a new world."""
    vendor, endpoint = pair
    tenant = make_tenant("new", TenantConfig(world={"seed": seed}))
    identifiers = tenant.identifiers[vendor.name]
    params = with_page_size(endpoint, all_rows_params(tenant, endpoint), PAGE_SIZE)
    body = None
    if endpoint.body is not None:
        body = read(endpoint.body, {**identifiers.credentials, **params}, "body")
    return ViewRequest(
        query=None if endpoint.query is None else read(endpoint.query, params, "query"),
        body=body,
        path={},
        world=tenant.world,
        site=tenant.world.sites[0],
        now=tenant.clock.now(),
        behaviors=tenant.behaviors[vendor.name],
        identifiers=identifiers,
    )


def measure_first_pages() -> Iterator[Result]:
    """Measure the processor time of the first page of a new world, with the computation of the world."""
    seeds = count(1)
    for pair in numbered_lists():
        vendor, endpoint = pair

        def measure(pair: Pair = pair, vendor: Vendor = vendor, endpoint: Endpoint = endpoint) -> float:
            requests = [first_page_request(pair, seed) for seed in islice(seeds, 50)]
            begun = time.process_time()
            for request in requests:
                vendor.respond(endpoint, request)
            return (time.process_time() - begun) / len(requests)

        yield Result(f"{label(pair)}: first page of a new world", fastest(measure) * 1000, "ms", 1.2)


def measure_faults(server: Server, access: TenantAccess, pair: Pair) -> Result:
    """Compare pages while ten faults are inactive with pages without faults."""
    numbers = count(1_000)  # Both sides request new pages: a request that is sent again is cheaper.
    with AdminClient(server.url) as admin:

        def cost(faults: list[dict[str, Any]]) -> float:
            admin.add_faults(*faults)
            rate = processor_rate(server, page_requests(access, pair, numbers))
            admin.remove_faults()
            return 1 / rate

        ratio = median_ratio(lambda: cost(INACTIVE_FAULTS), lambda: cost([]))
    return Result(f"{label(pair)}: ten inactive faults compared with none", ratio, "x", 1.3)


def measure_tenants(server: Server, access: TenantAccess, pair: Pair) -> Result:
    """Compare a server with 1,000 tenants with a server with one."""
    numbers = count(1_000)
    with mock(*BILLION, *FAST) as crowded:
        other_access = disable_slots(crowded)
        with AdminClient(crowded.url) as admin:
            for _ in range(999):
                admin.create_tenant()
        ratio = median_ratio(
            lambda: 1 / processor_rate(crowded, page_requests(other_access, pair, numbers)),
            lambda: 1 / processor_rate(server, page_requests(access, pair, numbers)),
        )
    return Result(f"{label(pair)}: 1,000 tenants compared with one", ratio, "x")


def measure_imported(pair: Pair) -> Result:
    """Compare pages of 100,000 imported sessions with pages of as many generated ones."""
    vendor, endpoint = pair
    sessions = 100_000
    span = ["--start", "2025-10-01", "--end", "2026-10-01"]
    world = {"sessions": sessions, "start": span[1], "end": span[3]}
    tenant = make_tenant("seeded", TenantConfig(world=world))
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        parameters = with_page_size(endpoint, all_rows_params(tenant, endpoint), 1000)
        for _, row in rows(tenant, vendor, endpoint, parameters):
            file.write(json.encode(row) + b"\n")
        file.flush()
        imported = ["--sessions-from", file.name, "--as", label(pair)]
        with mock("--sessions", str(sessions), *span, *FAST) as one, mock(*imported, *span, *FAST) as other:
            pages = cycle(range(sessions // PAGE_SIZE))
            one_pages, other_pages = (
                page_requests(disable_slots(server), pair, pages) for server in (one, other)
            )
            ratio = median_ratio(
                lambda: processor_rate(one, one_pages), lambda: processor_rate(other, other_pages)
            )
    return Result(f"{label(pair)}: pages of 10^5 imported sessions compared with generated", ratio, "x", 2)


def measure() -> Iterator[Result]:
    """Measure everything, in the order of the promises."""
    yield from measure_start()
    with mock(*BILLION, *FAST) as server:
        access = disable_slots(server)
        for pair in numbered_lists():
            yield from measure_throughput(server, access, pair)
        yield from measure_first_pages()
        for pair in numbered_lists():
            yield measure_deep_pages(server, access, pair)
        yield from measure_filters()
        yield measure_memory(server)
        yield from measure_hostile_filters(server, access)
        yield from (Result(*row) for row in measure_plugin())
        for pair in numbered_lists():
            yield measure_faults(server, access, pair)
        yield measure_tenants(server, access, numbered_lists()[0])
    for pair in numbered_lists():
        yield measure_imported(pair)


def main() -> int:
    """Print each result when it is known; return 1 if a promise is missed."""
    compileall.compile_dir(str(Path(mockserver.__file__).parent), quiet=2)  # as in an installed package
    missed = 0
    for result in measure():
        print(result.line(), flush=True)
        missed += not result.is_kept
    print(f"\n{missed} promises missed" if missed else "\nall promises kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
