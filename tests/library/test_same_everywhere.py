"""A handle behaves the same in the server's process and over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mockserver import SessionMock, TenantHandle
from mockserver.embedded.controls import Behaviors
from tests.conftest import QUICK
from tests.library.crawling import send
from tests.library.sweep import CALLS, ENDPOINT, PARTS, UNSWEPT, VENDOR, outcome, public, shown, swept

MAPPING = public(dict)
NOW = datetime(2026, 9, 12, tzinfo=UTC)


@pytest.fixture(name="pair")
def _pair() -> Iterator[tuple[TenantHandle, TenantHandle]]:
    """The same tenant on two servers, one of which is steered over HTTP."""
    with SessionMock() as here, SessionMock() as there, SessionMock.connect(there.url) as remote:
        yield tuple(each.tenant("a/ü", sessions=10, now=NOW, behaviors=QUICK) for each in (here, remote))  # type: ignore[misc]  # two


def ask(tenant: TenantHandle, number: int) -> None:
    """One exchange in the journal: its instants are those of the tenant's clock."""
    with httpx.Client() as http:
        send(
            http,
            tenant.vendor(VENDOR.name),
            ENDPOINT,
            {**ENDPOINT.example, **({"nothing": 1} if number % 2 else {})},
        )


UNSTEADY = ("duration_ms", "headers", "time", "timings", "url", "startedDateTime")


def timeless(exchange: Any) -> Any:
    """An exchange without how long it took in real time, and without the ports."""
    if isinstance(exchange, dict):
        return {name: timeless(each) for name, each in exchange.items() if name not in UNSTEADY}
    return [timeless(each) for each in exchange] if isinstance(exchange, list) else exchange


def test_every_method_says_the_same_over_http(pair: tuple[TenantHandle, TenantHandle]) -> None:
    """Answers, and errors with their messages, are the same in the same process and from elsewhere."""
    told: list[list[str]] = []
    for tenant in pair:
        answers = []
        for number, call in enumerate(CALLS):
            if call[:2] == ("journal", "exchanges"):
                ask(tenant, number)
            answer = timeless(outcome(tenant, *call))
            answers.append(type(answer) if call[1] == "follow" else answer)
        told.append(shown(answers, tenant) if tenant else [])

    assert len(told[0]) == len(CALLS)
    for call, here, there in zip(CALLS, *told, strict=True):
        assert here == there, call


@pytest.mark.parametrize("part", ["", *PARTS])
def test_every_method_is_swept(tenant: TenantHandle, part: str) -> None:
    """A method that is added to a handle or to a part of it needs a call above."""
    kind = type(getattr(tenant, part)) if part else TenantHandle

    assert public(kind) - UNSWEPT - (MAPPING if kind is Behaviors else set()) == swept(part)
