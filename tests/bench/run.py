"""Measures what the project promises about speed and memory, each beside a bare aiohttp handler in the same run.

Throughput is requests per second of the *server's* processor time, so that neither the client nor a busy machine counts.
``--quick`` takes fewer samples.
"""

import compileall
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import mockserver
from mockserver.admin_schemas import SlotState
from mockserver.client import AdminClient
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.contract.validation import read
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.tenancy.config import TenantConfig, make_tenant
from mockserver.vendors import load
from mockserver.vendors.base import Vendor, ViewRequest
from mockserver.world.model.hashing import draw_one
from tests.bench.client import WIDTH, Connection, exchange, one_by_one
from tests.bench.fixtures import rows
from tests.bench.processes import Server, bare, free_port, mock, serving, unkept

QUICK = "--quick" in sys.argv
REQUESTS = 300 if QUICK else 2000
ROUNDS = 1 if QUICK else 3
BILLION = ["--sessions", "1000000000", "--start", "2025-10-01", "--end", "2026-10-01"]
_SETTINGS = [
    f"{behavior.name}={'queue' if 'queue' in behavior.options else 0}"
    for vendor in load()
    for behavior in vendor.contract.behaviors
    if behavior.unit == "milliseconds" or "queue" in behavior.options
]
UNHURRIED = [word for setting in _SETTINGS for word in ("--behavior", setting)]
"""No request waits for the clock on the wall."""
failed: list[str] = []


def report(
    what: str, measured: float, unit: str, bound: float | None = None, *, at_least: bool = False
) -> None:
    """Print a figure, and whether it keeps its promise."""
    if bound is None:
        print(f"  {what:<72} {measured:10,.2f} {unit}")
        return
    kept = measured >= bound if at_least else measured <= bound
    print(
        f"  {what:<72} {measured:10,.2f} {unit:<6} {'at least' if at_least else 'at most'} {bound:g}: {'kept' if kept else 'MISSED'}"
    )
    if not kept:
        failed.append(what)


def request(server: Server, vendor: Vendor, endpoint: Endpoint, parameters: dict[str, Any]) -> bytes:
    """A request to an endpoint as bytes."""
    told = server.described["vendors"][vendor.name]
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", told["sites"][0])
    if isinstance(endpoint.credentials, BodyKeys):
        body = json.dumps({**told["credentials"], **parameters}).encode()
        return (
            b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (
                path.encode(),
                len(body),
                body,
            )
        )
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"GET {path}{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {told['credentials']['token']}\r\n\r\n".encode()


def whole(endpoint: Endpoint) -> dict[str, Any]:
    """The parameters that ask for everything in the billion."""
    words = {
        "start": 1_759_276_800,
        "end": 1_790_812_800,
        "start_date": "2025-10-01",
        "end_date": "2026-09-30",
        "day_after": "2026-10-01",
    }
    limit = getattr(endpoint.pagination, "limit", None)
    asked = {
        name: value.format_map(words) if isinstance(value, str) else value
        for name, value in endpoint.all_rows_params.items()
    }
    return {**asked, limit: 100} if limit else asked


def pages(endpoint: Endpoint, numbers: Iterator[int]) -> Iterator[dict[str, Any]]:
    """The parameters of the n-th page of 100, for an endpoint whose pages have numbers or offsets."""
    for number in numbers:
        match endpoint.pagination:
            case OffsetPagination(offset=offset):
                yield {**whole(endpoint), offset: number * 100}
            case PageNumberPagination(page=page, first=first):
                yield {**whole(endpoint), page: number + first}


def per_second(
    server: Server, requests: Iterator[bytes], number: int = REQUESTS, width: int = WIDTH
) -> float:
    """Requests answered in a second of the server's processor time, so many of them sent at a time."""
    begun = server.processor_seconds()
    exchange(server.port, requests, number, width)
    return number / float(server.processor_seconds() - begun)


def random_pages(key: int) -> Iterator[int]:
    """Return page numbers all over the billion, without repetition."""
    return (draw_one(key, n) % 9_000_000 for n in count())


def numbered() -> list[tuple[Vendor, Endpoint]]:
    """The lists of sessions whose pages can be asked for in any order."""
    return [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.start_field and not isinstance(endpoint.pagination, CursorPagination)
    ]


def side_by_side(server: Server) -> None:
    """Take as many exports at a time as are sent: what is measured is what a page costs, not how its requests wait for each other."""
    with AdminClient(server.url) as admin:
        admin.change_limits(
            {limit.name: {"enabled": False} for limit in admin.limits() if isinstance(limit, SlotState)}
        )


def throughput(server: Server, vendor: Vendor, endpoint: Endpoint) -> None:
    """Measure fresh pages in order and at random, compared with a bare handler that sends the same bytes."""

    def ask(numbers: Iterator[int]) -> Iterator[bytes]:
        return (request(server, vendor, endpoint, page) for page in pages(endpoint, numbers))

    connection = Connection(server.port)
    connection.send(next(ask(repeat(0))))
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(body := connection.receive())
        with bare(Path(file.name)) as plain:
            exchange(server.port, ask(iter(range(2000, 2400))), 400)  # Every archetype has been met once.
            exchange(server.port, ask(random_pages(2)), 400)
            again = repeat(next(ask(repeat(0)))), 4 * REQUESTS
            kinds = (ask(count(10_000)), REQUESTS), (ask(random_pages(1)), REQUESTS)
            bounds = {"fresh pages in order": 1 / 6, "fresh pages at random": 1 / 6}
            print(f"\n{vendor.name}.{endpoint.name}: pages of 100 sessions, {len(body):,} bytes")
            for width in (WIDTH, 1):
                rates = [  # They take turns, so that all meet the machine as it is.
                    [
                        per_second(of, asked, number, width)
                        for of, asked, number in ((plain, *again), *((server, *kind) for kind in kinds))
                    ]
                    for _ in range(ROUNDS)
                ]
                base, *others = zip(*rates, strict=True)
                at_a_time = f"{width} requests" if width > 1 else "one request"
                print(
                    f"  {at_a_time} at a time; bare aiohttp {statistics.median(base):,.0f} a processor second"
                )
                for (what, bound), rate in zip(bounds.items(), others, strict=True):
                    ratio = statistics.median(one / bare for one, bare in zip(rate, base, strict=True))
                    says = f"{what}, {statistics.median(rate):,.0f} a second"
                    report(says, ratio, "x bare", bound if width > 1 else None, at_least=True)
    connection.close()


def _first_page(vendor: Vendor, endpoint: Endpoint, seed: int) -> ViewRequest:
    """Return a request for the first page of a world that nothing was requested of yet."""
    tenant = make_tenant("new", TenantConfig(world={"seed": seed}))
    names, parameters = (
        tenant.identifiers[vendor.name],
        {**all_rows_params(tenant, endpoint), str(getattr(endpoint.pagination, "limit", "")): 100},
    )
    return ViewRequest(
        query=None if endpoint.query is None else read(endpoint.query, parameters, "query"),
        body=None
        if endpoint.body is None
        else read(endpoint.body, {**names.credentials, **parameters}, "body"),
        path={},
        world=tenant.world,
        site=tenant.world.sites[0],
        now=tenant.clock.now(),
        behaviors=tenant.behaviors[vendor.name],
        names=names,
    )


def first_pages() -> None:
    """Measure the processor time of the first page of a new tenant's world, encoding and world together."""
    print("\nThe first page of a new tenant's world")
    seeds = count(1)
    for vendor, endpoint in numbered():
        took = []
        for _ in range(3 if QUICK else 9):
            requests = [_first_page(vendor, endpoint, seed) for seed in islice(seeds, 50)]
            begun = time.process_time()
            for each in requests:
                vendor.respond(endpoint, each)
            took.append((time.process_time() - begun) / len(requests))
        report(f"{vendor.name}.{endpoint.name}", statistics.median(took) * 1000, "ms", 1.2)


def deep(server: Server, vendor: Vendor, endpoint: Endpoint) -> None:
    """A page at the start and at offset 900,000,000."""
    shallow = per_second(
        server, (request(server, vendor, endpoint, page) for page in pages(endpoint, count(100_000)))
    )
    far = per_second(
        server, (request(server, vendor, endpoint, page) for page in pages(endpoint, count(9_000_000)))
    )
    report(f"{vendor.name}.{endpoint.name}: a page at offset 900,000,000", shallow / far, "x", 1.2)


def filtered(server: Server, vendor: Vendor, endpoint: Endpoint) -> None:
    """A filter never asked before, and the pages after its first."""
    paging = endpoint.pagination
    filtered_example = {**whole(endpoint), **endpoint.filtered_example}
    first = one_by_one(server.port, [request(server, vendor, endpoint, filtered_example)])[0]
    report(f"{vendor.name}.{endpoint.name}: first answer to a filter", first * 1000, "ms", 20)
    if isinstance(paging, PageNumberPagination):
        plain = [
            request(server, vendor, endpoint, {**whole(endpoint), paging.page: number})
            for number in range(500, 700)
        ]
        later = [
            request(server, vendor, endpoint, {**filtered_example, paging.page: number})
            for number in range(500, 700)
        ]
        ratio = statistics.median(one_by_one(server.port, later)) / statistics.median(
            one_by_one(server.port, plain)
        )
        report(f"{vendor.name}.{endpoint.name}: a later page of it, beside an unfiltered one", ratio, "x", 2)


def hostile(server: Server, vendor: Vendor, endpoint: Endpoint) -> None:
    """Queries full of large patterns, each never asked before: how long each keeps the server busy, and every other client waiting."""
    wanted = json.loads(endpoint.filtered_example["filters"])[0]
    kinds = {
        "many states": "(?:.?){{{}}}Z",
        "many ways": "(?:[a-m]?.){{120}}{}",
        "many optional characters": "(?:a?b?c?d?e?f?/?){{60}}{}",
        "small": "{}.*x",
    }
    for kind, pattern in kinds.items():
        each = [{**wanted, "type": "regex", "value": [pattern.format(number)]} for number in range(180, 220)]
        several = [
            {**wanted, "type": "regex", "value": [pattern.format(number) for number in range(140, 240)]}
        ]
        for text in (each, several):
            connection = socket.create_connection(("127.0.0.1", server.port))
            asked = request(
                server,
                vendor,
                endpoint,
                {**whole(endpoint), "filters": json.dumps(text, separators=(",", ":"))},
            )
            begun = server.processor_seconds()
            connection.sendall(asked)
            status = int(connection.recv(1 << 16).split()[1])
            took = server.processor_seconds() - begun
            connection.close()
            where = f"{len(text)} filters with {len(text[0]['value'])} patterns"
            report(f"{vendor.name}.{endpoint.name}: {where} of {kind}, {status}", took * 1000, "ms", 100)


def series(server: Server, vendor: Vendor, endpoint: Endpoint) -> None:
    """A series of 100 days for each segment, each asked for the first time."""
    segments = server.described["vendors"][vendor.name]["segments"]
    took = one_by_one(
        server.port,
        [
            request(server, vendor, endpoint, {**whole(endpoint), "segment_id": each})
            for each in segments.values()
        ],
    )
    report(
        f"{vendor.name}.{endpoint.name}: 100 days of each of {len(segments)} segments, slowest",
        max(took) * 1000,
        "ms",
        20,
    )


NEVER: list[dict[str, Any]] = [
    {"kind": "status", "fields": {"no such field": 1}},
    {"kind": "latency", "seconds": 1, "since": "2099-01-01"},
    {"kind": "reset", "until": "1970-01-02"},
]
"""Faults whose conditions no page meets, each for another reason."""
CHANCE = {"kind": "latency", "seconds": 0, "probability": 1e-9}
SETTINGS = {
    "the same in another process (noise)": None,
    "one fault active, for another endpoint": 1.1,
    "one fault active, for another field": 1.1,
    "ten faults active whose conditions never hold": 1.1,
    "one fault active that is never triggered, by chance": None,
    "1,000 tenants beside it": 1.1,
    "a journal that is full": 1.1,
    "a journal, beside one of 0 entries": 1.1,
    "a journal, beside none at all and nobody who judges": None,
}
"""What a page costs beside a plain one, and the most it may cost where that is promised."""


def costs() -> None:
    """What faults, tenants and journals cost a plain page: the server's processor time beside a server that has none, in turns."""
    options = [*BILLION, *UNHURRIED]
    with (
        mock(*options) as plain,
        mock(*options) as noise,
        mock(*options) as crowded,
        unkept("0", *options) as short,
        unkept("none", *options) as none,
    ):
        with AdminClient(crowded.url) as admin:
            for _ in range(999):
                admin.create_tenant()
        for vendor, endpoint in numbered():
            others = [
                {"kind": "status", "vendor": each.name, "endpoint": one.name}
                for each, one in numbered()
                if one is not endpoint
            ]
            ten = [*NEVER, *others, *NEVER, *others, *NEVER, *NEVER][:10]
            active: list[list[dict[str, Any]]] = [[others[0]], [NEVER[0]], ten, [CHANCE]]
            faults = dict(zip([*SETTINGS][1:5], active, strict=True))
            servers = [plain, noise, plain, plain, plain, plain, crowded, plain, short, none]
            for what, fresh in (("a page never asked before", True), ("the same page again", False)):
                print(
                    f"\n{vendor.name}.{endpoint.name}: {what}, beside one without faults, of the only tenant, with a journal just cleared"
                )
                ratios = paired(vendor, endpoint, servers, faults, fresh=fresh)
                for setting, ratio in ratios.items():
                    report(setting, ratio, "x", SETTINGS[setting])
        report("resident memory with 1,000 tenants", crowded.resident() / (1 << 20), "MiB")


def paired(
    vendor: Vendor,
    endpoint: Endpoint,
    servers: list[Server],
    faults: dict[str, list[dict[str, Any]]],
    *,
    fresh: bool,
) -> dict[str, float]:
    """How many times as much a page costs in each setting as in the plain one; the median of many turns."""
    numbers, batch = count(1_000 if fresh else 0), 300 if fresh else 600
    took: dict[str, list[float]] = {setting: [] for setting in ("plain", *SETTINGS)}
    for _ in range(4 if QUICK else 16):  # The first is to warm up.
        for (setting, costs), server in zip(took.items(), servers, strict=True):
            with AdminClient(server.url) as admin:
                admin.add_faults(*faults.get(setting, []))
                if "full" not in setting:
                    admin.clear_journal()
                asked = pages(endpoint, numbers if fresh else repeat(0))
                requests = [
                    request(server, vendor, endpoint, page)
                    for page, _ in zip(asked, range(batch), strict=False)
                ]
                costs.append(1 / per_second(server, iter(requests), batch))
                admin.remove_faults()
    ratios = {}
    alone = took[next(iter(SETTINGS))]
    for setting, server in zip(SETTINGS, servers[1:], strict=True):
        # A process that knows one setting only is held against another such one, not against the busy one.
        base = took["plain"] if server is servers[0] or took[setting] is alone else alone
        ratio = statistics.median(
            each / usual for each, usual in zip(took[setting][1:], base[1:], strict=True)
        )
        ratios[setting] = 1 / ratio if ", beside" in setting else ratio
    return ratios


def start_up() -> None:
    """From the start of the process to the first answer, in turn with the bare app."""
    print("\nStart to first answer")
    times: dict[str, list[float]] = {"bare": [], "100": [], "1000000000": []}
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(3 if QUICK else 9):
            for name, took in times.items():
                port, begun = free_port(), time.perf_counter()
                here = [str(Path(__file__).parent / "bare.py"), file.name, str(port)]
                command = (
                    here
                    if name == "bare"
                    else ["-m", "mockserver", "serve", "--port", str(port), "--sessions", name]
                )
                with serving(command, port):
                    took.append(time.perf_counter() - begun)
    bare_time, small, large = (statistics.median(took) for took in times.values())
    report("bare aiohttp", bare_time * 1000, "ms")
    report("a world of 100 sessions", small / bare_time, "x bare", 1.6)
    report("a world of 1,000,000,000, beside one of 100", large / small, "x", 1.1)


def crawl() -> None:
    """A whole crawl of 100,000 sessions over HTTP, one request after the other."""
    print("\nA crawl of 100,000 sessions in pages of 100, one connection")
    with mock("--sessions", "100000", *UNHURRIED) as server:
        for vendor, endpoint in numbered():
            requests = [
                request(server, vendor, endpoint, page) for page in pages(endpoint, iter(range(1000)))
            ]
            report(f"{vendor.name}.{endpoint.name}", sum(one_by_one(server.port, requests)), "s")


def main() -> int:
    """Measure everything; exits with 1 where a promise is missed."""
    compileall.compile_dir(
        str(Path(mockserver.__file__).parent), quiet=2
    )  # As it is wherever it was installed.
    start_up()
    with tempfile.NamedTemporaryFile() as file, bare(Path(file.name)) as plain:
        base = plain.resident()
    with mock(*BILLION, *UNHURRIED) as server:
        side_by_side(server)
        for vendor, endpoint in numbered():
            throughput(server, vendor, endpoint)
        print("\nA world of 1,000,000,000 sessions a site")
        for vendor, endpoint in numbered():
            deep(server, vendor, endpoint)
        for vendor in load():
            for endpoint in vendor.contract.endpoints:
                if endpoint.filtered_example:
                    filtered(server, vendor, endpoint)
                if "filters" in endpoint.filtered_example:
                    hostile(server, vendor, endpoint)
                if (
                    endpoint.count_field
                    and endpoint.query
                    and "segment_id" in endpoint.query.__struct_fields__
                ):
                    series(server, vendor, endpoint)
        with AdminClient(server.url) as admin:
            kept = admin.journal(limit=1)
            report(
                f"resident memory above the bare app's, {kept.kept} of {kept.count:,} exchanges kept",
                (server.resident() - base) / (1 << 20),
                "MiB",
                40,
            )
    first_pages()
    crawl()
    costs()
    print("\nThe pytest plugin")
    for row in rows():
        report(row.says, row.value, row.unit, row.most)
    print("\nall promises kept" if not failed else f"\n{len(failed)} promises missed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
