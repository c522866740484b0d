"""Sessions a day, from Braze."""

from typing import Any

import requests

from visits.retrying import TIMEOUT, ask


class Braze:
    """A workspace."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    def days(self, length: int, ending_at: str, app: str) -> list[dict[str, Any]]:
        """Return the number of sessions of each of *length* days before an instant."""
        points: list[dict[str, Any]] = self._get(
            "/sessions/data_series", length=length, ending_at=ending_at, app_id=app
        )["data"]
        return points

    def segments(self) -> list[dict[str, Any]]:
        """Return all segments."""
        found: list[dict[str, Any]] = []
        page = 0
        while True:
            segments = self._get("/segments/list", page=page)["segments"]
            found += segments
            if len(segments) < 100:
                return found
            page += 1

    def _get(self, path: str, **params: str | int) -> Any:
        return ask(
            lambda: requests.get(self._url + path, params=params, headers=self._headers, timeout=TIMEOUT)
        )
