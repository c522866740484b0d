"""A client that calls Rybbit's views without HTTP, in one of its dialects."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError, render, status_details
from mockserver.contract.validation import read
from mockserver.vendors.rybbit import VENDOR
from mockserver.world.world import World
from tests.vendors.conftest import make_view_request
from tests.vendors.rybbit.client import NOW, make_world

Row = dict[str, Any]
LIMIT = 10_000
FAILED = (500, {"error": "Failed to fetch sessions"})


def make_small_world() -> World:
    return make_world(sessions=300)


class DialectClient:
    """Calls the views of a dialect; the values of queries may be texts, as in a URL."""

    def __init__(self, name: str, **behaviors: str) -> None:
        self.vendor = VENDOR.in_dialect(name)
        self._behaviors = behaviors

    def call(
        self,
        endpoint_name: str,
        world: World,
        *,
        path: dict[str, str] | None = None,
        now: int = NOW,
        **query: Any,
    ) -> Any:
        """Return the data of an endpoint's response."""
        endpoint = self.vendor.endpoint(endpoint_name)
        assert endpoint.query is not None
        parsed = read(endpoint.query, query, "query")
        if isinstance(parsed, list):
            raise ApiError(endpoint.validation_error, message=parsed[0].message)
        request = make_view_request(
            self.vendor, world, query=parsed, path=path or {}, now=now, behaviors=self._behaviors
        )
        return json.decode(self.vendor.respond(endpoint, request).body)["data"]

    def list_rows(self, world: World, **query: Any) -> list[Row]:
        """Return rows of the list, by default all of them as one page."""
        rows: list[Row] = self.call("list_sessions", world, **{"limit": LIMIT, **query})
        return rows

    def list_ids(self, world: World, **query: Any) -> list[str]:
        """Return the ids of rows of the list."""
        return [row["session_id"] for row in self.list_rows(world, **query)]

    @cached_property
    def all_rows(self) -> list[Row]:
        """All rows of the small world."""
        return self.list_rows(make_small_world())

    def ids_where(self, holds: Callable[[Row], bool]) -> list[str]:
        """Return the ids of the rows of the small world that a condition holds for."""
        return [row["session_id"] for row in self.all_rows if holds(row)]

    def get_detail(self, world: World, session_id: str, **query: Any) -> Any:
        """Return one session with a page of its events."""
        return self.call("get_session", world, path={"sessionId": session_id, "site": ""}, **query)

    def count_by_locations(self, world: World, **query: Any) -> int:
        """Return the sum of the counts of all locations."""
        return sum(place["count"] for place in self.call("list_session_locations", world, **query))

    def get_error(self, endpoint_name: str, world: World, **query: Any) -> tuple[int, Any]:
        """Return status and body of the error that a query causes."""
        with pytest.raises(ApiError) as raised:
            self.call(endpoint_name, world, **query)
        template = self.vendor.contract.errors[raised.value.error]
        status = int(str(template.status))
        details = {**status_details(status), **template.defaults, **raised.value.details}
        return status, render(template.body, details)
