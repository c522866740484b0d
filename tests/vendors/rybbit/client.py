"""Functions that call Rybbit's views without HTTP, in the documented dialect."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY
from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.behaviors import MAX_LIMIT
from mockserver.vendors.rybbit.contract import GET_SESSION, LIST_SESSION_LOCATIONS, LIST_SESSIONS
from mockserver.vendors.rybbit.request_models import GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.responses import (
    Location,
    OneSession,
    SessionDetails,
    SessionLocations,
    SessionPage,
    SessionRow,
)
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.world import World, build, with_events, with_identity
from tests.vendors.conftest import decode_strictly, make_view_request

MINUTE = 60_000
NOW = DEFAULT_END + DAY
"""After the end of every session of the worlds in these tests."""
Behaviors = Mapping[str, str]


def make_world(profile: str = "default", **fields: Any) -> World:
    """Return the world of a profile, with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def list_page(
    world: World, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> list[SessionRow]:
    request = make_view_request(VENDOR, world, query=ListSessions(**query), now=now, behaviors=behaviors)
    return decode_strictly(VENDOR.respond(LIST_SESSIONS, request).body, SessionPage).data


def list_rows(world: World, **query: Any) -> list[SessionRow]:
    """Return all rows of the list, as one page."""
    return list_page(world, limit=MAX_LIMIT, **query)


def session_ids(rows: Sequence[SessionRow]) -> list[str]:
    return [row.session_id for row in rows]


def get_detail(
    world: World, session_id: str, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> SessionDetails:
    path = {"sessionId": session_id, "site": ""}
    request = make_view_request(
        VENDOR, world, path=path, query=GetSession(**query), now=now, behaviors=behaviors
    )
    return decode_strictly(VENDOR.respond(GET_SESSION, request).body, OneSession).data


def list_locations(
    world: World, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> list[Location]:
    request = make_view_request(
        VENDOR, world, query=ListSessionLocations(**query), now=now, behaviors=behaviors
    )
    return decode_strictly(VENDOR.respond(LIST_SESSION_LOCATIONS, request).body, SessionLocations).data


def encode_filters(*filters: tuple[str, str, list[Any]]) -> str:
    """Return the text of the parameter for filters, each a parameter, a type and values."""
    return json.encode(
        [{"parameter": parameter, "type": kind, "value": values} for parameter, kind, values in filters]
    ).decode()


def error_message(call: Callable[..., Any], world: World | None = None, **query: Any) -> str:
    """Return the message of the error that a call raises."""
    with pytest.raises(ApiError) as raised:
        call(world or make_world(), **query)

    assert raised.value.error == "violation"
    return raised.value.details["message"]


def parse_second(text: str) -> int:
    """Return the Unix time of a timestamp in a response."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.000Z").replace(tzinfo=UTC).timestamp())


def make_tracked_world() -> World:
    """Return a world with events of an identified user, an anonymous visitor and a user without traits."""
    start = DEFAULT_END - DAY // 2
    events = [
        TrackedEvent(start + 1_500, "signed_up", {"plan": "pro"}, user_id="ada"),
        TrackedEvent(start + 4_200, "paid", user_id="ada"),
        TrackedEvent(start + MINUTE, "looked", anonymous_id="someone"),
        TrackedEvent(start + 2 * MINUTE, "looked", user_id="bob"),
    ]
    world = with_events(make_world("awkward", sessions=300), 0, events)
    world = with_identity(world, 0, Identity({"name": "Ada", "vip": True}, user_id="ada"))
    return with_identity(world, 0, Identity({"name": "Anna"}, anonymous_id="someone"))
