"""The kinds of findings: defects in how a client uses an API, even if the response was 200."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from mockserver._util.levels import Level


class FindingKind(Struct, frozen=True, kw_only=True):
    level: Level
    """The level, unless a rule or a condition named in :attr:`raised` sets another one."""
    message: str
    """The message; findings with numbers in their message begin or end with it."""
    raised: str
    """When it is raised."""
    not_raised: str
    """When it is deliberately not raised."""
    remedy: str
    """How a correct client behaves."""


FINDINGS: Final[Mapping[str, FindingKind]] = {
    "limit-above-maximum": FindingKind(
        level="error",
        message="The request asks for more rows than a page may have; the vendor decides how many to return.",
        raised="A limit is greater than the vendor's maximum. A warning where the maximum is not documented.",
        not_raised="The limit is the maximum or less.",
        remedy="Request at most the maximum, and follow the pages.",
    ),
    "milliseconds-for-seconds": FindingKind(
        level="error",
        message="A time is so large that it must be in milliseconds; the vendor expects seconds.",
        raised="A time in Unix seconds is beyond the year 5138.",
        not_raised="The time could be in seconds, even if the world has no sessions then.",
        remedy="Send Unix seconds.",
    ),
    "key-in-query": FindingKind(
        level="error",
        message="A key is in the URL, where it can end up in logs and history.",
        raised=(
            "The query has the name of a credential that the vendor expects elsewhere."
            " A warning where the vendor also accepts the query."
        ),
        not_raised="The credential is only where the vendor expects it.",
        remedy="Send the key in the header or the body, as the vendor documents.",
    ),
    "deprecated-place": FindingKind(
        level="warning",
        message="A value is in a place that the vendor no longer documents.",
        raised="A field is used that only older documents of the vendor have.",
        not_raised="The tenant uses the dialect of those documents.",
        remedy="Move the value to the documented place.",
    ),
    "range-without-zone": FindingKind(
        level="note",
        message="A time range has no time zone, so the server has to guess it.",
        raised=(
            "A date or time is sent without a zone or an offset."
            " A warning in dialects that ignore such a range or require the zone."
        ),
        not_raised="No range is sent, or its instants have offsets.",
        remedy="Send the zone of the days that you mean, or rely on the documented default deliberately.",
    ),
    "unknown-parameter": FindingKind(
        level="error",
        message="The request has a name that the endpoint does not know, so the vendor ignores it.",
        raised=(
            "A query parameter, a field of the body or the name of a field to return is unknown in the"
            " tenant's dialect: an error if the name is close to a known one, or known in another place,"
            " endpoint or dialect of the vendor, or in responses; a warning otherwise."
        ),
        not_raised=(
            "The name is a credential's, or a key of an object with arbitrary properties, or the vendor"
            " documents it but it has no effect in the mock."
        ),
        remedy=(
            "Correct or remove the name. `unknown-parameter:utm` instead of `unknown-parameter` allows a"
            " single name."
        ),
    ),
    "page-requested-twice": FindingKind(
        level="error",
        message="The client requested a page again that it already had. Retrying a failed page is fine.",
        raised=(
            "A page after the first is requested again, directly after it was returned whole and without"
            " a fault, and more often than the list was begun by its first page; an empty page once more than"
            " that."
        ),
        not_raised=(
            "Another page of the list was requested in between, or the first page afterwards, even by another"
            " client; the page failed or had a fault; the tenant's clock was moved or its world changed;"
            " a second of real time has passed; or both requests were sent at once on two connections."
        ),
        remedy="Request each page once; retry only pages that failed.",
    ),
    "page-after-last": FindingKind(
        level="note",
        message=(
            "The client requested a page past the end,"
            " although an earlier response showed that there were no more pages."
        ),
        raised=(
            "An empty page is requested after a page that was not full, or past the total of an earlier page."
        ),
        not_raised=(
            "Nothing in earlier responses showed the end, such as after a full last page, after a fault,"
            " or in pages that are requested at the same time as the first one."
        ),
        remedy="Stop at the total, or at a page with fewer rows than requested; it saves a request.",
    ),
    "failed-page-never-retried": FindingKind(
        level="warning",
        message="A page of a list failed, and the client never requested its rows again.",
        raised=(
            "At the end, a page that failed (a 429, a 5xx, a fault, or the client disconnected) was not"
            " requested again, its list was not begun anew, and some of its rows are on no whole response."
        ),
        not_raised=(
            "The page has no rows, or other responses contained all of them; or the vendor rejected the"
            " request with another status, which is an unexpected error."
        ),
        remedy="Retry a page that failed, or begin the list anew.",
    ),
    "list-abandoned": FindingKind(
        level="warning",
        message="The client stopped in the middle of a list, although there were more pages.",
        raised=(
            "At the end, the client had two pages of a list or more, the last one showed that another page"
            " follows, and some of the rows of that page were on no response."
        ),
        not_raised=(
            "The client read only one page, as for the newest rows; or it already had the rows that follow,"
            " as if it only reads what is new; or the last page failed (`failed-page-never-retried`)"
            " or had a fault."
        ),
        remedy="Follow the pages until the last one.",
    ),
    "moving-window": FindingKind(
        level="warning",
        message=(
            "The client reads a list by offset or page number while its window moves with time,"
            " so that its pages may repeat or lack rows."
        ),
        raised=(
            "A page after the first is requested by offset or page number, the tenant's clock runs or was"
            " moved since the previous page, and time changes the first page: a new session would be on it,"
            " or its rows leave the window within a day."
        ),
        not_raised=(
            "The window ends before now; new sessions only follow the last page; pages have cursors;"
            " or the clock is frozen. Lists whose filter excludes a new visitor are not checked."
        ),
        remedy="Send a start and an end that is not later than the time of the first request.",
    ),
    "list-moved": FindingKind(
        level="note",
        message="The list changed between two requests for its pages, so that the pages repeat or lack rows.",
        raised=(
            "The rows of a page have changed when the next page is requested by offset or page number."
            " A warning if another endpoint of the vendor returns the same rows by cursor."
        ),
        not_raised="The rows did not move, only their values did; or pages have cursors.",
        remedy="Compare the total of the pages, or request overlapping pages and drop repeated rows.",
    ),
    "retry-too-soon": FindingKind(
        level="error",
        message="The client retried before Retry-After (or the rate-limit reset) allowed it.",
        raised=(
            "A request that got a 429 or 503 with a requested wait is repeated before the time is over."
            " A warning for another request that arrives more than 0.25 s of real time after the refusal."
        ),
        not_raised=(
            "The tenant's clock or real time has passed the requested wait; other requests were sent at the"
            " same time; the request arrives within 0.25 s on another connection, on which another client may"
            " have sent it (a tenant with `one_client` has none); or the client cannot know the end of the"
            " wait: it is an instant (a date or a Unix time) of a clock that does not follow the system, or a"
            " fault made it invalid, such as 0.5 s."
        ),
        remedy="Wait for Retry-After, or for the announced reset, before the next request.",
    ),
    "hammering": FindingKind(
        level="error",
        message="The client repeated a failed request again and again without a growing pause.",
        raised=(
            "A request is repeated three times or more after 429 or 5xx, with pauses below 0.1 s, or with"
            " equal pauses below 1 s. A warning before the fifth time, unless the pauses are below 0.02 s:"
            " random pauses may be short or equal a few times."
        ),
        not_raised=(
            "The pauses grow or vary, last at least 1 s, or are as long as requested; in real time or on the"
            " tenant's clock, whichever is longer. Identical requests were sent at the same time, or a fault"
            " made Retry-After or the reset invalid."
        ),
        remedy="Wait as long as requested, or longer after each failure, and give up after some attempts.",
    ),
    "retry-of-permanent-refusal": FindingKind(
        level="error",
        message="The client repeated a request unchanged after a refusal that a retry cannot change.",
        raised=(
            "The next identical request after 400, 401, 403 or 404. A warning if it asks again for a session"
            " that does not exist, or if the tenant's clock was moved by less than a minute in between."
        ),
        not_raised=(
            "The request or its credential differs, the refusal asked to wait or was a limit's, a minute has"
            " passed, or the tenant's world, behaviors, faults or clock changed in between; or the request"
            " has a cursor, and the client began its list anew and got the same cursor again."
            " Requests without a valid credential belong to no tenant and are not compared."
        ),
        remedy="Report the error instead of retrying.",
    ),
    "absurd-wait": FindingKind(
        level="warning",
        message="The tenant's clock was moved by years after a response that asks to retry later.",
        raised=(
            "The first request after 429 or 5xx arrives a year or more later on a clock that was moved, as by"
            " a client that sleeps for as many seconds as the Unix time of a reset has."
        ),
        not_raised="The response required such a wait, or the clock was moved at another time.",
        remedy="Subtract the current time from the reset before waiting.",
    ),
    "window-outside-world": FindingKind(
        level="warning",
        message="The window of the request lies outside the world, so the response is empty.",
        raised=(
            "A response has no sessions, and the time window of the request, including its defaults, ends"
            " more than a day before the world begins, or begins more than a day after the world ends. The"
            " usual reason is a world that ends before the computer's clock."
        ),
        not_raised="The window overlaps the world, is unlimited, or has sessions that clients tracked.",
        remedy="Freeze the clock at the end of the world, or request a window within the world.",
    ),
    "event-sent-twice": FindingKind(
        level="note",
        message="The vendor recorded the same event twice: the response to its first copy was lost.",
        raised="A request that records an event or traits is repeated after its response was lost.",
        not_raised="The first request recorded nothing, or its response was complete and successful.",
        remedy="Accept that an event may be counted twice, or send it at most once.",
    ),
    "request-during-open": FindingKind(
        level="error",
        message="Another request was still open, but the vendor accepts only one at a time.",
        raised="A request arrives while the slot of its site is held.",
        not_raised="The endpoint has no such limit, or the limit is switched off.",
        remedy="Send the next request after the response to the previous one.",
    ),
    "no-timeout": FindingKind(
        level="error",
        message=(
            "The response stalled for longer than the tenant's `stall_timeout`,"
            " so the server reset the connection."
        ),
        raised="The client still waits for a stalled response at the end of `stall_timeout`.",
        not_raised="The client gave up before.",
        remedy="Set a timeout for requests.",
    ),
    "endless-paging": FindingKind(
        level="error",
        message=(
            "The client followed a list far beyond its end, or requested the same page or cursor again and"
            " again."
        ),
        raised=(
            "`loop_limit` consecutive requests for pages of a list, or 100 for a tenant without that limit,"
            " brought no new row, even if a fault is the reason. With the limit, the server rejects further"
            " requests, and the finding is also raised for 100 times as many identical requests."
        ),
        not_raised=(
            "A request brought a new row, the list was begun anew by its first page, as many clients as read"
            " the page began the list, or the client waited before it looked for new rows: a minute on the"
            " tenant's clock, or 10 s of real time."
        ),
        remedy="Stop at the last page and at a page that was read before, and give up after some retries.",
    ),
    "deleted-tenant": FindingKind(
        level="warning",
        message=(
            "The credential belongs to a deleted tenant: the request is late, or belongs to another test."
        ),
        raised="A request carries the credential of a tenant that was deleted lately.",
        not_raised="The credential was never one of this server.",
        remedy="Wait for all requests of a test before it ends.",
    ),
}
"""Every kind of finding by name."""
