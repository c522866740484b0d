"""A served mock with its admin API."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server.admin.asking import AdminApi

Steer = Callable[..., Awaitable[AdminApi]]


@pytest.fixture(name="steer")
def _steer(serve: Any) -> Steer:
    """Serve tenants with the admin API beside them: ``await steer(world={…}, tenants={…})``."""

    async def steer(**settings: Any) -> AdminApi:
        return AdminApi(await serve(**settings))

    return steer
