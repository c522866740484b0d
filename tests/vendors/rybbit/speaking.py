"""Asking Rybbit in one of its dialects, without HTTP."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError, render, status_details
from mockserver.contract.validation import read
from mockserver.vendors.rybbit import VENDOR
from mockserver.world.world import World
from tests.vendors.conftest import asked
from tests.vendors.rybbit.asking import NOW, world

Row = dict[str, Any]
MOST = 10_000
FAILED = (500, {"error": "Failed to fetch sessions"})


def some() -> World:
    """A world of few sessions."""
    return world(sessions=300)


class Dialect:
    """Rybbit as one of its servers answers."""

    def __init__(self, name: str) -> None:
        self.vendor = VENDOR.in_dialect(name)

    def ask(
        self, endpoint: str, told: World, *, path: dict[str, str] | None = None, now: int = NOW, **query: Any
    ) -> Any:
        """What an endpoint answers to a query, whose values may be texts."""
        found = self.vendor.endpoint(endpoint)
        assert found.query is not None
        typed = read(found.query, query, "query")
        if isinstance(typed, list):
            raise ApiError(found.validation_error, message=typed[0].message)
        return json.decode(
            self.vendor.respond(found, asked(self.vendor, told, query=typed, path=path or {}, now=now)).body
        )["data"]

    def rows(self, told: World, **query: Any) -> list[Row]:
        """Rows of the list, in one page where nothing else is said."""
        found: list[Row] = self.ask("list_sessions", told, **{"limit": MOST, **query})
        return found

    def ids(self, told: World, **query: Any) -> list[str]:
        """The ids of rows."""
        return [row["session_id"] for row in self.rows(told, **query)]

    @cached_property
    def everyone(self) -> list[Row]:
        """Every row of some sessions."""
        return self.rows(some())

    def matching(self, holds: Callable[[Row], bool]) -> list[str]:
        """The ids of those rows of some sessions that something holds for."""
        return [row["session_id"] for row in self.everyone if holds(row)]

    def detail(self, told: World, session: str, **query: Any) -> Any:
        """One session with a page of its events."""
        return self.ask("get_session", told, path={"sessionId": session, "site": ""}, **query)

    def places(self, told: World, **query: Any) -> int:
        """How many sessions the places count."""
        return sum(place["count"] for place in self.ask("list_session_locations", told, **query))

    def refusal(self, endpoint: str, told: World, **query: Any) -> tuple[int, Any]:
        """Status and body of the refusal of a query."""
        with pytest.raises(ApiError) as refused:
            self.ask(endpoint, told, **query)
        shape = self.vendor.contract.errors[refused.value.error]
        status = int(str(shape.status))
        return status, render(
            shape.body, {**status_details(status), **shape.defaults, **refused.value.details}
        )
