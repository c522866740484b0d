"""Sessions from Sparklytics, by cursors, for asyncio."""

import asyncio
from typing import Any

import httpx

from visits.retrying import TIMEOUT, ask


class Stuck(Exception):
    """A cursor leads to where it came from."""


class Sparklytics:
    """A website."""

    def __init__(self, url: str, token: str, site: str) -> None:
        self._url, self._headers = f"{url}/api/websites/{site}/sessions", {"Authorization": f"Bearer {token}"}

    async def sessions(self, first: str, last: str) -> list[dict[str, Any]]:
        """Every session that starts on the days of UTC, newest first; raises :class:`Stuck`."""
        found: list[dict[str, Any]] = []
        cursors: set[str] = set()
        asked: dict[str, Any] = {"start_date": first, "end_date": last, "timezone": "UTC", "limit": 100}
        with httpx.Client(headers=self._headers, timeout=TIMEOUT) as http:
            while True:
                page = await asyncio.to_thread(self._page, http, asked)
                found += page["sessions"]
                cursor = page["next_cursor"]
                if cursor is None:
                    return found
                if cursor in cursors:
                    raise Stuck(f"after {len(found)} rows")
                cursors.add(cursor)
                asked["cursor"] = cursor

    def _page(self, http: httpx.Client, asked: dict[str, Any]) -> Any:
        return ask(lambda: http.get(self._url, params=asked))
