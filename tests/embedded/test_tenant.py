"""Calls of a tenant handle affect that tenant alone."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mockserver import AdminError, SessionMock, TenantHandle
from mockserver._util.json_paths import get_at
from tests.embedded.crawling import LISTS, SIZE, Pair, all_rows_params, crawl, flat, name, send
from tests.embedded.sweep import BEHAVIOR, LIMIT
from tests.support.pages import with_page_number, with_page_size
from tests.support.tls import TLS

PAIR = LISTS[0]
NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_expected_rows_equal_complete_crawl(tenant: TenantHandle, pair: Pair) -> None:
    assert tenant.expected_rows(pair[0].name, pair[1].name) == flat(crawl(tenant, pair)) != []


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_world_sessions_equal_vendor_rows(tenant: TenantHandle, pair: Pair) -> None:
    rows = flat(crawl(tenant, pair))
    count = tenant.world.counts[0]
    from_world = sorted(tenant.world.session(index)["start"] for index in range(count))
    from_vendor = sorted(_milliseconds(get_at(row, pair[1].start_field)) for row in rows)

    assert len(rows) == count == 10
    assert [start // 1000 for start in from_world] == [start // 1000 for start in from_vendor]


def _milliseconds(value: float | str) -> int:
    """Parse an instant in any format of the vendors."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return int(value if value > 1e11 else value * 1000)


def test_session_by_index_and_by_number_is_same(tenant: TenantHandle) -> None:
    oldest, newest = tenant.world.session(0), tenant.world.session(-1)

    assert tenant.world.session(-10) == oldest
    assert tenant.world.session(9) == newest
    assert tenant.world.session(number=newest["number"]) == newest
    assert oldest["start"] < newest["start"]
    with pytest.raises(AdminError, match="10"):
        tenant.world.session(10)
    with pytest.raises(AdminError, match="by `index`"):
        tenant.world.session(0, number=1)


def test_added_session_is_all_that_empty_world_has(mock: SessionMock) -> None:
    with mock.create_tenant(profile="empty") as tenant:
        added = tenant.world.add(
            start=NOW,
            country="DE",
            device="mobile",
            pages=["/", "/pricing"],
            events=[("signup", {"plan": "pro"})],
            user_id="u-1",
            utm_source="news",
        )
        for vendor, endpoint in LISTS:
            rows = flat(crawl(tenant, (vendor, endpoint)))
            assert rows == [added.rows[vendor.name]]
            tenant.reconcile(rows, vendor=vendor.name, endpoint=endpoint.name)
        assert tenant.world.counts == [1, 0]
        assert {finding.level for finding in tenant.verify().findings} <= {"note"}


def test_clock_accepts_all_kinds_of_instants_and_durations(tenant: TenantHandle) -> None:
    assert tenant.clock.freeze(NOW) == NOW
    assert tenant.clock.set("2026-09-10T12:00:00Z") == NOW
    assert tenant.clock.set(int(NOW.timestamp() * 1000)) == NOW
    assert tenant.clock.advance(timedelta(minutes=1)) == tenant.clock.now == NOW + timedelta(minutes=1)
    assert tenant.clock.advance("1h") == NOW + timedelta(minutes=61)
    assert tenant.clock.advance(0.5) == NOW + timedelta(minutes=61, milliseconds=500)
    with pytest.raises(ValueError, match="has no time zone"):
        tenant.clock.set(NOW.replace(tzinfo=None))


def test_change_of_tenant_leaves_others_unchanged(mock: SessionMock) -> None:
    with mock.create_tenant(sessions=5) as changed, mock.create_tenant(sessions=5) as other:
        before = [
            str(part)
            for part in (other.world.totals, other.clock.now, dict(other.behaviors), list(other.limits))
        ]
        changed.clock.freeze(NOW)
        changed.faults.add("latency", seconds=0.001)
        changed.limits.set(LIMIT, allowed=3, enabled=True)
        changed.behaviors[BEHAVIOR.name] = next(
            option for option in BEHAVIOR.options if option != changed.behaviors[BEHAVIOR.name]
        )
        crawl(changed, PAIR)
        changed.replace_world(sessions=1)

        assert [
            str(part)
            for part in (other.world.totals, other.clock.now, dict(other.behaviors), list(other.limits))
        ] == before
        assert (list(other.faults), len(other.journal)) == ([], 0)
        assert not set(changed.vendor(PAIR[0].name).credentials.values()) & set(
            other.vendor(PAIR[0].name).credentials.values()
        )


def test_triggered_fault_is_counted(tenant: TenantHandle) -> None:
    active = tenant.faults.add("status", status=503, times=1)
    with httpx.Client(verify=TLS) as http:
        statuses = [
            send(http, tenant.vendor(PAIR[0].name), PAIR[1], dict(PAIR[1].example)).status_code
            for _ in range(2)
        ]

    assert statuses == [503, 200]
    assert [(fault["id"], fault["triggered"], fault["remaining"]) for fault in tenant.faults] == [
        (active["id"], 1, 0)
    ]
    assert [exchange["faults"] for exchange in tenant.journal.exchanges(triggered="status")] == [
        [f"{active['id']}:status"]
    ]


def test_created_tenant_has_its_faults(mock: SessionMock) -> None:
    with mock.create_tenant(faults=[{"kind": "latency", "seconds": 0.001}, {"kind": "no_end"}]) as tenant:
        assert [fault["kind"] for fault in tenant.faults] == ["latency", "no_end"]


def test_unknown_limit_or_behavior_raises_key_error_with_suggestion(tenant: TenantHandle) -> None:
    with pytest.raises(KeyError, match=f"did you mean '{LIMIT}'"):
        tenant.limits[LIMIT[:-1]]
    with pytest.raises(KeyError, match=f"did you mean '{BEHAVIOR.name}'"):
        tenant.behaviors[BEHAVIOR.name[:-1]]
    with pytest.raises(TypeError, match="cannot be deleted"):
        del tenant.behaviors[BEHAVIOR.name]

    assert tenant.behaviors.get("nothing") is None


def test_journal_har_has_all_exchanges_without_credentials(tenant: TenantHandle) -> None:
    pages = crawl(tenant, PAIR)
    log = tenant.journal.har()["log"]
    secrets = tenant.vendor(PAIR[0].name).credentials.values()

    assert (log["version"], len(log["entries"])) == ("1.2", len(pages))
    assert [entry["response"]["status"] for entry in log["entries"]] == [200] * len(pages)
    assert not [secret for secret in secrets if secret in str(log)]
    assert [exchange["number"] for exchange in tenant.journal] == list(range(1, len(pages) + 1))


def test_reset_restores_initial_state(tenant: TenantHandle) -> None:
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


def test_request_after_deletion_is_recorded_with_deleted_tenant(mock: SessionMock) -> None:
    with mock.create_tenant("late-one") as tenant:
        vendor = tenant.vendor(PAIR[0].name)
    with httpx.Client(verify=TLS) as http:
        response = send(http, vendor, PAIR[1], dict(PAIR[1].example))
    last = mock.admin.journal(None).exchanges[-1]

    assert (response.status_code >= 400, last["deleted_tenant"]) == (True, "late-one")
    with pytest.raises(AdminError, match="late-one"):
        tenant.verify()


def test_concurrent_calls_of_handle_all_take_effect(tenant: TenantHandle) -> None:
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


def test_verify_returns_faults_without_effect(tenant: TenantHandle) -> None:
    tenant.faults.add("latency", seconds=0)
    tenant.faults.add("latency", seconds=0.001)
    tenant.faults.add("status", page=99)
    crawl(tenant, PAIR)
    verification = tenant.verify()
    [first, second, _] = tenant.faults

    assert [fault["id"] for fault in verification.ineffective_faults] == ["1"]
    assert [fault["id"] for fault in verification.unused_faults] == ["3"]
    assert (first["triggered"] > 0, first["effective"]) == (True, 0)
    assert second["triggered"] == second["effective"] > 0
    assert {tuple(exchange["effective_faults"]) for exchange in tenant.journal} == {("2:latency",)}


def test_verify_returns_findings_and_unused_faults(tenant: TenantHandle) -> None:
    tenant.faults.add("status", status=503, page=99)
    number = len(crawl(tenant, PAIR)) - 1
    last = with_page_number(PAIR[1], with_page_size(PAIR[1], all_rows_params(PAIR[1]), SIZE), number)
    with httpx.Client(verify=TLS) as http:
        send(http, tenant.vendor(PAIR[0].name), PAIR[1], last)
    verification = tenant.verify()

    assert "page-requested-twice" in [finding.name for finding in verification.findings]
    assert [fault["page"] for fault in verification.unused_faults] == [99]
    assert len(verification.digest) == 16
