"""The finding window-outside-world: requests for a time in which the world has no sessions at all."""

from typing import Any

import pytest

from mockserver.server.expected.rows import all_rows_params
from mockserver.vendors import load_dialects
from tests.server.asking import Pair, name
from tests.support.windows import format_edge

DAY = 86_400_000
WINDOWED: list[Pair] = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.time_windows
]
WITH_DEFAULT = [
    pair
    for pair in WINDOWED
    if any(window.default_hours or (window.length and not window.start) for window in pair[1].time_windows)
]


def found(mock: Any) -> list[str]:
    """Return the messages of the finding of the last exchange."""
    exchange = list(mock.tenant.journal)[-1]
    return [finding.message for finding in exchange.findings if finding.name == "window-outside-world"]


@pytest.mark.parametrize("pair", WITH_DEFAULT, ids=name)
async def test_default_window_after_end_of_world_is_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    mock.tenant.clock.freeze(mock.tenant.world.spec.end + 60 * DAY)
    await mock.ask(*pair, dict(pair[1].example))
    (message,) = found(mock)

    assert "lies outside the world" in message
    assert "freeze the clock at the end of the world" in message


@pytest.mark.parametrize("pair", WITH_DEFAULT, ids=name)
async def test_default_window_within_world_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    for now in (mock.tenant.world.spec.end, mock.tenant.world.spec.start + DAY // 2):
        mock.tenant.clock.freeze(now)
        await mock.ask(*pair, dict(pair[1].example))

        assert found(mock) == []


@pytest.mark.parametrize("pair", WINDOWED, ids=name)
async def test_explicit_window_is_found_only_outside(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    spec = mock.tenant.world.spec
    window = pair[1].time_windows[0]
    samples = []
    for start in (spec.start - 40 * DAY, spec.start + DAY, spec.end + 30 * DAY):
        mock.tenant.clock.freeze(spec.end + 90 * DAY)
        parameters = dict(pair[1].example)
        for field, instant in ((window.start, start), (window.end, start + 7 * DAY)):
            if field is not None:
                parameters[field] = format_edge(pair[1], instant)
        for field in ("time_zone", "timezone"):
            if field in (pair[1].query.__struct_fields__ if pair[1].query else ()):
                parameters[field] = "UTC"
        status, body = await mock.ask(*pair, parameters)
        assert status == 200, body
        samples.append(len(found(mock)))

    assert samples == [1, 0, 1]


@pytest.mark.parametrize("pair", WINDOWED, ids=name)
async def test_list_of_all_rows_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    for now in (0, 90 * DAY):
        mock.tenant.clock.freeze(mock.tenant.world.spec.end + now)
        await mock.ask(*pair, all_rows_params(mock.tenant, pair[1]))

        assert found(mock) == []


@pytest.mark.parametrize(
    "pair",
    [pair for pair in WINDOWED if any(each.values == "minutes_ago" for each in pair[1].time_windows)],
    ids=name,
)
async def test_minutes_before_now_are_found_only_outside(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    window = next(each for each in pair[1].time_windows if each.values == "minutes_ago")
    counts = []
    for days in (0, 60):
        mock.tenant.clock.freeze(mock.tenant.world.spec.end + days * DAY)
        await mock.ask(*pair, {str(window.start): 600, str(window.end): 0})
        counts.append(len(found(mock)))

    assert counts == [0, 1]


@pytest.mark.parametrize("pair", WITH_DEFAULT, ids=name)
async def test_flowing_world_has_no_end(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0], profile="flowing")
    mock.tenant.clock.freeze(mock.tenant.world.spec.start + 300 * DAY)
    await mock.ask(*pair, dict(pair[1].example))

    assert found(mock) == []
