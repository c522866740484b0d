"""Fixture: a running mock with its admin API."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server.admin.api import AdminApi

ServeAdmin = Callable[..., Awaitable[AdminApi]]


@pytest.fixture(name="serve_admin")
def _serve_admin(serve: Any) -> ServeAdmin:
    """Serve tenants and the admin API: ``await serve_admin(world={…}, tenants={…})``."""

    async def serve_admin(**settings: Any) -> AdminApi:
        return AdminApi(await serve(**settings))

    return serve_admin
