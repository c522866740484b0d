"""Many clients of a few tenants read every list of every vendor while faults are active, until each has all rows.

``make soak`` runs 200 clients for a minute and prints a table; its exit code is 1 if a promise is broken. The tests run a
short soak.
"""

import argparse
import asyncio
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations, count, pairwise
from typing import Any, Final

from msgspec import DecodeError, Struct, json
from msgspec.structs import replace

from mockserver._util.json_paths import get_at
from mockserver.admin_schemas.limits import SlotState
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client import AdminClient
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.limits import ConcurrencyLimit, WindowLimit
from mockserver.reconcile import compare
from mockserver.vendors import load
from tests.bench.processes import Server, mock
from tests.bench.spoken import VendorRequest, build_request
from tests.embedded.crawling import all_rows_params
from tests.support.limits import find_limits
from tests.support.pages import next_page_params, with_page_size

MEBIBYTE: Final = 1 << 20
TENANTS: Final = 4
SITES: Final = 2
SIZES: Final = (100, 50, 37, 23)
"""Rows on a page, for lists with a limit."""
TRIES: Final = 5
"""Attempts at a page before the client starts its list again."""
LATEST: Final = 120
"""Seconds after which the soak stops waiting for clients that do not finish."""
OK: Final = 200
REFUSED: Final = 400
"""The lowest status of an error."""
LISTS: Final = [
    (vendor, endpoint)
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]
WIRE: Final[list[dict[str, Any]]] = [
    {"kind": "latency", "lower": 0, "upper": 0.01, "probability": 0.2},
    {"kind": "status", "status": 503, "probability": 0.05},
    {"kind": "status", "status": 500, "probability": 0.02},
    {"kind": "reset", "where": "before", "probability": 0.02},
    {"kind": "reset", "where": "body", "probability": 0.02},
    {"kind": "truncate", "probability": 0.02},
    {"kind": "truncate", "content_length": "true", "probability": 0.02},
    {"kind": "stall", "where": "headers", "nth": 40},
    {"kind": "stall", "where": "body", "after": 200, "probability": 0.001},
    {"kind": "dribble", "pieces": 4, "pause": 0, "probability": 0.02},
    {"kind": "malformed", "probability": 0.02},
    {"kind": "empty_body", "probability": 0.02},
    {"kind": "content_type", "probability": 0.02},
    {"kind": "duplicate_header", "header": "Content-Length", "value": "1", "probability": 0.02},
]
PAGING: Final[list[dict[str, Any]]] = [
    {"kind": kind, "probability": 0.06} for kind in ("same_page", "stuck_cursor", "expired_cursor")
]


class Load(Struct, frozen=True, kw_only=True):
    """The load on the server."""

    clients: int
    sessions: int
    """Sessions of each site of each tenant."""
    crawls: int | None
    """Number of times that each client reads its list in each third; ``None`` for as long as a third lasts.
    """
    seconds: float = 0
    """Duration of a third if *crawls* is ``None``."""
    patience: float
    """Seconds after which a client gives up on a silent connection."""
    growth: int
    """MiB by which the server may grow after the first third."""
    refusals: int
    """Number of times that each refused request is repeated."""


SHORT: Final = Load(clients=40, sessions=150, crawls=3, patience=1.5, growth=24, refusals=200)
"""Most of the permitted growth is the journals of four tenants, which are not full before the end."""
FULL: Final = Load(clients=200, sessions=600, crawls=None, seconds=20, patience=3, growth=8, refusals=10_000)


class Seen(Struct):
    """The observations of a soak."""

    requests: Counter[str]
    """By tenant."""
    statuses: Counter[int]
    """Responses by status; 0 for incomplete ones."""
    triggered: Counter[str]
    """Faults by kind."""
    resident: list[int]
    """Bytes of the server's memory, before and after each third."""
    complete: Counter[str]
    """Completely collected lists, by tenant."""
    refused: dict[str, float] = {}
    """MiB by which the server grew while a refusal was repeated."""
    seconds: float = 0
    broken: list[str] = []
    """Broken promises."""


class Broken(Exception):
    """Raised for an incomplete response."""


class Connection:
    """A kept-alive connection that rejects inconsistent responses."""

    def __init__(self, port: int, patience: float) -> None:
        self._port, self._patience = port, patience
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body, or raise :class:`Broken`; never sends it twice."""
        try:
            async with asyncio.timeout(self._patience):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                return await _answer(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, Broken) as error:
            self.close()
            raise Broken(type(error).__name__) from None

    def close(self) -> None:
        """Leave."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line)
    ]
    lengths, kinds = (
        [value for name, value in headers if name == wanted] for wanted in ("content-length", "content-type")
    )
    if len(lengths) != 1:
        raise Broken
    body, status = await reader.readexactly(int(lengths[0])), int(first.split()[1])
    if not body:
        raise Broken  # An empty body may be a cut one, so this connection is not used again.
    if status == OK and [kind.partition(";")[0] for kind in kinds] != ["application/json"]:
        raise Broken
    return status, body


class Client:
    """A careful client of one list: it retries, and notices impossible pages."""

    def __init__(self, seen: Seen, access: TenantAccess, number: int, connection: Connection) -> None:
        """Assign a list, a site and a page size to the client by its *number*."""
        self.seen = seen
        self.access = access
        self.connection = connection
        self.pair = pair = LISTS[number % len(LISTS)]
        self.site = number // len(LISTS) % SITES
        size = SIZES[number % len(SIZES)]
        self.first = with_page_size(pair[1], all_rows_params(pair[1]), size)

    async def crawl(self) -> list[Any]:
        """Return every row of the list."""
        while True:
            with suppress(Broken):
                return await self._once()

    async def _once(self) -> list[Any]:
        rows: list[Any] = []
        before: list[Any] = []
        asked: dict[str, Any] | None = self.first
        while asked is not None:
            answer = await self._page(asked, before)
            before = get_at(answer, self.pair[1].rows_path)
            rows += before
            asked = next_page_params(self.pair[1], asked, answer)
        return rows

    async def _page(self, asked: dict[str, Any], before: Sequence[Any]) -> Any:
        """Return a plausible page: JSON, with other rows than the page before it, and not leading to itself."""
        request = build_request(self.access, *self.pair, asked, self.site).raw()
        for _ in range(TRIES):
            status, answer = await self._asked(request)
            if status != OK:
                await asyncio.sleep(0.01)  # A polite client waits before it retries.
                continue
            found = get_at(answer, self.pair[1].rows_path)
            if (
                isinstance(found, list)
                and not (found and found == before)
                and next_page_params(self.pair[1], asked, answer) != asked
            ):
                return answer
        raise Broken

    async def _asked(self, request: bytes) -> tuple[int, Any]:
        self.seen.requests[self.access.id] += 1
        try:
            status, body = await self.connection.ask(request)
            answer = json.decode(body) if status == OK else None
        except (Broken, DecodeError):
            status, answer = 0, None
        self.seen.statuses[status] += 1
        return status, answer


def behaviors() -> dict[str, str | int]:
    """Return behaviors without rate limits and without waiting; concurrency limits remain."""
    windows: dict[str, str | int] = {limit.allowed: 0 for _, _, limit in find_limits(LISTS, WindowLimit)}
    return windows | {limit.hold: 0 for _, _, limit in find_limits(LISTS, ConcurrencyLimit)}


def queued(number: int) -> dict[str, str | int]:
    """Return the behaviors of every other tenant: requests wait for a slot instead of getting an error."""
    busy = [limit.busy for _, _, limit in find_limits(LISTS, ConcurrencyLimit)]
    return dict.fromkeys(busy, "queue") if number % 2 else {}


Truth = dict[tuple[str, str, str, int], list[Any]]


def soak(load: Load) -> Seen:
    """Run a server and clients, and check every promise."""
    with mock() as server, AdminClient(server.url) as admin:
        tenants = [
            admin.create_tenant(
                f"soak-{number}",
                world={"sessions": load.sessions, "sites": SITES},
                behaviors={**behaviors(), **queued(number)},
                faults=[*WIRE, *PAGING],
            )
            for number in range(TENANTS)
        ]
        expected = {
            (access.id, vendor.name, endpoint.name, site): list(
                admin.expected_rows(
                    vendor.name, endpoint.name, all_rows_params(endpoint), site=site, tenant=access.id
                )
            )
            for access in tenants
            for vendor, endpoint in LISTS
            for site in range(SITES)
        }
        seen = Seen(Counter(), Counter(), Counter(), [server.resident()], Counter())
        seen.broken += _shared(expected)
        try:
            asyncio.run(
                asyncio.wait_for(_thirds(load, seen, expected, tenants, server), 3 * load.seconds + LATEST)
            )
        except TimeoutError:
            seen.broken.append(f"clients have not finished their lists {LATEST} seconds after the end")
        for access in tenants:
            seen.broken += _judged(admin, access.id, seen)
            for fault in admin.faults(access.id):
                seen.triggered[fault["kind"]] += fault["triggered"]
        grown = (seen.resident[-1] - seen.resident[min(1, len(seen.resident) - 1)]) / MEBIBYTE
        if grown > load.growth:
            seen.broken.append(
                f"memory grew by {grown:.1f} MiB after the first third; expected at most {load.growth}"
            )
    with mock() as server, AdminClient(server.url) as admin:
        for name, request in _refusals(admin.tenant()).items():
            seen.refused[name] = _repeat(server, name, request, load, seen)
    return seen


def _refusals(access: TenantAccess) -> dict[str, bytes]:
    """Return one request for each reason to refuse one, and one with large headers."""
    pairs = {
        isinstance(pair[1].credentials, BodyKeys): pair
        for pair in LISTS
        if pair[1].site or isinstance(pair[1].credentials, BodyKeys)
    }
    found: dict[str, VendorRequest] = {}
    for in_body, (vendor, endpoint) in pairs.items():
        right = build_request(access, vendor, endpoint, all_rows_params(endpoint))
        label = f"{vendor.name}.{endpoint.name}"
        told = access.vendors[vendor.name]
        wrong = replace(
            right,
            headers={"Authorization": "Bearer wrong"},
            body=None if right.body is None else b'{"apiKey":"wrong"}',
        )
        found[f"{label}: missing credential"] = replace(right, headers={}, body=right.body and b"{}")
        found[f"{label}: wrong credential"] = wrong
        found[f"{label}: wrong credential, large headers"] = replace(
            wrong, headers={**wrong.headers, **{f"X-Large-{number}": "x" * 8_000 for number in range(3)}}
        )
        found[f"{label}: unknown path"] = replace(right, path="/unknown" + right.path)
        found[f"{label}: wrong method"] = replace(right, method="DELETE")
        if in_body:
            found[f"{label}: body that is not JSON"] = replace(right, body=b"{")
        else:
            site = told.sites[0]
            found[f"{label}: unknown site"] = replace(right, path=right.path.replace(site, "987654"))
            found[f"{label}: invalid parameter"] = replace(
                right, path=right.path.partition("?")[0] + "?limit=x&filters=x&start_date=x"
            )
    return {name: request.raw() for name, request in found.items()}


def _repeat(server: Server, name: str, request: bytes, load: Load, seen: Seen) -> float:
    """Repeat a refusal; return by how many MiB the server grew after the first fifth."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=load.patience * 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        warm = server.resident()
        for number in range(load.refusals):
            connection.sendall(request)
            data = b""
            while not _is_whole(data):
                data += connection.recv(1 << 16)
            if int(data.split()[1]) < REFUSED:
                seen.broken.append(f"{name}: answered {data[:100]!r}")
                break
            if number == load.refusals // 5:
                warm = server.resident()
        grown = (server.resident() - warm) / MEBIBYTE
    if grown > load.growth:
        seen.broken.append(
            f"{name}: memory grew by {grown:.1f} MiB in {load.refusals:,} requests; expected at most {load.growth}"
        )
    return grown


def _is_whole(data: bytes) -> bool:
    """Return True if the bytes are a complete response."""
    head, separator, body = data.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return bool(separator) and len(body) >= int(length or 0)


async def _thirds(
    load: Load, seen: Seen, expected: Truth, tenants: Sequence[TenantAccess], server: Any
) -> None:
    """Run every client in three turns; after the first, all caches of the server are warm."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    clients = [
        Client(seen, tenants[number % TENANTS], number // TENANTS, Connection(server.port, load.patience))
        for number in range(load.clients)
    ]
    for third in range(1, 4):
        until = begun + third * load.seconds
        await asyncio.gather(*(_crawls(load, client, expected, until) for client in clients))
        seen.resident.append(server.resident())
    for client in clients:
        client.connection.close()
    seen.seconds = loop.time() - begun


async def _crawls(load: Load, client: Client, expected: Truth, until: float) -> None:
    """Run one client for a third."""
    vendor, endpoint = client.pair
    wanted = expected[client.access.id, vendor.name, endpoint.name, client.site]
    for number in count(1):
        rows = await client.crawl()
        if rows == wanted:
            client.seen.complete[client.access.id] += 1
        else:
            client.seen.broken.append(
                f"{client.access.id} {vendor.name}.{endpoint.name}: {_explained(rows, wanted)}"
            )
        if number == load.crawls or (load.crawls is None and asyncio.get_running_loop().time() >= until):
            return


def _explained(rows: list[Any], wanted: list[Any]) -> str:
    kinds = Counter(
        difference.kind for difference in compare(rows, [("required", row) for row in wanted], ())
    )
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def _shared(expected: Truth) -> Iterator[str]:
    """Yield pairs of lists of two tenants that share rows: they could hide a mix-up of tenants."""
    named = {endpoint.name for _, endpoint in LISTS if endpoint.start_field}
    rows = {
        whose: {json.encode(row) for row in rows} for whose, rows in expected.items() if whose[2] in named
    }
    for (one, mine), (other, others) in combinations(rows.items(), 2):
        if one[0] != other[0] and mine & others:
            yield f"{one} and {other} share rows"


def _judged(admin: AdminClient, tenant: str, seen: Seen) -> Iterator[str]:
    """Yield the promises that are broken after all clients have disconnected."""
    for limit in admin.limits(tenant):
        if isinstance(limit, SlotState) and limit.held:
            yield f"{tenant}: {limit.held} slots of {limit.name} are held"
    lines = [json.decode(line) for line in admin.export_journal("ndjson", tenant).splitlines()]
    total, numbers = admin.journal(tenant, limit=1).count, [line["number"] for line in lines]
    if total != seen.requests[tenant]:
        yield f"{tenant}: {seen.requests[tenant]} requests were sent, {total} are in the journal"
    if numbers != list(range(total - len(numbers) + 1, total + 1)):
        gaps = sum(after - before > 1 for before, after in pairwise(numbers))
        yield f"{tenant}: the journal keeps {len(numbers)} exchanges of {total} with {gaps} gaps"
    if any(line["failed"] for line in lines):
        yield f"{tenant}: the mock itself failed"
    if any(line["duration_ms"] is None for line in lines):
        yield f"{tenant}: an exchange is still open"
    if any(line["tenant"] != tenant for line in lines):
        yield f"{tenant}: an exchange of another tenant is in the journal"


def table(seen: Seen) -> str:
    """Return the observations as a table."""
    total = seen.requests.total()
    rows = [
        ("requests", f"{total:,} in {seen.seconds:.1f} s, {total / max(seen.seconds, 1):,.0f} a second"),
        ("of each tenant", ", ".join(f"{number:,}" for _, number in sorted(seen.requests.items()))),
        (
            "responses",
            ", ".join(f"{number:,} x {status or 'broken'}" for status, number in seen.statuses.most_common()),
        ),
        (
            "lists complete",
            ", ".join(f"{tenant}: {number:,}" for tenant, number in sorted(seen.complete.items())),
        ),
        ("faults triggered", f"{seen.triggered.total():,}"),
        *((f"  {kind}", f"{number:,}") for kind, number in seen.triggered.most_common()),
        *((f"  {name}", f"grew by {grown:.1f} MiB") for name, grown in seen.refused.items()),
        (
            "memory",
            " -> ".join(f"{each / MEBIBYTE:.1f}" for each in seen.resident)
            + " MiB, at the start and after each third",
        ),
    ]
    return "\n".join(f"{name:<20} {text}" for name, text in rows)


def main() -> int:
    """Run for a minute, or briefly; return 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description="Let many clients read pages while faults are active.")
    parser.add_argument("--short", action="store_true", help="run the short soak of the tests")
    seen = soak(SHORT if parser.parse_args().short else FULL)
    print(table(seen))
    print(
        "\n".join(["", *seen.broken[:20], f"{len(seen.broken)} promises broken"])
        if seen.broken
        else "\nall promises kept"
    )
    return int(bool(seen.broken))


if __name__ == "__main__":
    sys.exit(main())
