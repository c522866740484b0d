"""Requests for what is made together wait for each other, and for nobody else."""

import asyncio

import pytest

from mockserver.server.gathering import Gathering
from mockserver.vendor.ahead import PAGES


async def went(starts: list[int]) -> list[str]:
    """What happened, in order, when some came at turns of the event loop."""
    gathering, seen = Gathering(), list[str]()

    async def one(number: int, start: int) -> None:
        for _ in range(start):
            await asyncio.sleep(0)
        seen.append(f"{number} comes")
        await gathering.others()
        seen.append(f"{number} goes")

    await asyncio.gather(*(one(number, start) for number, start in enumerate(starts)))
    return seen


@pytest.mark.parametrize("starts", [[0, 0, 0], [0, 1, 2], [0, 0, 1, 2, 2, 3], [2, 1, 0]], ids=str)
async def test_all_that_come_one_after_the_other_go_on_together(starts: list[int]) -> None:
    """Nobody goes on while others still come, though it be by one in a turn."""
    seen = await went(starts)

    assert [each.endswith("comes") for each in seen] == [True] * len(starts) + [False] * len(starts)


async def test_nobody_waits_for_those_who_are_long_in_coming() -> None:
    """Whoever is alone goes on after a few turns, long before the next one comes."""
    assert await went([0, 10]) == ["0 comes", "0 goes", "1 comes", "1 goes"]


async def test_nobody_waits_for_more_than_are_made_at_once() -> None:
    """Where one comes in every turn and never an end, the first goes on all the same."""
    seen = await went([*range(5 * PAGES)])

    assert seen.index("0 goes") <= PAGES + 2
