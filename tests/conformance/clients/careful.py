"""A careful client of four lists, and nineteen wrong ones; it needs only the standard library.

As a command it prints the rows as lines of JSON: ``careful.py VENDOR/ENDPOINT [--bug NAME]``.
"""

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

Fields = dict[str, Any]
Row = dict[str, Any]
PAGE_SIZE: Final = 5
TIMEOUT: Final = 0.8
ATTEMPTS: Final = 7
RESTARTS: Final = 4
OK: Final = 200
TOO_MANY: Final = 429
REFUSALS: Final = range(400, 500)
BROWSERS: Final = frozenset({None, "", "Chrome", "Edge", "Firefox", "Opera", "Safari", "Samsung Internet"})
TEMPORARY: Final = frozenset({429, 500, 502, 503, 504})


class GaveUp(Exception):
    """Raised for a list that cannot be collected."""


class WrongPage(Exception):
    """Raised for a page that does not continue the list, which is then begun anew."""


class Damaged(Exception):
    """Raised for a response whose body is not a page."""


class ListClient:
    """Collects a list: retries with waits, follows pages to their end, begins anew if a page is wrong."""

    method = "GET"
    timeout: float | None = TIMEOUT
    attempts = ATTEMPTS

    def __init__(self, environment: Mapping[str, str], sleep: Callable[[float], object]) -> None:
        self.environment = environment
        self.sleep = sleep

    # Methods that differ from list to list.

    def path(self) -> str:
        raise NotImplementedError

    def first_fields(self) -> Fields:
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        raise NotImplementedError

    def rows(self, body: Any) -> list[Row]:
        raise NotImplementedError

    def key(self, row: Row) -> object:
        raise NotImplementedError

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        """Return the fields of the page after a page, or None at the end; raise WrongPage."""
        raise NotImplementedError

    def reset(self, headers: Mapping[str, str]) -> float | None:
        """Return the Unix time of a reset in the headers of a refusal."""
        del headers
        return None

    # Methods that wrong clients change.

    def collect(self) -> list[Row]:
        rows: list[Row] = []
        for restart in range(RESTARTS):
            rows = self.begin(rows)
            try:
                for page in self.pages():
                    rows += page
            except WrongPage:
                self.sleep(0.1 * 2**restart)
            else:
                return rows
        raise GaveUp("the pages of the list contradict each other")

    def begin(self, rows: list[Row]) -> list[Row]:
        del rows
        return []

    def pages(self) -> Iterator[list[Row]]:
        seen: set[object] = set()
        fields: Fields | None = self.first_fields()
        previous: Any = None
        count = 0
        while fields is not None:
            body = self.fetch(fields)
            if body is None:
                return
            rows = self.rows(body)
            keys = [self.key(row) for row in rows]
            self.check_keys(keys, seen)
            seen.update(keys)
            yield rows
            count += len(rows)
            fields = self.next_fields(fields, body, previous, count)
            previous = body

    def check_keys(self, keys: list[object], seen: set[object]) -> None:
        if len(set(keys)) < len(keys) or seen.intersection(keys):
            raise WrongPage("a row is on two pages")

    def fetch(self, fields: Fields) -> Any:
        """Return the body of a page, or None for the end of the list."""
        for attempt in range(self.attempts):
            wait = 0.05 * 2**attempt
            try:
                status, headers, body = self.send(fields)
                if status in TEMPORARY:
                    wait = self.find_wait(status, headers, wait)
                elif status != OK:
                    return self.refuse(fields, status, attempt)
                else:
                    return self.read(body)
            except Damaged:
                if self.ends_at_damage():
                    return None
            except (OSError, http.client.HTTPException):
                pass
            if attempt + 1 < self.attempts:
                self.wait(wait)
        raise GaveUp(f"{self.attempts} attempts failed")

    def ends_at_damage(self) -> bool:
        return False

    def refuse(self, fields: Fields, status: int, attempt: int) -> Any:
        """Raise for a refusal: a cursor may have expired, anything else is permanent."""
        del attempt
        if "cursor" in fields and status not in {401, 403}:
            raise WrongPage(f"status {status}")
        raise GaveUp(f"status {status}")

    def read(self, body: bytes) -> Any:
        try:
            parsed = self.parse(body)
            self.rows(parsed)
        except (ValueError, KeyError, TypeError):
            raise Damaged from None
        return parsed

    def parse(self, body: bytes) -> Any:
        return json.loads(body)

    def wait(self, seconds: float) -> None:
        self.sleep(seconds)

    def find_wait(self, status: int, headers: Mapping[str, str], default: float) -> float:
        """Return how long a refusal asks to wait, by its own clock."""
        after = headers.get("Retry-After")
        if after is not None and after.isdecimal():
            return float(after)
        now = parsedate_to_datetime(headers["Date"]).timestamp()
        if after is not None:
            try:
                return max(parsedate_to_datetime(after).timestamp() - now, 0) + 1
            except ValueError:
                return 1.0
        reset = self.reset(headers) if status == TOO_MANY else None
        return default if reset is None else max(reset - now, 0) + default

    def send(self, fields: Fields) -> tuple[int, Mapping[str, str], bytes]:
        path = f"{self.path()}?{urlencode(fields)}" if self.method == "GET" else self.path()
        return self.send_to(self.url + path, fields)

    def send_to(self, target: str, fields: Fields) -> tuple[int, Mapping[str, str], bytes]:
        url = urlsplit(target)
        path = urlunsplit(("", "", *url[2:]))
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=self.timeout)
        try:
            if self.method == "GET":
                connection.request("GET", path, headers=self.headers())
            else:
                headers = {**self.headers(), "Content-Type": "application/json"}
                connection.request("POST", path, json.dumps(fields), headers)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()

    # Values that the check gives its client.

    @property
    def url(self) -> str:
        return self.environment[f"SESSION_MOCK_{self.vendor}_URL"]

    vendor = ""

    def of_vendor(self, name: str) -> str:
        return self.environment[f"SESSION_MOCK_{self.vendor}_{name}"]

    def bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.of_vendor(name)}"}

    def zone(self) -> ZoneInfo:
        """Return the zone of the computer."""
        return ZoneInfo(self.environment.get("TZ", "UTC"))

    def window(self) -> tuple[datetime, datetime]:
        """Return the start and the end of the window."""
        names = ("SESSION_MOCK_START", "SESSION_MOCK_END")
        start, end = (datetime.fromisoformat(self.environment[name]) for name in names)
        self.check_window(start, end)
        return start, end

    def check_window(self, start: datetime, end: datetime) -> None:
        if end < start:
            raise GaveUp("the window ends before it starts")

    def days(self) -> tuple[str, str]:
        """Return the first and the last day of the window."""
        start, end = self.window()
        last = datetime.fromtimestamp(end.timestamp() - 0.001, end.tzinfo)
        return start.date().isoformat(), last.date().isoformat()


class RybbitSessions(ListClient):
    """Pages with numbers; only an empty page shows the end."""

    vendor = "RYBBIT"

    def path(self) -> str:
        return f"/api/sessions/{self.of_vendor('SITE')}"

    def first_fields(self) -> Fields:
        start, end = self.days()
        return {"start_date": start, "end_date": end, "time_zone": "UTC", "limit": PAGE_SIZE, "page": 1}

    def headers(self) -> dict[str, str]:
        return self.bearer("TOKEN")

    def rows(self, body: Any) -> list[Row]:
        return list(body["data"])

    def key(self, row: Row) -> object:
        return row["session_id"]

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        del count
        rows = self.rows(body)
        before = None if previous is None else len(self.rows(previous))
        if before == 0 and rows:
            raise WrongPage("an empty page is not the end")
        # An empty page after a full one may be a mistake.
        if not rows and self.trusts_empty_page(before):
            return None
        return {**fields, "page": fields["page"] + 1}

    def trusts_empty_page(self, before: int | None) -> bool:
        return before is None or before < PAGE_SIZE


class BrowseeExport(ListClient):
    """Pages with offsets, and a total."""

    vendor = "BROWSEE"
    method = "POST"

    def path(self) -> str:
        return "/api/v1/export/sessions"

    def first_fields(self) -> Fields:
        start, end = (int(instant.timestamp()) for instant in self.window())
        keys = {"apiKey": self.of_vendor("API_KEY"), "secretKey": self.of_vendor("SECRET_KEY")}
        return {**keys, "start": start, "end": end, "limit": PAGE_SIZE, "from": 0}

    def headers(self) -> dict[str, str]:
        return {}

    def rows(self, body: Any) -> list[Row]:
        return list(body["exports"]["data"])

    def key(self, row: Row) -> object:
        return row["timestamp"], row.get("ip")

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        export = body["exports"]
        rows = self.rows(body)
        self.check_total(export, previous, count, rows)
        return None if count >= export["total"] else {**fields, "from": self.following(export, count)}

    def following(self, export: Any, count: int) -> int:
        del export
        return count

    def check_total(self, export: Any, previous: Any, count: int, rows: list[Row]) -> None:
        if previous is not None and previous["exports"]["total"] != export["total"]:
            raise WrongPage("the total changed")
        if export["to"] != count or (not rows and count < export["total"]):
            raise WrongPage("the page does not continue the list")


class SparklyticsSessions(ListClient):
    """Pages with cursors."""

    vendor = "SPARKLYTICS"

    def path(self) -> str:
        return f"/api/websites/{self.of_vendor('SITE')}/sessions"

    def first_fields(self) -> Fields:
        start, end = self.days()
        return {"start_date": start, "end_date": end, "timezone": "UTC", "limit": PAGE_SIZE}

    def headers(self) -> dict[str, str]:
        return self.bearer("TOKEN")

    def rows(self, body: Any) -> list[Row]:
        return list(body["sessions"])

    def key(self, row: Row) -> object:
        return row["session_id"]

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        del previous, count
        cursor = body.get("next_cursor")
        if cursor is None:
            return None
        self.check_cursor(cursor, fields, self.rows(body))
        return {**fields, "cursor": cursor}

    def check_cursor(self, cursor: str, fields: Fields, rows: list[Row]) -> None:
        if not rows or cursor == fields.get("cursor"):
            raise WrongPage("the cursor does not advance")


class BrazeSeries(ListClient):
    """A series without pages."""

    vendor = "BRAZE"

    def path(self) -> str:
        return "/sessions/data_series"

    def first_fields(self) -> Fields:
        start, end = self.window()
        return {"length": round((end - start).total_seconds() / 86400), "ending_at": end.isoformat()}

    def headers(self) -> dict[str, str]:
        return self.bearer("TOKEN")

    def rows(self, body: Any) -> list[Row]:
        return list(body["data"])

    def key(self, row: Row) -> object:
        return row["time"]

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        del fields, body, previous, count
        return None

    def reset(self, headers: Mapping[str, str]) -> float | None:
        value = headers.get("X-RateLimit-Reset")
        return float(value) if value else None


TARGETS: Final[dict[str, type[ListClient]]] = {
    "rybbit/list_sessions": RybbitSessions,
    "browsee/export_sessions": BrowseeExport,
    "sparklytics/list_sessions": SparklyticsSessions,
    "braze/sessions_data_series": BrazeSeries,
}


# Bugs, each a few methods that replace those of the careful client.


class TrustsEmptyPage:
    """Takes an empty page for the end, whatever the page before had."""

    def trusts_empty_page(self, before: int | None) -> bool:
        del before
        return True


class StopsAfterTenPages(ListClient):
    """Reads at most ten pages."""

    def pages(self) -> Iterator[list[Row]]:
        return islice(super().pages(), 10)


class NeverWaits:
    """Retries at once, and often."""

    attempts = 40

    def wait(self, seconds: float) -> None:
        del seconds


class IgnoresRetryAfter:
    """Waits for a while of its own choice, whatever a response asks for."""

    def find_wait(self, status: int, headers: Mapping[str, str], default: float) -> float:
        del status, headers
        return default


class FollowsAnyNext:
    """Requests whatever page a response names next, and does not look at rows."""

    def check_keys(self, keys: list[object], seen: set[object]) -> None:
        del keys, seen

    def check_total(self, export: Any, previous: Any, count: int, rows: list[Row]) -> None:
        del export, previous, count, rows

    def check_cursor(self, cursor: str, fields: Fields, rows: list[Row]) -> None:
        del cursor, fields, rows

    def following(self, export: Any, count: int) -> int:
        del count
        return int(export["to"])


class TakesRefusalForEnd:
    """Takes a refusal for the end of the list."""

    def refuse(self, fields: Fields, status: int, attempt: int) -> Any:
        del fields, status, attempt


class TakesDamageForEnd:
    """Takes a body that is not a page for the end of the list."""

    def ends_at_damage(self) -> bool:
        return True


class UsesLocalTime(ListClient):
    """Takes the window for local time."""

    def window(self) -> tuple[datetime, datetime]:
        start, end = (instant.replace(tzinfo=self.zone()) for instant in super().window())
        return start.astimezone(UTC), end.astimezone(UTC)


class BeginsDayEarly(ListClient):
    """Requests the day before the window, too."""

    def window(self) -> tuple[datetime, datetime]:
        start, end = super().window()
        return start - timedelta(days=1), end


class EndsBeforeLastSecond(ListClient):
    """Ends the window at 23:59:59, which does not belong to it."""

    def window(self) -> tuple[datetime, datetime]:
        start, end = super().window()
        return start, end - timedelta(seconds=1)


class SwapsWindow(ListClient):
    """Swaps the ends of a window that ends before it starts."""

    def window(self) -> tuple[datetime, datetime]:
        start, end = sorted(super().window())
        return start, end

    def check_window(self, start: datetime, end: datetime) -> None:
        del start, end


class StopsAtShortPage(ListClient):
    """Takes a page with fewer rows than it requested for the last one."""

    def next_fields(self, fields: Fields, body: Any, previous: Any, count: int) -> Fields | None:
        following = super().next_fields(fields, body, previous, count)
        return None if len(self.rows(body)) < PAGE_SIZE else following


class FollowsRedirects(ListClient):
    """Follows a redirect to any host, with its credential."""

    def send(self, fields: Fields) -> tuple[int, Mapping[str, str], bytes]:
        answer = super().send(fields)
        return answer if "Location" not in answer[1] else self.send_to(answer[1]["Location"], fields)


class ReadsNumbersAsFloats:
    """Reads every number as a float of 64 bits."""

    def parse(self, body: bytes) -> Any:
        return json.loads(body, parse_int=float)


class KnowsBrowsers(ListClient):
    """Refuses a row with a browser that it does not know."""

    def rows(self, body: Any) -> list[Row]:
        rows = super().rows(body)
        for row in rows:
            if row.get("browser") not in BROWSERS:
                raise GaveUp("unknown browser")
        return rows


class RepeatsRefused:
    """Sends a refused request again."""

    def refuse(self, fields: Fields, status: int, attempt: int) -> Any:
        if attempt + 1 == ATTEMPTS or status not in REFUSALS:
            raise GaveUp(f"status {status}")
        raise ConnectionError(fields)


class KeepsRowsOnRestart:
    """Begins a list anew without dropping the rows that it has."""

    def begin(self, rows: list[Row]) -> list[Row]:
        return rows


class HasNoTimeout:
    """Waits for a response without end."""

    timeout: float | None = None


class PrintsKey(ListClient):
    """Prints its request, with the credential in it, if the request is refused."""

    def refuse(self, fields: Fields, status: int, attempt: int) -> Any:
        del attempt
        raise GaveUp(f"status {status} for {fields} with {self.headers()}")


BUGS: Final[dict[str, type[Any]]] = {
    "trusts-empty-page": TrustsEmptyPage,
    "stops-after-ten-pages": StopsAfterTenPages,
    "never-waits": NeverWaits,
    "ignores-retry-after": IgnoresRetryAfter,
    "follows-any-next": FollowsAnyNext,
    "takes-refusal-for-end": TakesRefusalForEnd,
    "takes-damage-for-end": TakesDamageForEnd,
    "uses-local-time": UsesLocalTime,
    "begins-day-early": BeginsDayEarly,
    "ends-before-last-second": EndsBeforeLastSecond,
    "swaps-window": SwapsWindow,
    "stops-at-short-page": StopsAtShortPage,
    "follows-redirects": FollowsRedirects,
    "reads-numbers-as-floats": ReadsNumbersAsFloats,
    "knows-browsers": KnowsBrowsers,
    "repeats-refused": RepeatsRefused,
    "keeps-rows-on-restart": KeepsRowsOnRestart,
    "has-no-timeout": HasNoTimeout,
    "prints-key": PrintsKey,
}


def make_client(
    target: str, bug: str | None, environment: Mapping[str, str], sleep: Callable[[float], object]
) -> ListClient:
    """Return the client of a target, with a bug if one is named."""
    careful = TARGETS[target]
    kind: type[ListClient] = careful if bug is None else type(bug, (BUGS[bug], careful), {})
    return kind(environment, sleep)


def main() -> int:
    """Print the rows of a list; return 1 if it cannot be collected."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--bug", choices=BUGS)
    options = parser.parse_args()
    client = make_client(options.target, options.bug, os.environ, time.sleep)
    try:
        rows = client.collect()
    except GaveUp as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 -- a command prints
        return 1
    for row in rows:
        print(json.dumps(row))  # noqa: T201 -- as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
