"""Behaviors are told and changed over HTTP."""

from typing import Any

import pytest

from mockserver.contract.behaviors import DIALECT, Behavior, short_name
from mockserver.vendors import load
from tests.server.admin.asking import DEFAULT
from tests.server.admin.conftest import Steer

BEHAVIORS = f"{DEFAULT}/behaviors"
ALL: list[Behavior] = [
    behavior
    for vendor in load()
    for behavior in vendor.contract.behaviors
    if short_name(behavior.name) != DIALECT
]
FIRST = next(behavior for behavior in ALL if behavior.options)
NUMBER = next(behavior for behavior in ALL if not behavior.options)


@pytest.mark.parametrize("behavior", ALL, ids=lambda behavior: behavior.name)
async def test_every_option_of_every_choice_can_be_taken(steer: Steer, behavior: Behavior) -> None:
    """What is set is told, of this tenant and of no other, and everything else stays."""
    admin = await steer(tenants={"other": {}})
    before = await admin.get(BEHAVIORS)
    for option in behavior.options or (0, 12):
        assert (
            await admin.do("PATCH", BEHAVIORS, {behavior.name: option})
            == {**before, behavior.name: option}
            == await admin.get(BEHAVIORS)
        )
    assert (await admin.get("/tenants/other/behaviors"))[behavior.name] == behavior.default


@pytest.mark.parametrize(
    ("behaviors", "near"),
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
async def test_impossible_choices_change_none(steer: Steer, behaviors: Any, near: str | None) -> None:
    """A behavior or an option that does not exist is told with those that do, and what stood beside it is not done either."""
    told = await (await steer()).refused("PATCH", BEHAVIORS, behaviors)

    assert told.problem == (400, "invalid-request", near)
    assert all(option in told.json["detail"] for option in FIRST.options) or "nonsense" not in str(behaviors)
