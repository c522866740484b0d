"""Every method of the client returns the response of the admin API."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec import to_builtins

from mockserver.admin_schemas.clocks import AdvanceClock
from mockserver.admin_schemas.limits import LimitChange
from mockserver.client import AdminClient
from mockserver.client.client import DEFAULT_TENANT
from mockserver.server.runner import Running
from tests.server.admin.api import LISTS, SLOTS, WINDOWS, build_request
from tests.support.tls import TLS

ONE = LISTS[0]
BEHAVIOR = next(behavior for behavior in LISTS[0][0].contract.behaviors if behavior.options)
LIMIT = f"{WINDOWS[0][0].name}.{WINDOWS[0][2].pool}"
SLOT = f"{SLOTS[0][0].name}.{SLOTS[0][1].name}"
NOW = "2026-09-10T12:00:00Z"
BUSY = {"kind": "status", "status": 503}
ROW_QUERY = (ONE[0].name, ONE[1].name)
# Each method with its arguments, and a text that its result contains.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "health": ((), {}, "healthy"),
    "version": ((), {}, "session-mock"),
    "openapi": ((), {}, "3.1.0"),
    "ca_pem": ((), {}, "BEGIN CERTIFICATE"),
    "start_tls": ((), {}, "None"),
    "tenants": ((), {}, "a/ü"),
    "create_tenant": (
        ("b%",),
        {
            "world": {"sessions": 1},
            "now": NOW,
            "clock": AdvanceClock(seconds=1),
            "faults": [BUSY],
            "behaviors": {BEHAVIOR.name: BEHAVIOR.default},
        },
        "b%",
    ),
    "tenant": (("a/ü",), {}, "a/ü"),
    "delete_tenant": (("a/ü",), {}, "None"),
    "snapshot": ((), {}, "'seed': "),
    "reset_tenant": ((), {}, "None"),
    "world": ((), {}, "'sessions': 5"),
    "replace_world": ((), {"profile": "flowing", "seed": 3}, "'sessions_per_day': 500"),
    "add_session": ((), {"start": NOW, "user_id": "u-1"}, "u-1"),
    "clock": ((), {}, "frozen"),
    "update_clock": ((AdvanceClock(seconds="1h"),), {}, "T01:00:00Z"),
    "freeze_clock": ((NOW,), {}, NOW),
    "set_clock": ((NOW,), {}, NOW),
    "advance_clock": (("1h",), {}, "T01:00:00Z"),
    "set_clock_rate": ((0,), {}, "frozen"),
    "use_system_time": ((), {}, "system"),
    "reset_clock": ((), {}, "frozen"),
    "fault_kinds": ((), {}, "latency"),
    "faults": ((), {}, "'matched': 2"),
    "fault": ((1,), {}, "'triggered': 1"),
    "add_faults": ((BUSY, BUSY), {}, "'id': '3'"),
    "remove_faults": ((1,), {}, "None"),
    "limits": ((), {}, LIMIT),
    "update_limits": (({LIMIT: LimitChange(allowed=2), SLOT: {"hold": 3}},), {}, "'allowed': 2"),
    "behaviors": ((), {}, BEHAVIOR.name),
    "set_behaviors": (({BEHAVIOR.name: list(BEHAVIOR.options)[-1]},), {}, list(BEHAVIOR.options)[-1]),
    "journal": ((), {"status": 503, "no_endpoint": False, "after": None}, "'matched': 1"),
    "export_journal": (("har",), {"limit": 1}, '"entries"'),
    "exchange": ((2,), {}, "503"),
    "count_exchanges": ((), {"vendor": ONE[0].name}, "2"),
    "findings": ((), {}, "[]"),
    "clear_journal": ((), {}, "None"),
    "verify": ((), {}, "'exchanges': 2"),
    "trace": ((*ROW_QUERY, []), {}, "[]"),
    "coverage": (ROW_QUERY, {"begun": 2}, "'begun': 2"),
    "session": ((), {"index": -1}, "{"),
    "expected_rows": (ROW_QUERY, {"site": 1, "labels": True}, "required"),
    "begun_lists": (ROW_QUERY, {}, "["),
}


def public_methods(kind: type) -> dict[str, Any]:
    """Return the public methods of a class."""
    return {
        name: function
        for name, function in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }


def prepare_server(running: Running) -> None:
    """Prepare two tenants; the first has a fault and two exchanges."""
    with AdminClient(running.url) as admin:
        for tenant in admin.tenants()[1:]:
            admin.delete_tenant(tenant.id)
        admin.reset_tenant()
        admin.create_tenant("a/ü", world={"sessions": 1})
        admin.add_faults({**BUSY, "nth": 2})
        with httpx.Client(verify=TLS) as client:
            for _ in range(2):
                access = to_builtins(admin.tenant())["vendors"][ONE[0].name]
                path, arguments = build_request(access, ONE[1], dict(ONE[1].example))
                client.request(ONE[1].method, access["url"] + path, **arguments)


def plain(result: Any) -> str:
    """Return a result as text, without measured times and the system time."""
    builtins = to_builtins(result.decode() if isinstance(result, bytes) else result)
    system = isinstance(builtins, dict) and builtins.get("mode") == "system"
    return re.sub(
        r"(duration_ms|time|wait)(['\"]: ?)[0-9.]+",
        r"\1\2…",
        str({**builtins, "now": None} if system else builtins),
    )


@pytest.mark.parametrize("name", CALLS)
def test_method_returns_response_in_promised_type(running: Running, name: str) -> None:
    arguments, named, expected = CALLS[name]
    prepare_server(running)
    with AdminClient(running.url) as client:
        answer = getattr(client, name)(*arguments, **named)
        rows = list(answer) if isinstance(answer, Iterator) else answer
    promised = inspect.signature(public_methods(AdminClient)[name]).return_annotation

    assert expected in plain(rows)
    assert not isinstance(promised, type) or isinstance(rows, promised)


def test_table_of_calls_has_each_method() -> None:
    assert set(CALLS) == set(public_methods(AdminClient))


def test_default_tenant_is_used_unless_one_is_named(admin: AdminClient) -> None:
    """A journal of no tenant has the unmatched exchanges."""
    admin.create_tenant("other", clock=AdvanceClock(seconds="1h"))

    assert admin.tenant().id == DEFAULT_TENANT
    assert admin.clock("other").now != admin.clock().now == admin.clock(DEFAULT_TENANT).now
    assert admin.journal(None).exchanges == []
    assert admin.export_journal("ndjson", None) == b""
