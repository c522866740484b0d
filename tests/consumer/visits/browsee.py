"""Exports of sessions from Browsee, which allows one request at a time."""

from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

import requests

from visits.retrying import TIMEOUT, ask


class Moved(Exception):
    """Raised for a page that is not the requested one."""


class Browsee:
    """A project."""

    def __init__(self, url: str, keys: Mapping[str, str]) -> None:
        self._url = url
        self._keys = dict(keys)
        self._one = Lock()

    def sessions(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        """Yield every session of a range in Unix seconds, oldest first; raises :class:`Moved`."""
        place = 0
        while True:
            page = self._export(start=start, end=end, **{"from": place})
            yield from page["data"]
            place += len(page["data"])
            if page["to"] != place:
                raise Moved(f"got rows up to {page['to']}, expected up to {place}")
            if place >= page["total"]:
                return
            if not page["data"]:
                raise Moved(f"no row at {place} of {page['total']}")

    def _export(self, **fields: int) -> Any:
        with self._one:
            body = {**self._keys, **fields}
            return ask(
                lambda: requests.post(f"{self._url}/api/v1/export/sessions", json=body, timeout=TIMEOUT)
            )["exports"]
