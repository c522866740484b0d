"""Sessions and their events from Rybbit."""

from collections.abc import Iterator
from typing import Any, Self

import httpx

from visits.retrying import TIMEOUT, ask

PAGE = 100


class Rybbit:
    """A site."""

    def __init__(self, url: str, token: str, site: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
        self._site = site

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sessions(self, first: str, last: str, zone: str) -> Iterator[dict[str, Any]]:
        """Yield every session that starts on the days of a zone once, although pages move while sessions arrive."""
        seen: set[str] = set()
        page = 1
        while True:
            params = {"start_date": first, "end_date": last, "time_zone": zone, "page": page, "limit": PAGE}
            rows = self._get(f"/api/sessions/{self._site}", params)
            yield from (row for row in rows if row["session_id"] not in seen)
            seen.update(row["session_id"] for row in rows)
            if len(rows) < PAGE:
                return
            page += 1

    def events(self, session: str) -> list[dict[str, Any]]:
        """Return all events of a session."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(f"/api/sessions/{session}/{self._site}", {"limit": 5, "offset": len(found)})
            found += page["events"]
            if not page["pagination"]["hasMore"]:
                return found

    def _get(self, path: str, params: dict[str, Any]) -> Any:
        return ask(lambda: self._http.get(path, params=params))["data"]
