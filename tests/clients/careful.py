"""A careful client of every list endpoint, and what the wrong clients change."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from string import Formatter
from typing import Any, Final, Self

import httpx
from msgspec import Struct

from mockserver import VendorHandle
from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import RateLimit
from mockserver.contract.pagination import CursorPagination, NoPagination, OffsetPagination
from tests.support.pages import Params
from tests.support.tls import TLS

Row = dict[str, Any]
RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_TIMEOUT: Final = 20


class PageError(Exception):
    """Raised for a page that cannot be right, so that the list has to be begun anew."""


class GaveUp(Exception):
    """Raised after too many attempts, and for errors that no attempt can cure."""


class Page(Struct, frozen=True):
    """A page of a list."""

    params: Params
    body: Any
    rows: list[Row]


class CarefulClient:
    """Collect the rows of a list: retry with waits, follow pages to their end, begin anew if a page is wrong."""

    attempts = 7
    restarts = 4

    def __init__(self, vendor: VendorHandle, endpoint: Endpoint, params: Params) -> None:
        self.vendor = vendor
        self.endpoint = endpoint
        self.params = params
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=TLS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def collect(self) -> list[Row]:
        """Return all rows of the list; raise :class:`GaveUp`."""
        for restart in range(self.restarts):
            rows: list[Row] = []
            try:
                for page in self.pages():
                    rows += page.rows
            except PageError:
                self.wait(2.0**restart)
            else:
                return rows
        raise GaveUp("the pages of the list contradict each other")

    def pages(self) -> Iterator[Page]:
        """Yield the pages of the list; raise :class:`PageError` for one that is wrong."""
        seen: set[Any] = set()
        params: Params | None = self.first_params()
        previous: Page | None = None
        count = 0
        while params is not None:
            page = self.fetch(params)
            self.check(page, previous, count, seen)
            yield page
            count += len(page.rows)
            params = self.next_params(page, previous, count)
            previous = page

    def first_params(self) -> Params:
        return dict(self.params)

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:
        """Return the parameters of the page after a page, or None at the end of the list."""
        pagination = self.endpoint.pagination
        key = pagination.key_field or ""
        if isinstance(pagination, NoPagination):
            return None
        if isinstance(pagination, CursorPagination):
            cursor = get_at(page.body, pagination.next)
            return None if cursor is None else {**page.params, key: cursor}
        if isinstance(pagination, OffsetPagination):
            total = get_at(page.body, pagination.total or "")
            return None if count >= total else {**page.params, key: count}
        # Nothing but an empty page shows the end, and one that follows a full page may be a mistake.
        if not page.rows and (previous is None or len(previous.rows) < self.page_size):
            return None
        return {**page.params, key: int(page.params.get(key, pagination.first or 0)) + 1}

    @property
    def page_size(self) -> int:
        """The number of rows of a full page."""
        return self.endpoint.pagination.page_size(self.params)

    def check(self, page: Page, previous: Page | None, count: int, seen: set[Any]) -> None:
        """Raise :class:`PageError` for a page that does not continue the list."""
        pagination = self.endpoint.pagination
        keys = [tuple(row.get(name) for name in self.endpoint.row_key) for row in page.rows]
        if len(set(keys)) < len(keys) or seen.intersection(keys):
            raise PageError("a row is on two pages")
        seen.update(keys)
        if previous is not None and not previous.rows and page.rows:
            raise PageError("an empty page is not the end")
        if isinstance(pagination, OffsetPagination):
            end = count + len(page.rows)
            total = get_at(page.body, pagination.total or "")
            following = get_at(page.body, pagination.next) if pagination.next else end
            if following != end or (not page.rows and count < total):
                raise PageError(f"rows up to {following}, expected {end} of {total}")
            if previous is not None and total != get_at(previous.body, pagination.total or ""):
                raise PageError("the total changed")
        if isinstance(pagination, CursorPagination):
            cursor = get_at(page.body, pagination.next)
            if cursor is not None and (not page.rows or cursor == page.params.get(pagination.cursor)):
                raise PageError("the cursor does not advance")

    def fetch(self, params: Params) -> Page:
        """Return a page; retry with waits what may be temporary."""
        for attempt in range(self.attempts):
            wait = 2.0**attempt
            try:
                response = self.send(params)
                if response.status_code in RETRIED:
                    wait = self.seconds_to_wait(response, wait)
                elif response.status_code != httpx.codes.OK:
                    return self.refused(params, response)
                else:
                    return self.read(params, response.json())
            except httpx.TransportError:
                pass
            except ValueError:
                malformed = self.malformed(params)
                if malformed is not None:
                    return malformed
            self.wait(wait)
        raise GaveUp(f"{self.attempts} attempts failed")

    def read(self, params: Params, body: Any) -> Page:
        """Return the page of a response body; raise ``ValueError`` if it has no rows."""
        rows = get_at(body, self.endpoint.rows_path)
        if not isinstance(rows, list):
            raise ValueError("the response has no rows")  # noqa: TRY004 -- as for a body that is no JSON
        return Page(params, body, rows)

    def refused(self, params: Params, response: httpx.Response) -> Page:
        """Raise an error for a refused request: a cursor may have expired, anything else is permanent."""
        key = self.endpoint.pagination.key_field
        if key in params and response.status_code not in {401, 403}:
            raise PageError(response.text)
        raise GaveUp(response.text)

    def malformed(self, params: Params) -> Page | None:  # noqa: ARG002 -- wrong clients use it
        """Return the page that a body without JSON stands for: none, the request is sent again."""
        return None

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def seconds_to_wait(self, response: httpx.Response, default: float) -> float:
        """Return how long a response asks to wait, by its own clock."""
        now = parsedate_to_datetime(response.headers["Date"])
        retry_after = response.headers.get("Retry-After")
        if retry_after is not None and retry_after.isdecimal():
            return float(retry_after)
        if retry_after is not None:
            return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0)
        for limit in self.endpoint.limits:
            if isinstance(limit, RateLimit) and response.headers.get((limit.headers or ("",))[-1]):
                reset = float(response.headers[(limit.headers or ("",))[-1]])
                return reset - now.timestamp() if limit.resets == "instant" else reset
        return default

    def send(self, params: Params, method: str | None = None) -> httpx.Response:
        """Send a request with what a vendor handle has: base URL, headers and body fields."""
        remaining = dict(params)
        template = self.endpoint.paths[0]
        names = [name for _, name, _, _ in Formatter().parse(template) if name]
        path = template.format_map({name: remaining.pop(name, self.vendor.sites[0]) for name in names})
        is_get = self.endpoint.method == "GET"
        return self._http.request(
            method or self.endpoint.method,
            self.vendor.base_url + path,
            params={name: str(value) for name, value in remaining.items()} if is_get else None,
            json=None if is_get else {**self.vendor.body, **remaining},
            headers=self.vendor.headers,
        )


class RereadingClient(CarefulClient):
    """Collect a list again until two crawls agree, if neither a total nor a cursor shows that its rows moved."""

    def collect(self) -> list[Row]:
        rows = super().collect()
        pagination = self.endpoint.pagination
        if pagination.has_cursors or pagination.total is not None:
            return rows
        for _ in range(self.restarts):
            earlier, rows = rows, super().collect()
            if rows == earlier:
                return rows
        raise GaveUp("the list changes with every crawl")
