"""What a test does with the handle of a tenant has its effect, on that tenant alone."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mockserver import AdminError, SessionMock, TenantHandle
from mockserver.server.http.pagination import at
from tests.library.crawling import LISTS, Pair, all_rows_params, crawl, flat, name, send
from tests.library.sweep import BEHAVIOR, LIMIT

PAIR = LISTS[0]
NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_truth_is_what_paging_gives(tenant: TenantHandle, pair: Pair) -> None:
    """Whoever asks page after page ends up with the rows that are called the expected rows, in their order."""
    assert tenant.expected_rows(pair[0].name, pair[1].name) == flat(crawl(tenant, pair)) != []


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_sessions_of_the_world_are_those_that_vendors_list(tenant: TenantHandle, pair: Pair) -> None:
    """As many, and starting at the same instants, whether told by the world or by a vendor, oldest to newest."""
    rows = flat(crawl(tenant, pair))
    count = tenant.world.counts[0]
    mine = sorted(tenant.world.session(place)["start"] for place in range(count))
    theirs = sorted(_milliseconds(at(row, pair[1].start_field)) for row in rows)

    assert len(rows) == count == 10
    assert [each // 1000 for each in mine] == [each // 1000 for each in theirs]


def _milliseconds(told: float | str) -> int:
    """An instant as a vendor tells it."""
    if isinstance(told, str):
        moment = datetime.fromisoformat(told)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return int(told if told > 1e11 else told * 1000)


def test_session_is_found_by_place_and_by_number(tenant: TenantHandle) -> None:
    """From either end, and by the number that it has in the world; what is not there is an error that says how many there are."""
    oldest, newest = tenant.world.session(0), tenant.world.session(-1)

    assert tenant.world.session(-10) == oldest
    assert tenant.world.session(9) == newest
    assert tenant.world.session(number=newest["number"]) == newest
    assert oldest["start"] < newest["start"]
    with pytest.raises(AdminError, match="it has 10 of people"):
        tenant.world.session(10)
    with pytest.raises(AdminError, match="by `index`"):
        tenant.world.session(0, number=1)


def test_clock_is_told_in_any_way(tenant: TenantHandle) -> None:
    """A datetime, a text, milliseconds; a timedelta, a text, seconds."""
    assert tenant.clock.freeze(NOW) == NOW
    assert tenant.clock.set("2026-09-10T12:00:00Z") == NOW
    assert tenant.clock.set(int(NOW.timestamp() * 1000)) == NOW
    assert tenant.clock.advance(timedelta(minutes=1)) == tenant.clock.now == NOW + timedelta(minutes=1)
    assert tenant.clock.advance("1h") == NOW + timedelta(minutes=61)
    assert tenant.clock.advance(0.5) == NOW + timedelta(minutes=61, milliseconds=500)
    with pytest.raises(ValueError, match="has no time zone"):
        tenant.clock.set(NOW.replace(tzinfo=None))


def test_tenants_share_nothing(mock: SessionMock) -> None:
    """A world, a clock, a fault, a limit, a behavior or a journal of one is not another's."""
    with mock.tenant(sessions=5) as mine, mock.tenant(sessions=5) as theirs:
        before = [
            str(part)
            for part in (theirs.world.totals, theirs.clock.now, dict(theirs.behaviors), list(theirs.limits))
        ]
        mine.clock.freeze(NOW)
        mine.faults.add("latency", seconds=0.001)
        mine.limits.set(LIMIT, allowed=3, enabled=True)
        mine.behaviors[BEHAVIOR.name] = next(
            option for option in BEHAVIOR.options if option != mine.behaviors[BEHAVIOR.name]
        )
        crawl(mine, PAIR)
        mine.replace_world(sessions=1)

        assert [
            str(part)
            for part in (theirs.world.totals, theirs.clock.now, dict(theirs.behaviors), list(theirs.limits))
        ] == before
        assert (list(theirs.faults), len(theirs.journal)) == ([], 0)
        assert not set(mine.vendor(PAIR[0].name).credentials.values()) & set(
            theirs.vendor(PAIR[0].name).credentials.values()
        )


def test_fault_strikes_and_counts(tenant: TenantHandle) -> None:
    """An active fault brings about what it says, and tells how often it did."""
    active = tenant.faults.add("status", status=503, times=1)
    with httpx.Client() as http:
        statuses = [
            send(http, tenant.vendor(PAIR[0].name), PAIR[1], dict(PAIR[1].example)).status_code
            for _ in range(2)
        ]

    assert statuses == [503, 200]
    assert [(fault["id"], fault["triggered"], fault["remaining"]) for fault in tenant.faults] == [
        (active["id"], 1, 0)
    ]
    assert [exchange["faults"] for exchange in tenant.journal.exchanges(fault="status")] == [
        [f"{active['id']}:status"]
    ]


def test_minted_tenant_has_its_faults(mock: SessionMock) -> None:
    """Faults that are given where it is created are active."""
    with mock.tenant(faults=[{"kind": "latency", "seconds": 0.001}, {"kind": "no_end"}]) as tenant:
        assert [fault["kind"] for fault in tenant.faults] == ["latency", "no_end"]


def test_unknown_limit_and_choice_have_a_near_one(tenant: TenantHandle) -> None:
    """They are key errors, as of any mapping, that say what was probably meant."""
    with pytest.raises(KeyError, match=f"did you mean '{LIMIT}'"):
        tenant.limits[LIMIT[:-1]]
    with pytest.raises(KeyError, match=f"did you mean '{BEHAVIOR.name}'"):
        tenant.behaviors[BEHAVIOR.name[:-1]]
    with pytest.raises(TypeError, match="always has a setting"):
        del tenant.behaviors[BEHAVIOR.name]

    assert tenant.behaviors.get("nothing") is None


def test_journal_is_an_archive(tenant: TenantHandle) -> None:
    """The HTTP Archive has an entry for each exchange, in their order, and none of the credentials."""
    pages = crawl(tenant, PAIR)
    log = tenant.journal.har()["log"]
    secrets = tenant.vendor(PAIR[0].name).credentials.values()

    assert (log["version"], len(log["entries"])) == ("1.2", len(pages))
    assert [entry["response"]["status"] for entry in log["entries"]] == [200] * len(pages)
    assert not [secret for secret in secrets if secret in str(log)]
    assert [exchange["number"] for exchange in tenant.journal] == list(range(1, len(pages) + 1))


def test_reset_is_as_at_first(tenant: TenantHandle) -> None:
    """World, clock, behaviors, limits, faults and journal."""
    before = (
        tenant.world.totals,
        tenant.clock.now,
        dict(tenant.behaviors),
        list(tenant.limits),
        tenant.vendor(PAIR[0].name),
    )
    tenant.replace_world(profile="single", sites=5)
    crawl(tenant, PAIR)
    tenant.clock.advance("1h")
    tenant.faults.add("latency", seconds=0.001)
    sites = len(tenant.vendor(PAIR[0].name).sites)
    tenant.reset()

    assert sites == 5
    assert (
        tenant.world.totals,
        tenant.clock.now,
        dict(tenant.behaviors),
        list(tenant.limits),
        tenant.vendor(PAIR[0].name),
    ) == before
    assert (list(tenant.faults), len(tenant.journal)) == ([], 0)


def test_dropped_tenant_is_gone(mock: SessionMock) -> None:
    """Its context ends with it; a late request is refused, and the journal of nobody's exchanges says whose it was."""
    with mock.tenant("late-one") as tenant:
        vendor = tenant.vendor(PAIR[0].name)
    with httpx.Client() as http:
        told = send(http, vendor, PAIR[1], dict(PAIR[1].example))
    last = mock.admin.journal(None).exchanges[-1]

    assert (told.status_code >= 400, last["deleted_tenant"]) == (True, "late-one")
    with pytest.raises(AdminError, match="late-one"):
        tenant.verify()


def test_threads_may_share_a_handle(tenant: TenantHandle) -> None:
    """What many threads do at once is all done, and each gets its own answer."""
    kinds: Counter[str] = Counter()
    tenant.clock.freeze(NOW)

    def work() -> None:
        for _ in range(25):
            tenant.clock.advance(1)
            kinds[tenant.faults.add("latency", seconds=0.001)["kind"]] += 1
            assert tenant.world.session(0)["number"] == first

    first = tenant.world.session(0)["number"]
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tenant.clock.now == NOW + timedelta(seconds=200)
    assert sorted(int(fault["id"]) for fault in tenant.faults) == list(range(1, 201))


def test_verdict_tells_what_was_wrong(tenant: TenantHandle) -> None:
    """An odd page, a refusal, and a fault that nothing met."""
    tenant.faults.add("status", status=503, page=99)
    crawl(tenant, PAIR)
    with httpx.Client() as http:
        for _ in range(3):
            send(
                http,
                tenant.vendor(PAIR[0].name),
                PAIR[1],
                {**all_rows_params(PAIR[1]), str(getattr(PAIR[1].pagination, "limit", "")): 4},
            )
    verification = tenant.verify()

    assert "page-requested-twice" in [found.name for found in verification.findings]
    assert [fault["page"] for fault in verification.unused_faults] == [99]
    assert len(verification.digest) == 16
