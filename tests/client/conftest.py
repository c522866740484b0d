"""A client and the server it steers."""

from collections.abc import Iterator

import pytest

from mockserver.client import AdminClient
from mockserver.server.runner import Running
from tests.client.live import live


@pytest.fixture(name="running")
def _running() -> Iterator[Running]:
    """A server with a small world."""
    with live(world={"sessions": 5}) as running:
        yield running


@pytest.fixture(name="admin")
def _admin(running: Running) -> Iterator[AdminClient]:
    """A client of it."""
    with AdminClient(running.url) as admin:
        yield admin
