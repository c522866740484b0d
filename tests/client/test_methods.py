"""Every method of the client returns what the admin API answers."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec import to_builtins

from mockserver.admin_schemas import Advance, LimitChange
from mockserver.client import AdminClient
from mockserver.client.client import DEFAULT_TENANT
from mockserver.server.runner import Running
from tests.server.admin.asking import LISTS, SLOTS, WINDOWS, request

ONE, BEHAVIOR = LISTS[0], next(behavior for behavior in LISTS[0][0].contract.behaviors if behavior.options)
LIMIT = f"{WINDOWS[0][0].name}.{WINDOWS[0][2].pool}"
SLOT = f"{SLOTS[0][0].name}.{SLOTS[0][1].name}"
NOW = "2026-09-10T12:00:00Z"
BUSY = {"kind": "status", "status": 503}
WANTED = (ONE[0].name, ONE[1].name)
# Each method with arguments, and with what its answer must have in it as text.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "health": ((), {}, "healthy"),
    "version": ((), {}, "session-mock"),
    "openapi": ((), {}, "3.1.0"),
    "tenants": ((), {}, "a/ü"),
    "create": (
        ("b%",),
        {
            "world": {"sessions": 1},
            "now": NOW,
            "clock": Advance(seconds=1),
            "faults": [BUSY],
            "behaviors": {BEHAVIOR.name: BEHAVIOR.default},
        },
        "b%",
    ),
    "tenant": (("a/ü",), {}, "a/ü"),
    "delete": (("a/ü",), {}, "None"),
    "reset": ((), {}, "None"),
    "world": ((), {}, "'sessions': 5"),
    "replace_world": ((), {"profile": "flowing", "seed": 3}, "'sessions_per_day': 500"),
    "clock": ((), {}, "frozen"),
    "turn": ((Advance(seconds="1h"),), {}, "T01:00:00Z"),
    "freeze": ((NOW,), {}, NOW),
    "set_clock": ((NOW,), {}, NOW),
    "advance": (("1h",), {}, "T01:00:00Z"),
    "scale": ((0,), {}, "frozen"),
    "follow": ((), {}, "system"),
    "reset_clock": ((), {}, "frozen"),
    "fault_kinds": ((), {}, "latency"),
    "faults": ((), {}, "'matched': 2"),
    "fault": ((1,), {}, "'triggered': 1"),
    "add": ((BUSY, BUSY), {}, "'id': '3'"),
    "remove": ((1,), {}, "None"),
    "limits": ((), {}, LIMIT),
    "change_limits": (({LIMIT: LimitChange(allowed=2), SLOT: {"hold": 3}},), {}, "'allowed': 2"),
    "behaviors": ((), {}, BEHAVIOR.name),
    "set_behaviors": (({BEHAVIOR.name: list(BEHAVIOR.options)[-1]},), {}, list(BEHAVIOR.options)[-1]),
    "journal": ((), {"status": 503, "unmatched": False, "after": None}, "'matched': 1"),
    "export": (("har",), {"limit": 1}, '"entries"'),
    "exchange": ((2,), {}, "503"),
    "count": ((), {"vendor": ONE[0].name}, "2"),
    "findings": ((), {}, "[]"),
    "clear_journal": ((), {}, "None"),
    "label": ((), {}, "'exchanges': 2"),
    "exchanges": ((*WANTED, []), {}, "[]"),
    "session": ((), {"index": -1}, "{"),
    "expected": (WANTED, {"site": 1, "labels": True}, "required"),
}


def public(kind: type) -> dict[str, Any]:
    """The methods of a client."""
    return {
        name: each
        for name, each in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }


def prepare(running: Running) -> None:
    """Leave a server with two tenants, the first of which has a fault and two exchanges."""
    with AdminClient(running.url) as admin:
        for tenant in admin.tenants()[1:]:
            admin.delete_tenant(tenant.id)
        admin.reset()
        admin.create_tenant("a/ü", world={"sessions": 1})
        admin.add_faults({**BUSY, "nth": 2})
        with httpx.Client() as client:
            for _ in range(2):
                access = to_builtins(admin.tenant())["vendors"][ONE[0].name]
                path, arguments = request(access, ONE[1], dict(ONE[1].example))
                client.request(ONE[1].method, access["url"] + path, **arguments)


def plain(told: Any) -> str:
    """An answer as text, without what no two calls have in common: what was measured, and the system's time."""
    builtins = to_builtins(told.decode() if isinstance(told, bytes) else told)
    system = isinstance(builtins, dict) and builtins.get("mode") == "system"
    return re.sub(
        r"(duration_ms|time|wait)(['\"]: ?)[0-9.]+",
        r"\1\2…",
        str({**builtins, "now": None} if system else builtins),
    )


@pytest.mark.parametrize("name", CALLS)
def test_method_returns_what_the_server_answers(running: Running, name: str) -> None:
    """Every method returns the server's answer, in the type that its signature promises."""
    arguments, named, expected = CALLS[name]
    prepare(running)
    with AdminClient(running.url) as client:
        answer = getattr(client, name)(*arguments, **named)
        rows = list(answer) if isinstance(answer, Iterator) else answer
    promised = inspect.signature(public(AdminClient)[name]).return_annotation

    assert expected in plain(rows)
    assert not isinstance(promised, type) or isinstance(rows, promised)


def test_every_method_is_called_here() -> None:
    """A method without an example would go untested."""
    assert set(CALLS) == set(public(AdminClient))


def test_first_tenant_is_the_one_that_is_meant(admin: AdminClient) -> None:
    """Where no tenant is named, it is the default one; a journal of no tenant is that of the unmatched."""
    admin.create_tenant("other", clock=Advance(seconds="1h"))

    assert admin.tenant().id == DEFAULT_TENANT
    assert admin.clock("other").now != admin.clock().now == admin.clock(DEFAULT_TENANT).now
    assert admin.journal(None).exchanges == []
    assert admin.export("ndjson", None) == b""
