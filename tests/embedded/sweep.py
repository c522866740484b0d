"""Calls of every method of a tenant's handle and of its parts."""

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from mockserver import AdminError, TenantHandle
from mockserver.contract.limits import WindowLimit
from tests.embedded.crawling import LISTS
from tests.support.limits import find_limits

VENDOR, ENDPOINT = LISTS[0]
BEHAVIOR = next(
    behavior for vendor, _ in LISTS for behavior in vendor.contract.behaviors if len(behavior.options) > 1
)
LIMIT = next(f"{vendor.name}.{limit.pool}" for vendor, _, limit in find_limits(LISTS, WindowLimit))
NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
PARTS = ("world", "clock", "faults", "limits", "behaviors", "journal")
WANTED = {"vendor": VENDOR.name, "endpoint": ENDPOINT.name}
# Part, method or property, positional and keyword arguments, in an order in which each call has an effect.
CALLS: list[tuple[str, str, tuple[Any, ...], dict[str, Any]]] = [
    ("clock", "freeze", (NOW,), {}),
    ("clock", "set", ("2026-09-11T00:00:00Z",), {}),
    ("clock", "set", (1_789_000_000_000,), {}),
    ("clock", "advance", (timedelta(hours=1),), {}),
    ("clock", "advance", ("1d12h",), {}),
    ("clock", "advance", (1.5,), {}),
    ("clock", "set_rate", (0,), {}),
    ("clock", "now", (), {}),
    ("clock", "advance", (-1.0,), {}),
    ("world", "totals", (), {}),
    ("world", "spec", (), {}),
    ("world", "counts", (), {}),
    ("world", "session", (0,), {}),
    ("world", "session", (-1,), {"site": 1}),
    ("world", "session", (), {"number": 3}),
    ("world", "session", (10_000,), {}),
    ("world", "session", (), {}),
    ("world", "add", (), {"start": NOW, "country": "DE", "pages": ("/",), "events": [("a", {"n": 1})]}),
    ("world", "add", (), {"start": NOW, "citty": "Berlin"}),
    ("world", "add", (), {"start": "2026-09-10", "country": "DE", "city": "Paris"}),
    ("clock", "reset", (), {}),
    ("faults", "add", ("status",), {"status": 503, "page": 2, "times": 1}),
    ("faults", "add", ("latency",), {"seconds": 0.001}),
    ("faults", "add", ("latncy",), {}),
    ("faults", "add", ("status",), {"status": 503, "pgae": 2}),
    ("faults", "", (), {}),
    ("", "verify", (), {}),
    ("", "snapshot", (), {}),
    ("faults", "remove", (1,), {}),
    ("faults", "remove", (99,), {}),
    ("faults", "remove", (), {}),
    ("limits", "set", (LIMIT,), {"allowed": 3, "enabled": True}),
    ("limits", "set", ("nothing",), {"allowed": 3}),
    ("limits", "__getitem__", (LIMIT,), {}),
    ("limits", "__getitem__", ("nothing",), {}),
    ("limits", "", (), {}),
    ("behaviors", "__setitem__", (BEHAVIOR.name, list(BEHAVIOR.options)[-1]), {}),
    ("behaviors", "__setitem__", (BEHAVIOR.name, "nothing"), {}),
    ("behaviors", "__getitem__", (BEHAVIOR.name,), {}),
    ("behaviors", "__getitem__", ("nothing",), {}),
    ("behaviors", "__delitem__", (BEHAVIOR.name,), {}),
    ("behaviors", "__len__", (), {}),
    ("behaviors", "", (), {}),
    ("journal", "exchanges", (), {"vendor": "nobody"}),
    ("journal", "exchanges", (), {"status": "4xx", "limit": 2}),
    ("journal", "count", (), {}),
    ("journal", "__len__", (), {}),
    ("journal", "", (), {}),
    ("journal", "findings", (), {}),
    ("journal", "har", (), {}),
    ("journal", "clear", (), {}),
    ("", "id", (), {}),
    ("", "vendors", (), {}),
    ("", "vendor", (VENDOR.name,), {}),
    ("", "vendor", ("nobody",), {}),
    ("", "expected_rows", (VENDOR.name, ENDPOINT.name), {"site": 1}),
    ("", "expected_rows", (VENDOR.name, "nothing"), {}),
    ("", "expected_rows", (VENDOR.name, ENDPOINT.name), {"nothing": 1}),
    ("", "coverage", (VENDOR.name, ENDPOINT.name), {}),
    ("", "coverage", (VENDOR.name, "nothing"), {}),
    ("", "reconcile", ([],), WANTED),
    ("", "reconcile", ([{"nothing": 1}],), {**WANTED, "site": 1, "fields": ["nothing"]}),
    ("", "replace_world", (), {"profile": "page-exact", "start": NOW, "seed": 5}),
    ("", "replace_world", (), {"sesions": 3}),
    ("world", "counts", (), {}),
    ("", "reset", (), {}),
    ("clock", "use_system_time", (), {}),
    ("", "delete", (), {}),
    ("", "verify", (), {}),
]
# Parts, and the URL of the server, need no call.
UNSWEPT = {"url", "tls_url", "proxy_url", "ca_file", "ca_bundle", "patch", "intercept", *PARTS}
"""Addresses, and context managers, which test_clock_patch.py and test_interception.py cover."""


def public(kind: type) -> set[str]:
    """Return the names of the public methods and properties of a class."""
    return {
        name
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }


def swept(part: str) -> set[str]:
    """Return the names of the methods and properties of a part that CALLS contains."""
    return {name for owner, name, _, _ in CALLS if owner == part and name and not name.startswith("_")}


def outcome(
    tenant: TenantHandle, part: str, name: str, args: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """Return the result of a call, or the type and message of its error."""
    try:
        subject: Any = getattr(tenant, part) if part else tenant
        member = getattr(subject, name) if name else list(subject)
        return member(*args, **keywords) if callable(member) else member
    except (AdminError, ValueError, LookupError, TypeError, RuntimeError, AssertionError) as error:
        return type(error), str(error)


def shown(answers: Iterable[Any], tenant: TenantHandle) -> list[str]:
    """Return results as texts without the URL of the server."""
    return [str(answer).replace(tenant.url, "URL") for answer in answers]
