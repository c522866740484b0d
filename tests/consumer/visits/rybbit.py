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
        """Every session that starts on the days of a zone, each once: pages move while sessions arrive."""
        seen: set[str] = set()
        page = 1
        while True:
            asked = {"start_date": first, "end_date": last, "time_zone": zone, "page": page, "limit": PAGE}
            got = self._get(f"/api/sessions/{self._site}", asked)
            yield from (row for row in got if row["session_id"] not in seen)
            seen.update(row["session_id"] for row in got)
            if len(got) < PAGE:
                return
            page += 1

    def events(self, session: str) -> list[dict[str, Any]]:
        """All events of a session."""
        found: list[dict[str, Any]] = []
        while True:
            told = self._get(f"/api/sessions/{session}/{self._site}", {"limit": 5, "offset": len(found)})
            found += told["events"]
            if not told["pagination"]["hasMore"]:
                return found

    def _get(self, path: str, asked: dict[str, Any]) -> Any:
        return ask(lambda: self._http.get(path, params=asked))["data"]
