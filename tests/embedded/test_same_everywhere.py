"""A handle behaves the same in the server's process and over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mockserver import SessionMock, TenantHandle
from mockserver.embedded.controls import Behaviors
from tests.conftest import QUICK
from tests.embedded.crawling import send
from tests.embedded.sweep import CALLS, ENDPOINT, PARTS, UNSWEPT, VENDOR, outcome, public, shown, swept
from tests.support.tls import TLS

MAPPING = public(dict)
NOW = datetime(2026, 9, 12, tzinfo=UTC)


@pytest.fixture(name="pair")
def _pair() -> Iterator[tuple[TenantHandle, TenantHandle]]:
    """Create the same tenant on two servers, one of which is controlled over HTTP."""
    with SessionMock() as here, SessionMock() as there, SessionMock.connect(there.url) as remote:
        yield tuple(
            mock.create_tenant("a/ü", sessions=10, now=NOW, behaviors=QUICK) for mock in (here, remote)
        )  # type: ignore[misc]  # two


def send_request(tenant: TenantHandle, number: int) -> None:
    """Add an exchange to the journal; every second one is an error."""
    with httpx.Client(verify=TLS) as http:
        send(
            http,
            tenant.vendor(VENDOR.name),
            ENDPOINT,
            {**ENDPOINT.example, **({"nothing": 1} if number % 2 else {})},
        )


UNSTEADY = ("duration_ms", "headers", "time", "timings", "url", "startedDateTime", "real_time")


def timeless(exchange: Any) -> Any:
    """Return an exchange without durations in real time and without ports."""
    if isinstance(exchange, dict):
        return {name: timeless(value) for name, value in exchange.items() if name not in UNSTEADY}
    return [timeless(value) for value in exchange] if isinstance(exchange, list) else exchange


def test_every_method_has_same_result_over_http(pair: tuple[TenantHandle, TenantHandle]) -> None:
    results: list[list[str]] = []
    for tenant in pair:
        outcomes = []
        for number, call in enumerate(CALLS):
            if call[:2] == ("journal", "exchanges"):
                send_request(tenant, number)
            result = timeless(outcome(tenant, *call))
            outcomes.append(type(result) if call[1] == "use_system_time" else result)
        results.append(shown(outcomes, tenant) if tenant else [])

    assert len(results[0]) == len(CALLS)
    for call, here, there in zip(CALLS, *results, strict=True):
        assert here == there, call


@pytest.mark.parametrize("part", ["", *PARTS])
def test_every_public_method_has_a_call(tenant: TenantHandle, part: str) -> None:
    """A new method of a handle or of its parts needs a call in sweep.py."""
    kind = type(getattr(tenant, part)) if part else TenantHandle

    assert public(kind) - UNSWEPT - (MAPPING if kind is Behaviors else set()) == swept(part)
