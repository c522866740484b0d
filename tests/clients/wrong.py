"""Wrong clients: the careful client with one small change each."""

from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from itertools import islice, takewhile
from typing import Any

import httpx

from mockserver._util.json_paths import get_at
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, IsSet, LooksLikeMilliseconds
from tests.clients.careful import CarefulClient, GaveUp, Page, PageError, Row
from tests.support.pages import Params, with_page_number


class OffByOnePage(CarefulClient):
    """Begins with the second page."""

    def first_params(self) -> Params:
        return with_page_number(self.endpoint, self.params, 1)

    def check(self, page: Page, previous: Page | None, count: int, seen: set[object]) -> None:
        """Accept that the offset is not the number of rows so far."""

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:
        return super().next_params(page, previous, count + self.page_size)


class StopsAtShortPage(CarefulClient):
    """Takes a page with fewer rows than requested for the last one."""

    def check(self, page: Page, previous: Page | None, count: int, seen: set[object]) -> None:
        """Accept every page."""

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:
        return None if len(page.rows) < self.page_size else super().next_params(page, previous, count)


class DropsLastPage(CarefulClient):
    """Stores a page when it requests the next one."""

    def collect(self) -> list[Row]:
        with_rows = list(takewhile(lambda page: page.rows, self.pages()))
        return [row for page in with_rows[:-1] for row in page.rows]


class NeverWaits(CarefulClient):
    """Retries at once."""

    def wait(self, seconds: float) -> None:
        """Do not wait."""


class IgnoresRetryAfter(CarefulClient):
    """Waits for a second, then for two, and so on, regardless of what the response asks for."""

    def seconds_to_wait(self, response: httpx.Response, default: float) -> float:  # noqa: ARG002 -- inherited
        return default


class FollowsStuckCursor(CarefulClient):
    """Requests whatever page a response names next."""

    def check(self, page: Page, previous: Page | None, count: int, seen: set[object]) -> None:
        """Accept every page."""

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:
        pagination = self.endpoint.pagination
        if pagination.next is None or pagination.key_field is None:
            return super().next_params(page, previous, count)
        following = get_at(page.body, pagination.next)
        total = get_at(page.body, pagination.total) if pagination.total else None
        is_end = following is None if total is None else following >= total
        return None if is_end else {**page.params, pagination.key_field: following}


class SwallowsUnauthorized(CarefulClient):
    """Takes a 401 for the end of the list."""

    def refused(self, params: Params, response: httpx.Response) -> Page:  # noqa: ARG002 -- inherited
        return Page(params, {}, [])

    def check(self, page: Page, previous: Page | None, count: int, seen: set[object]) -> None:
        """Accept every page."""

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:
        return None if page.body == {} else super().next_params(page, previous, count)


class MalformedIsEnd(SwallowsUnauthorized):
    """Takes a body that is not JSON for the end of the list."""

    def malformed(self, params: Params) -> Page | None:
        return Page(params, {}, [])


class SendsMilliseconds(CarefulClient):
    """Sends milliseconds where the vendor expects seconds."""

    def first_params(self) -> Params:
        fields = {
            rule.when.field
            for rule in self.endpoint.lint_rules
            if isinstance(rule.when, LooksLikeMilliseconds)
        }
        return {name: int(value) * 1000 if name in fields else value for name, value in self.params.items()}


class MisspellsFilter(CarefulClient):
    """Sends the name of a filter without one of its letters."""

    def first_params(self) -> Params:
        name = next(name for name in self.endpoint.filtered_example if name in self.params)
        place = len(name) - 3
        return {
            name[:place] + name[place + 1 :] if key == name else key: value
            for key, value in self.params.items()
        }


class AsksForTooManyRows(CarefulClient):
    """Sends a limit above the vendor's maximum."""

    def first_params(self) -> Params:
        conditions = [rule.when for rule in self.endpoint.lint_rules]
        limits = {when.field: when.maximum + 1 for when in conditions if isinstance(when, ExceedsMaximum)}
        return {**self.params, **limits}


class SendsKeyInQuery(CarefulClient):
    """Sends its key in the URL too."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        conditions = [rule.when for rule in self.endpoint.lint_rules]
        self._http.params = httpx.QueryParams(
            {when.parameter: "key" for when in conditions if isinstance(when, InQuery)}
        )


class SendsToOldPlace(CarefulClient):
    """Sends a field where only older documents have it."""

    def first_params(self) -> Params:
        conditions = [rule.when for rule in self.endpoint.lint_rules]
        return {**self.params, **{when.field: [] for when in conditions if isinstance(when, IsSet)}}


class FetchesPagesTwice(CarefulClient):
    """Requests a page to look whether it exists, and again to read it."""

    def fetch(self, params: Params) -> Page:
        page = super().fetch(params)
        return page if params == self.first_params() else super().fetch(params)


class SkipsFailedPage(CarefulClient):
    """Goes on with the next page if one fails."""

    def collect(self) -> list[Row]:
        rows: list[Row] = []
        for number in range(3):
            params = with_page_number(self.endpoint, self.params, number)
            response = self.send(params)
            if response.status_code == httpx.codes.OK:
                rows += self.read(params, response.json()).rows
        return rows


class StopsInTheMiddle(CarefulClient):
    """Reads two pages, however many there are."""

    def collect(self) -> list[Row]:
        return [row for page in islice(self.pages(), 2) for row in page.rows]


class RepeatsRefused(CarefulClient):
    """Sends a refused request again, unchanged."""

    def refused(self, params: Params, response: httpx.Response) -> Page:
        if self.send(params).status_code == response.status_code:
            raise GaveUp(response.text)
        return self.fetch(params)


class SleepsUntilEpoch(CarefulClient):
    """Sleeps for as many seconds as the Unix time has at which it may retry."""

    def seconds_to_wait(self, response: httpx.Response, default: float) -> float:
        now = parsedate_to_datetime(response.headers["Date"])
        return now.timestamp() + super().seconds_to_wait(response, default)


class ReadsDefaultWindow(CarefulClient):
    """Sends no time range."""

    def first_params(self) -> Params:
        return {key: value for key, value in self.params.items() if key not in self.endpoint.range_fields}


class ReadsDefaultWindowSlowly(ReadsDefaultWindow):
    """Sends no time range, and stores each page for a minute."""

    def fetch(self, params: Params) -> Page:
        self.wait(60)
        return super().fetch(params)


class ExportsInParallel(CarefulClient):
    """Requests two pages at once from a vendor that allows one open request."""

    def collect(self) -> list[Row]:
        pages = [with_page_number(self.endpoint, self.params, number) for number in range(2)]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(self.fetch, pages))
        return [row for page in found for row in page.rows]


class RepeatsRowsAfterRetry(CarefulClient):
    """Begins the list anew after a body that is not JSON, without dropping the rows that it has."""

    def collect(self) -> list[Row]:
        rows: list[Row] = []
        for restart in range(self.restarts):
            try:
                for page in self.pages():
                    rows += page.rows
            except PageError:
                self.wait(2.0**restart)
            else:
                break
        return rows

    def malformed(self, params: Params) -> Page | None:
        raise PageError(str(params))
