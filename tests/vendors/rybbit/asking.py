"""Asking Rybbit without HTTP."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY
from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.contract import GET_SESSION, LIST_SESSION_LOCATIONS, LIST_SESSIONS, MAXIMUM
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
from tests.vendors.conftest import asked, strictly

MINUTE = 60_000
NOW = DEFAULT_END + DAY
"""Every session of the usual worlds is over."""
Behaviors = Mapping[str, str]


def world(profile: str = "default", **fields: Any) -> World:
    """The world of a profile, with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def page(
    told: World, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> list[SessionRow]:
    """A page of the list."""
    request = asked(VENDOR, told, query=ListSessions(**query), now=now, behaviors=behaviors)
    return strictly(VENDOR.respond(LIST_SESSIONS, request).body, SessionPage).data


def rows(told: World, **query: Any) -> list[SessionRow]:
    """Every row of the list, in one page."""
    return page(told, limit=MAXIMUM, **query)


def ids(found: Sequence[SessionRow]) -> list[str]:
    """The ids of some rows."""
    return [row.session_id for row in found]


def detail(
    told: World, session_id: str, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> SessionDetails:
    """One session with a page of its events."""
    path = {"sessionId": session_id, "site": ""}
    request = asked(VENDOR, told, path=path, query=GetSession(**query), now=now, behaviors=behaviors)
    return strictly(VENDOR.respond(GET_SESSION, request).body, OneSession).data


def locations(
    told: World, *, now: int = NOW, behaviors: Behaviors | None = None, **query: Any
) -> list[Location]:
    """The places of sessions."""
    request = asked(VENDOR, told, query=ListSessionLocations(**query), now=now, behaviors=behaviors)
    return strictly(VENDOR.respond(LIST_SESSION_LOCATIONS, request).body, SessionLocations).data


def filters(*each: tuple[str, str, list[Any]]) -> str:
    """The text of some filters."""
    return json.encode(
        [{"parameter": parameter, "type": kind, "value": value} for parameter, kind, value in each]
    ).decode()


def refusal(ask: Callable[..., Any], told: World | None = None, **query: Any) -> str:
    """The message with which a request is refused."""
    with pytest.raises(ApiError) as refused:
        ask(told or world(), **query)

    assert refused.value.error == "violation"
    return refused.value.details["message"]


def second(text: str) -> int:
    """The Unix second of a time as it is told."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.000Z").replace(tzinfo=UTC).timestamp())


def tracked() -> World:
    """A world in which an identified user, an anonymous visitor and one known by traits have sent events."""
    start = DEFAULT_END - DAY // 2
    sent = [
        TrackedEvent(start + 1_500, "signed_up", {"plan": "pro"}, user_id="ada"),
        TrackedEvent(start + 4_200, "paid", user_id="ada"),
        TrackedEvent(start + MINUTE, "looked", anonymous_id="someone"),
        TrackedEvent(start + 2 * MINUTE, "looked", user_id="untold"),
    ]
    told = with_events(world("awkward", sessions=300), 0, sent)
    told = with_identity(told, 0, Identity({"name": "Ada", "vip": True}, user_id="ada"))
    return with_identity(told, 0, Identity({"name": "Anna"}, anonymous_id="someone"))
