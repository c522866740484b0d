"""A Python client of the admin API."""

from mockserver.client.client import AdminClient
from mockserver.client.http_transport import AdminError

__all__ = ["AdminClient", "AdminError"]
