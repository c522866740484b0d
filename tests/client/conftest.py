"""Fixtures: a server and its admin client."""

from collections.abc import Iterator

import pytest

from mockserver.client import AdminClient
from mockserver.server.runner import Running
from tests.client.live import serve_in_thread


@pytest.fixture(name="running")
def _running() -> Iterator[Running]:
    """Run a server with a small world and with https."""
    with serve_in_thread(world={"sessions": 5}, tls=True, tls_port=0) as running:
        yield running


@pytest.fixture(name="admin")
def _admin(running: Running) -> Iterator[AdminClient]:
    """Return a client of the server."""
    with AdminClient(running.url) as admin:
        yield admin
