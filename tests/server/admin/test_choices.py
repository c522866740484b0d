"""Choices are told and changed over HTTP."""

from typing import Any

import pytest

from mockserver.contract.behaviors import DIALECT, Behavior, short_name
from mockserver.vendors import load
from tests.server.admin.asking import DEFAULT
from tests.server.admin.conftest import Steer

CHOICES = f"{DEFAULT}/choices"
ALL: list[Behavior] = [choice for vendor in load() for choice in vendor.contract.choices if short_name(choice.name) != DIALECT]
FIRST = next(choice for choice in ALL if choice.options)
NUMBER = next(choice for choice in ALL if not choice.options)


@pytest.mark.parametrize("choice", ALL, ids=lambda choice: choice.name)
async def test_every_option_of_every_choice_can_be_taken(steer: Steer, choice: Behavior) -> None:
    """What is set is told, of this tenant and of no other, and everything else stays."""
    desk = await steer(tenants={"other": {}})
    before = await desk.get(CHOICES)
    for option in choice.options or (0, 12):
        assert await desk.do("PATCH", CHOICES, {choice.name: option}) == {**before, choice.name: option} == await desk.get(CHOICES)
    assert (await desk.get("/tenants/other/choices"))[choice.name] == choice.default


@pytest.mark.parametrize(
    ("choices", "near"),
    [
        ({FIRST.name + "s": "x"}, FIRST.name),
        ({FIRST.name: "nonsense"}, None),
        ({FIRST.name: True}, None),
        ({FIRST.name: None}, None),
        ({NUMBER.name: -1}, None),
        ({NUMBER.name: "many"}, None),
        ({NUMBER.name: 1, FIRST.name: "nonsense"}, None),
        ([FIRST.name], None),
    ],
    ids=repr,
)
async def test_impossible_choices_change_none(steer: Steer, choices: Any, near: str | None) -> None:
    """A choice or an option that does not exist is told with those that do, and what stood beside it is not done either."""
    told = await (await steer()).refused("PATCH", CHOICES, choices)

    assert told.problem == (400, "invalid-request", near)
    assert all(option in told.json["detail"] for option in FIRST.options) or "nonsense" not in str(choices)
