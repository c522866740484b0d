"""Sessions from Sparklytics, by cursors, for asyncio."""

import asyncio
from typing import Any

import httpx

from visits.retrying import TIMEOUT, ask


class Stuck(Exception):
    """Raised for a cursor that was already used."""


class Sparklytics:
    """A website."""

    def __init__(self, url: str, token: str, site: str) -> None:
        self._url = f"{url}/api/websites/{site}/sessions"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def sessions(self, first: str, last: str) -> list[dict[str, Any]]:
        """Return every session that starts on some days in UTC, newest first; raises :class:`Stuck`."""
        found: list[dict[str, Any]] = []
        cursors: set[str] = set()
        params: dict[str, Any] = {"start_date": first, "end_date": last, "timezone": "UTC", "limit": 100}
        with httpx.Client(headers=self._headers, timeout=TIMEOUT) as http:
            while True:
                page = await asyncio.to_thread(self._page, http, params)
                found += page["sessions"]
                cursor = page["next_cursor"]
                if cursor is None:
                    return found
                if cursor in cursors:
                    raise Stuck(f"after {len(found)} rows")
                cursors.add(cursor)
                params["cursor"] = cursor

    def _page(self, http: httpx.Client, params: dict[str, Any]) -> Any:
        return ask(lambda: http.get(self._url, params=params))
