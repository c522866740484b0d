"""A small model predicts what clients see while tenants are changed in any order."""

import asyncio
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any, ClassVar

import pytest
from aiohttp import web
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct, json

from mockserver._util.clock import LATEST
from mockserver._util.json_paths import get_at
from mockserver.admin_schemas.limits import WindowState
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client import AdminClient, AdminError
from mockserver.contract.behaviors import DIALECT, short_name
from mockserver.contract.limits import WindowLimit
from mockserver.server.app import create_app
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.tenants import tenants
from mockserver.server.requests.responses import status_of
from mockserver.vendors import load
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START, parse_instant
from tests.bench.spoken import build_request
from tests.conftest import QUICK
from tests.embedded.crawling import all_rows_params
from tests.server.asking import ALL, Pair
from tests.support.limits import find_limits, has_limit
from tests.support.pages import with_page_number, with_page_size

ROWS = [pair for pair in ALL if pair[1].rows_path is not None]
RECORDED = [pair for pair in ALL if pair[1].method == "POST" and pair[1].rows_path is None]
WINDOWS = {
    f"{vendor.name}.{limit.pool}": (vendor, limit) for vendor, _, limit in find_limits(ALL, WindowLimit)
}
WORLDS: list[dict[str, Any]] = [
    {"sessions": 12},
    {"sessions": 7, "bots_percent": 50},
    {"sessions_per_day": 5},
    {"sessions": 0},
]
NAMES = ["a", "b", "c"]
WITNESS = "witness"
SIZE = 3
DAY = 86_400_000
HALF = (DEFAULT_START + DEFAULT_END) // 2
NO_ANSWER = 0
STEPS, EXAMPLES = 30, 15
"""Bounded by number, so that the suite takes as long on every machine as it has to."""

instants = st.sampled_from([DEFAULT_START + DAY, HALF, DEFAULT_END, DEFAULT_END + 100 * DAY])
names = st.sampled_from(NAMES)
times = st.integers(1, 3)
lists = st.sampled_from(ROWS)
worlds = st.sampled_from(WORLDS)


class Question(Struct, frozen=True):
    """The page and the list that are requested."""

    vendor: str
    endpoint: str
    site: int
    page: int
    """0 or 1."""

    @property
    def pair(self) -> Pair:
        """The list."""
        return next(pair for pair in ROWS if (pair[0].name, pair[1].name) == (self.vendor, self.endpoint))


class Window_(Struct):  # noqa: N801 -- the contract's own is a Window too
    """A limit as a tenant has it, and what was counted."""

    allowed: int
    seconds: int
    on: bool = True
    counted: dict[int | None, tuple[int, int]] = {}
    """By site of the key: when the window opened, and how many requests it let through."""

    def admits(self, opens: str, site: int | None, now: int) -> bool:
        if not self.on:
            return True
        length = self.seconds * 1000
        opened, count = self.counted.get(site, (-LATEST, 0))
        if not opened <= now < opened + length:
            opened, count = (now // length * length if opens == "clock" else now), 0
        passes = not self.allowed or count < self.allowed
        self.counted[site] = (opened, count + passes)
        return passes

    def used(self, now: int) -> int:
        """Return requests in the windows that are open."""
        return sum(
            count for opened, count in self.counted.values() if opened <= now < opened + self.seconds * 1000
        )


class ActiveFault(Struct):
    """A fault that waits."""

    kind: str
    vendor: str | None
    endpoint: str | None
    after: int
    times: int | None
    matched: int = 0
    triggered: int = 0

    @property
    def remaining(self) -> int | None:
        """How often it will still trigger."""
        return None if self.times is None else self.times - self.triggered

    def triggers(self, pair: Pair, page: int) -> bool:
        meant = self.vendor in (None, pair[0].name) and self.endpoint in (None, pair[1].name)
        paged = pair[1].rows_path is not None and pair[1].pagination.key_field is not None and page > 0
        if self.remaining == 0 or not meant or (self.kind == "same_page" and not paged):
            return False
        self.matched += 1
        self.triggered += self.matched > self.after
        return self.matched > self.after

    def counts(self) -> tuple[Any, ...]:
        return self.kind, self.matched, self.triggered, self.remaining


class Model:
    def __init__(self, access: TenantAccess, world: dict[str, Any], now: int) -> None:
        self.access, self.first_world, self.first_now = access, world, now
        self.deleted = False
        self.answers: dict[tuple[Question, Any], bytes] = {}
        """Each response, by the question and the state."""
        self.begin()

    def begin(self) -> None:
        self.world, self.now = self.first_world, self.first_now
        self.happened: tuple[Any, ...] = ()
        self.chosen: dict[str, str] = {}
        self.faults: list[ActiveFault] = []
        self.exchanges = 0
        self.windows = {
            name: Window_(int(vendor.contract.behavior(limit.allowed).default), limit.seconds)
            for name, (vendor, limit) in WINDOWS.items()
        }

    @property
    def state(self) -> Any:
        """All that a response may depend on, as a value.

        Neither limits, faults nor the journal are among it.
        """
        return json.encode([self.world, self.now, self.happened, self.chosen], order="deterministic")


class RunningServer:
    """A server in a thread of its own, and what all examples share."""

    def __init__(self, url: str) -> None:
        self.url, self.admin = url, AdminClient(url)
        self.connection = HTTPConnection(url.rpartition("/")[2], timeout=20)
        self.harmless: list[tuple[str, str]] = []
        self.earlier_responses: dict[Any, bytes] = {}
        """Responses of the unchanged tenant in earlier examples."""

    def ask(
        self, access: TenantAccess, pair: Pair, parameters: dict[str, Any], site: int = 0
    ) -> tuple[int, bytes]:
        """Send a request; status 0 where the connection ends without a response."""
        asked = build_request(access, *pair, parameters, site)
        try:
            self.connection.request(asked.method, asked.path, asked.body, asked.headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (ConnectionError, HTTPException):
            self.connection.close()
            return NO_ANSWER, b""


@pytest.fixture(name="living", scope="module")
def _living() -> Iterator[RunningServer]:
    """Return a server on real sockets, which is steered from outside only."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(
            create_app(tenants(Config(behaviors=dict(QUICK)))),
            handler_cancellation=True,
            shutdown_timeout=0.1,
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        return runner

    def live() -> None:
        runner = loop.run_until_complete(serve())
        loop.call_soon(started.set)
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=live)
    thread.start()
    assert started.wait(20)
    living = RunningServer(f"http://127.0.0.1:{ports[0]}")
    living.harmless = _harmless(living)
    yield living
    living.connection.close()
    living.admin.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)


def _harmless(living: RunningServer) -> list[tuple[str, str]]:
    """Return the settings of behaviors under which every list is still answered.

    Another dialect may have other lists.
    """
    found = []
    access = living.admin.create_tenant("harmless", world={"sessions": 1}, behaviors=QUICK)
    for vendor in load():
        for behavior in [each for each in vendor.contract.behaviors if short_name(each.name) != DIALECT]:
            for option in behavior.options:
                living.admin.set_behaviors({behavior.name: option}, "harmless")
                asked = [pair for pair in ALL if pair[0] is vendor and pair in ROWS + RECORDED]
                if all(living.ask(access, pair, _parameters(pair))[0] == 200 for pair in asked):
                    found.append((behavior.name, option))
            living.admin.set_behaviors({behavior.name: behavior.default}, "harmless")
    living.admin.delete_tenant("harmless")
    return found


def _parameters(pair: Pair, page: int = 0, cursor: str | None = None) -> dict[str, Any]:
    """Return the parameters of a page of everything, in pages of a few rows."""
    paging, endpoint = pair[1].pagination, pair[1]
    if endpoint.rows_path is None:
        return dict(endpoint.example)
    asked = with_page_size(endpoint, all_rows_params(endpoint), SIZE)
    if cursor and paging.has_cursors:
        return {**asked, str(paging.key_field): cursor}
    return with_page_number(endpoint, asked, page) if page and not paging.has_cursors else asked


class Steered(RuleBasedStateMachine):
    """Tenants of one server, steered and asked in any order."""

    living: ClassVar[RunningServer]

    def __init__(self) -> None:
        super().__init__()
        self.admin = self.living.admin
        self.models: dict[str, Model] = {}
        self.turn = 0

    @initialize()
    def begin(self) -> None:
        self.create_tenant(WITNESS, WORLDS[0], DEFAULT_END, [])
        for name, world in zip(NAMES, WORLDS, strict=False):
            self.create_tenant(name, world, HALF, [])

    def teardown(self) -> None:
        """Leave the server as it was."""
        for name, model in self.models.items():
            if not model.deleted:
                self.admin.delete_tenant(name)

    def alive(self, name: str) -> Model | None:
        """Return a tenant that is served; for any other, the admin API must say that there is none."""
        model = self.models.get(name)
        if model is not None and not model.deleted:
            return model
        with pytest.raises(AdminError, match="no tenant") as raised:
            self.admin.clock(name)
        assert raised.value.status == 404
        return None

    @rule(
        name=names,
        world=worlds,
        now=instants,
        kinds=st.lists(st.sampled_from(["status", "same_page"]), max_size=1),
    )
    def create_tenant(self, name: str, world: dict[str, Any], now: int, kinds: list[str]) -> None:
        """Return a name that is free is created, with or without a fault, and is who had it before.

        One that is taken is a conflict.
        """
        known = self.models.get(name)
        faults = [{"kind": kind, "times": 1} for kind in kinds]
        if known is not None and not known.deleted:
            with pytest.raises(AdminError) as raised:
                self.admin.create_tenant(name, world=world, now=now, faults=faults)
            assert raised.value.status == 409
            return
        model = Model(
            self.admin.create_tenant(
                name, world={"seed": 5, **world}, now=now, behaviors=QUICK, faults=faults
            ),
            world,
            now,
        )
        model.faults = [ActiveFault(kind, None, None, 0, 1) for kind in kinds]
        model.answers = known.answers if known is not None else {}
        self.models[name] = model

    @rule(name=names, seconds=st.sampled_from([0, 1, 59, 3600, 86_400]))
    def advance(self, name: str, seconds: int) -> None:
        """Return a clock goes forward by exactly so much."""
        if model := self.alive(name):
            self.admin.advance_clock(seconds, name)
            model.now += seconds * 1000

    @rule(name=names, now=instants, frozen=st.booleans())
    def turn_clock(self, name: str, now: int, frozen: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """Return a clock is wherever it is set or frozen."""
        if model := self.alive(name):
            (self.admin.freeze_clock if frozen else self.admin.set_clock)(now, name)
            model.now = now

    @rule(name=names)
    def reset_clock(self, name: str) -> None:
        """Return a clock comes back to where it was at first."""
        if model := self.alive(name):
            self.admin.reset_clock(name)
            model.now = model.first_now

    @rule(
        name=names,
        kind=st.sampled_from(["status", "latency", "reset", "same_page", "session_deleted"]),
        pair=lists,
        narrow=st.booleans(),
        after=st.integers(0, 1),
        most=st.sampled_from([1, 2, None]),
    )
    def add(self, name: str, kind: str, pair: Pair, narrow: bool, after: int, most: int | None) -> None:  # noqa: FBT001, PLR0913, PLR0917 -- drawn by Hypothesis
        """Return a fault is active, for one endpoint or for all."""
        model = self.alive(name)
        if model is None or len(model.faults) > 3:
            return
        if kind == "same_page" and pair[1].pagination.key_field is None:
            pair = next(each for each in ROWS if each[1].pagination.key_field is not None)
        own = {"latency": {"seconds": 0}, "session_deleted": {"place": 0}}.get(kind, {})
        where = {"vendor": pair[0].name, "endpoint": pair[1].name} if narrow else {}
        self.admin.add_faults(
            {"kind": kind, **own, **where, "after": after, **({"times": most} if most else {})}, tenant=name
        )
        model.faults.append(ActiveFault(kind, where.get("vendor"), where.get("endpoint"), after, most))
        for _ in range(after + 1):
            self.ask(name, pair, 0, True)

    @rule(name=names)
    def remove(self, name: str) -> None:
        """All faults are gone."""
        if model := self.alive(name):
            self.admin.remove_faults(tenant=name)
            model.faults = []

    @rule(
        name=names,
        pair=st.sampled_from([pair for pair in ROWS + RECORDED if has_limit(pair[1], WindowLimit)]),
        change=st.sampled_from(
            [
                {"allowed": 0},
                {"allowed": 1},
                {"allowed": 2, "enabled": True},
                {"enabled": False},
                {"seconds": 30},
            ]
        ),
        times=times,
    )
    def limit(self, name: str, pair: Pair, change: dict[str, Any], times: int) -> None:
        """Return a limit is changed in part, and the rest of it stays; then it is met."""
        if model := self.alive(name):
            limit = next(
                each
                for each, (vendor, limit) in WINDOWS.items()
                if vendor is pair[0] and limit in pair[1].limits
            )
            self.admin.update_limits({limit: change}, name)
            window = model.windows[limit]
            window.allowed = change.get("allowed", window.allowed)
            window.seconds = change.get("seconds", window.seconds)
            window.on = change.get("enabled", window.on)
            for _ in range(times):
                self.record(name, pair) if pair in RECORDED else self.ask(name, pair, 0, False)

    @rule(name=names, data=st.data())
    def set_behaviors(self, name: str, data: st.DataObject) -> None:
        """Return a vendor behaves in another way from now on."""
        if model := self.alive(name):
            behavior, option = data.draw(st.sampled_from(self.living.harmless))
            assert self.admin.set_behaviors({behavior: option}, name)[behavior] == option
            model.chosen[behavior] = option

    @rule(name=names, world=worlds)
    def replace_world(self, name: str, world: dict[str, Any]) -> None:
        """Return a tenant lives in another world, under the same credentials, and what happened in the old one is gone."""
        if model := self.alive(name):
            self.admin.replace_world(name, **world)
            model.world, model.happened = world, ()

    @rule(name=names)
    def clear_journal(self, name: str) -> None:
        """Return the journal counts from the beginning."""
        if model := self.alive(name):
            self.admin.clear_journal(name)
            model.exchanges = 0

    @rule(name=names)
    def reset(self, name: str) -> None:
        if model := self.alive(name):
            self.admin.reset_tenant(name)
            model.begin()
            for pair in ROWS[self.turn % 2 :: 2]:
                self.page(name, pair, 0, 0)

    @rule(name=names, pair=lists, again=st.sampled_from([True, True, False]))
    def delete(self, name: str, pair: Pair, again: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """Return a tenant is served no longer; a request comes late, and the tenant may come again."""
        if model := self.alive(name):
            self.admin.delete_tenant(name)
            model.deleted = True
            self.ask(name, pair, 0, False)
            if again:
                self.create_tenant(name, model.first_world, model.first_now, [])
                self.ask(name, pair, 0, True)

    @rule(name=st.sampled_from([*NAMES, WITNESS]), pair=lists, site=st.integers(0, 1), later=st.booleans())
    def ask(self, name: str, pair: Pair, site: int, later: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """Return a page of a list, and the one after it."""
        if name in self.models:
            body = self.page(name, pair, site, 0)
            cursor = get_at(json.decode(body), pair[1].pagination.next) if body else None
            if later and pair[1].pagination.key_field and (cursor or not pair[1].pagination.has_cursors):
                self.page(name, pair, site, 1, cursor)

    @rule(name=names, later=st.booleans())
    def ask_all(self, name: str, later: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """Return a page of each list."""
        for pair in ROWS:
            self.ask(name, pair, 0, later)

    @rule(name=names, times=times)
    def ask_again(self, name: str, times: int) -> None:
        if model := self.alive(name):
            for question, _ in list(model.answers)[:: -len(model.answers) // times or -1]:
                self.ask(name, question.pair, question.site, question.page > 0)

    @rule(name=names, pair=st.sampled_from(RECORDED))
    def record(self, name: str, pair: Pair) -> None:
        """Something is sent to be recorded."""
        if name in self.models and self.page(name, pair, 0, 0) is not None:
            model = self.models[name]
            model.happened += ((pair[1].name, model.now),)

    def page(self, name: str, pair: Pair, site: int, page: int, cursor: Any = None) -> bytes | None:
        """Ask, and compare status and body with what the model says.

        The body of a response that is as good as without faults.
        """
        model = self.models[name]
        question = Question(pair[0].name, pair[1].name, site, page)
        late = self.admin.journal(None, finding="deleted-tenant").count if model.deleted else 0
        status, body = self.living.ask(model.access, pair, _parameters(pair, page, cursor), site)
        if model.deleted:
            unmatched = self.admin.journal(None, finding="deleted-tenant", offset=0, limit=5000)
            assert status == status_of(pair[0], pair[0].contract.errors["wrong_credential"], {})
            assert unmatched.count == late + 1
            assert [unmatched.exchanges[-1][field] for field in ("number", "deleted_tenant")] == [
                unmatched.count,
                name,
            ]
            return None
        model.exchanges += 1
        access = model.access.vendors[pair[0].name]
        key = site if access.sites[0] in access.credentials.values() else None
        if not all(
            model.windows[limit].admits(window.opens, key, model.now)
            for limit, (_, window) in WINDOWS.items()
            if window in pair[1].limits
        ):
            assert status == 429
            return None
        triggered = [fault.kind for fault in model.faults if fault.triggers(pair, page)]
        model.happened += tuple(
            (kind, pair[0].name, site, model.now) for kind in triggered if kind == "session_deleted"
        )
        if "reset" in triggered:
            assert status == NO_ANSWER
            return None
        if "status" in triggered:
            assert status == 503
            return None
        assert status == 200, body
        if pair[1].rows_path is None:
            return body
        if "same_page" in triggered:
            question = Question(pair[0].name, pair[1].name, site, page - 1)
        assert model.answers.setdefault((question, model.state), body) == body
        if page == 0 and not model.happened:
            rows = get_at(json.decode(body), pair[1].rows_path)
            expected = list(
                self.admin.expected_rows(
                    pair[0].name, pair[1].name, _parameters(pair), site=site, tenant=name
                )
            )
            assert rows == expected[: len(rows)]
            assert bool(rows) == bool(expected)
        if name == WITNESS:
            assert self.living.earlier_responses.setdefault(question, body) == body
        return body if question.page == page else None

    @invariant()
    def healthy(self) -> None:
        """Return the server answers, and knows as many tenants as there are."""
        health = self.admin.health()
        assert health.status == "healthy"
        assert health.tenants == 1 + sum(not model.deleted for model in self.models.values())

    @invariant()
    def every_tenant_is_as_the_model_says(self) -> None:
        """Every journal's count, and in turn each tenant's clock, faults and limits."""
        for number, (name, model) in enumerate(self.models.items()):
            if model.deleted:
                continue
            journal = self.admin.journal(name, limit=1)
            assert (journal.count, journal.kept, journal.matched) == (model.exchanges,) * 3
            if number == self.turn % len(self.models):
                self.compare(name, model)

    def compare(self, name: str, model: Model) -> None:
        """Return a tenant's clock, faults and limits with the model's."""
        assert parse_instant(self.admin.clock(name).now, "now") == model.now
        faults = [
            tuple(fault[field] for field in ("kind", "matched", "triggered", "remaining"))
            for fault in self.admin.faults(name)
        ]
        assert faults == [fault.counts() for fault in model.faults]
        found = {limit.name: limit for limit in self.admin.limits(name) if isinstance(limit, WindowState)}
        told = {
            name: (limit.allowed, limit.seconds, sum(limit.used.values())) for name, limit in found.items()
        }
        assert told == {
            name: (window.allowed, window.seconds, window.used(model.now))
            for name, window in model.windows.items()
        }

    @invariant()
    @precondition(lambda self: self.models)
    def nobody_influences_the_witness(self) -> None:
        self.turn += 1
        vendor, endpoint = ROWS[self.turn % len(ROWS)]
        expected = json.encode(list(self.admin.expected_rows(vendor.name, endpoint.name, tenant=WITNESS)))
        assert self.living.earlier_responses.setdefault((vendor.name, endpoint.name), expected) == expected


def test_server_responds_like_model(living: RunningServer) -> None:
    bounded = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    Steered.living = living
    run_state_machine_as_test(Steered, settings=bounded)
