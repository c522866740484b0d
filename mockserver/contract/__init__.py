"""Contracts of vendors' APIs, as data. Imports neither the world nor the server."""
