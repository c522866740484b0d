"""Arguments of other types than the built-in ones.

Numbers of NumPy and tenacity, subclasses, enums, durations.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from mockserver import AdminClient, AdminError, SessionMock, TenantHandle, create_app, tenant_of
from tests.embedded.crawling import LISTS
from tests.embedded.sweep import BEHAVIOR, LIMIT

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
VENDOR, ENDPOINT = LISTS[0][0].name, LISTS[0][1].name


class Seconds(float):
    """A subclass of float, like the values of tenacity's ``wait``."""


class NoPagination(int):
    """A subclass of int."""


class Word(str):
    """A subclass of str with another ``str()``."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not me"


class Instant(datetime):
    """A subclass of datetime, like those of freezegun and pendulum."""


class Named(StrEnum):
    """An enum of texts."""

    STATUS = "status"


class Level(IntEnum):
    """An enum of numbers."""

    TWO = 2


class Plain(Enum):
    """An enum without a value type."""

    TWO = 2


TWO: list[Any] = [
    2, 2.0, Seconds(2), NoPagination(2), Level.TWO, Plain.TWO, Decimal(2), Fraction(2), timedelta(seconds=2),
    np.float64(2), np.float32(2), np.float16(2), np.longdouble(2), np.int64(2), np.int8(2), np.uint32(2), np.timedelta64(2, "s"),
]  # fmt: skip
COUNTS: list[Any] = [2, NoPagination(2), Level.TWO, Plain.TWO, np.int64(2), np.uint8(2)]
INVALID: list[Any] = [
    True, np.True_, float("nan"), float("inf"), -float("inf"), np.float64("nan"), np.float32("inf"), Seconds("nan"), Decimal("NaN"),
    None, [2], 2j,
]  # fmt: skip


def named(value: Any) -> str:
    """Return a test id."""
    return f"{type(value).__module__}.{type(value).__name__}({value!r})"


@pytest.fixture(name="tenant", params=["in process", "over HTTP"])
def _tenant(mock: SessionMock, request: pytest.FixtureRequest) -> Iterator[TenantHandle]:
    """Create a tenant that is controlled in the same process, or over HTTP."""
    remote = SessionMock.connect(mock.url)
    with (mock if request.param == "in process" else remote).create_tenant(sessions=10, now=NOW) as tenant:
        yield tenant
    remote.stop()


@pytest.mark.parametrize("two", TWO, ids=named)
def test_duration_of_any_number_type_is_accepted(tenant: TenantHandle, two: Any) -> None:
    assert tenant.clock.advance(two) == NOW + timedelta(seconds=2)
    assert tenant.faults.add("latency", seconds=two)["seconds"] == 2


@pytest.mark.parametrize("value", INVALID, ids=named)
@pytest.mark.parametrize("use", ["advance", "set_rate", "fault"])
def test_duration_not_finite_number_raises(tenant: TenantHandle, use: str, value: Any) -> None:
    calls: dict[str, Callable[[], object]] = {
        "advance": lambda: tenant.clock.advance(value),
        "set_rate": lambda: tenant.clock.set_rate(value),
        "fault": lambda: tenant.faults.add("latency", seconds=value),
    }
    with pytest.raises(
        (ValueError, TypeError, AdminError), match="complex" if isinstance(value, complex) else "rate|seconds"
    ):
        calls[use]()

    assert (tenant.clock.now, list(tenant.faults)) == (NOW, [])


@pytest.mark.parametrize("two", COUNTS, ids=named)
def test_whole_number_of_any_type_is_accepted(mock: SessionMock, tenant: TenantHandle, two: Any) -> None:
    with mock.create_tenant(
        sessions=two, seed=two, sites=two, faults=[{"kind": "latency", "seconds": two, "times": two}]
    ) as created:
        assert (
            created.world.counts,
            created.world.spec["seed"],
            [fault["times"] for fault in created.faults],
        ) == ([2, 2], 2, [2])
    assert tenant.limits.set(LIMIT, allowed=two) == tenant.limits.set(LIMIT, allowed=2)
    tenant.clock.set("2026-10-01T00:00:00Z")
    tenant.faults.add("latency", seconds=0, times=two, after=two)
    tenant.faults.add("latency", seconds=0)
    tenant.faults.remove(two)
    assert [(fault["id"], fault["times"], fault["after"]) for fault in tenant.faults] == [("1", 2, 2)]
    assert tenant.journal.count(after=two) == len(tenant.journal.exchanges(limit=two)) == 0
    assert tenant.world.session(two - 1 if not isinstance(two, Enum) else 1, site=int(Level.TWO) - 1)
    assert tenant.expected_rows(VENDOR, ENDPOINT, site=0) != []
    tenant.replace_world(sessions=two)
    assert tenant.world.spec["sessions"] == 2
    assert tenant.clock.set_rate(two)
    with SessionMock(sessions=two, seed=two, port=type(two)(0) if not isinstance(two, Enum) else 0) as other:
        assert other.world.counts == [2, 2]
    assert tenant_of(create_app(sessions=two)).world.counts == [2, 2]


def test_subclasses_of_str_and_datetime_are_accepted(mock: SessionMock, tenant: TenantHandle) -> None:
    moment = Instant(2026, 9, 10, 14, tzinfo=timezone(timedelta(hours=2)))
    assert (tenant.clock.set(moment), tenant.clock.freeze(moment), tenant.clock.advance(Word("1h"))) == (
        NOW,
        NOW,
        NOW + timedelta(hours=1),
    )
    assert tenant.faults.add(Named.STATUS, status=503)["kind"] == "status"
    assert tenant.limits.set(Word(LIMIT), allowed=3)
    tenant.behaviors[Word(BEHAVIOR.name)] = Word(BEHAVIOR.default)
    assert tenant.expected_rows(Word(VENDOR), Word(ENDPOINT)) == tenant.expected_rows(VENDOR, ENDPOINT)
    assert tenant.journal.count(vendor=Word(VENDOR)) == 0
    assert mock.admin.tenant(Word(tenant.id)).id == tenant.id
    with mock.create_tenant(
        Word("w"), profile=Word("default"), now=moment, start=moment, end=moment + timedelta(days=9)
    ) as created:
        assert (created.id, created.clock.now) == ("w", NOW)
    with (
        SessionMock(now=moment, admin_token=Word("open"), host=Word("127.0.0.1")) as other,
        AdminClient(other.url, Word("open")) as admin,
    ):
        assert admin.clock().now == other.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("value", [float("nan"), np.float64("inf"), Decimal("-Infinity")], ids=named)
def test_setting_not_finite_number_raises(mock: SessionMock, value: Any) -> None:
    with pytest.raises(ValueError, match=r"sessions: .* is not a finite number"):
        SessionMock(sessions=value)
    with pytest.raises(ValueError, match=r"faults\[0\]\.seconds: .* is not a finite number"):
        mock.create_tenant(faults=[{"kind": "latency", "seconds": value}])
