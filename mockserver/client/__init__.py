"""A Python client of the admin API."""

from mockserver.client.connection import AdminError
from mockserver.client.sync import AdminClient

__all__ = ["AdminClient", "AdminError"]
