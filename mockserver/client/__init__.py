"""Clients of the admin API, for Python: one that waits, and its twin for coroutines."""

from mockserver.client.connection import AdminError
from mockserver.client.sync import AdminClient
from mockserver.client.twin import AsyncAdminClient

__all__ = ["AdminClient", "AdminError", "AsyncAdminClient"]
