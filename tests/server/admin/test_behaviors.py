"""List and set behaviors over HTTP."""

from typing import Any

import pytest

from mockserver.contract.behaviors import DIALECT, Behavior, short_name
from mockserver.vendors import load
from tests.server.admin.api import DEFAULT
from tests.server.admin.conftest import ServeAdmin

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
async def test_behavior_accepts_each_option(serve_admin: ServeAdmin, behavior: Behavior) -> None:
    """Other behaviors and other tenants stay unchanged."""
    admin = await serve_admin(tenants={"other": {}})
    before = await admin.get(BEHAVIORS)
    for option in behavior.options or (0, 12):
        assert (
            await admin.change("PATCH", BEHAVIORS, {behavior.name: option})
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
async def test_invalid_behaviors_change_nothing(
    serve_admin: ServeAdmin, behaviors: Any, near: str | None
) -> None:
    """The error lists the options; valid settings of the same request are not applied."""
    result = await (await serve_admin()).assert_rejected("PATCH", BEHAVIORS, behaviors)

    assert result.problem == (400, "invalid-request", near)
    assert all(option in result.json["detail"] for option in FIRST.options) or "nonsense" not in str(
        behaviors
    )
