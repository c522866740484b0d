"""The contract of Browsee's HTTP API: session export, track, identify. Data only."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mockserver.contract.behaviors import Behavior, ByBehavior
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.json_formats import DATE_TIME, SEGMENT
from mockserver.contract.limits import ConcurrencyLimit, WindowLimit
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, IsSet, LintRule, LooksLikeMilliseconds
from mockserver.contract.pagination import OffsetPagination
from mockserver.contract.provenance import Basis, Fact, Source

READ = "2026-11-21"
SOURCES = {
    "export": Source(
        "Browsee documentation, Data Export API",
        "https://docs.browsee.io/integration/api-calls/data-export-api",
        READ,
    ),
    "track": Source(
        "Browsee documentation, Track HTTP API",
        "https://docs.browsee.io/integration/api-calls/track-event-http-api",
        READ,
    ),
    "identify": Source(
        "Browsee documentation, Identify HTTP API",
        "https://docs.browsee.io/integration/api-calls/identify-http-api",
        READ,
    ),
    "secret": Source(
        "Browsee documentation, Generate Secret Key",
        "https://docs.browsee.io/integration/api-calls/generate-secret-key",
        READ,
    ),
    "gist": Source(
        "Browsee's own Python sample",
        "https://gist.github.com/mathurs/0a4aa2bcbef36724866675fbcf441579",
        READ,
    ),
}
DOCUMENTED, INFERRED, ASSUMED = Basis.DOCUMENTED, Basis.INFERRED, Basis.ASSUMED

MAXIMUM = 100
"""Rows on a page, at most and by default."""


class ExportOptions(Struct, frozen=True):
    """The options of an export."""

    select: Annotated[
        list[str] | None, Fact("The fields to give; an empty list or none means all.", DOCUMENTED, "export")
    ] = None


class ExportFields(Struct, frozen=True, rename={"offset": "from"}):
    """What the body of an export request holds in every dialect."""

    apiKey: Annotated[str, Fact("The project's API key; names the site.", DOCUMENTED, "export")]
    secretKey: Annotated[str, Fact("The secret key generated in the settings.", DOCUMENTED, "export")]
    start: Annotated[
        int | None,
        Fact(
            "Unix seconds; sessions that start at or after. 24 hours before now by default.",
            DOCUMENTED,
            "export",
        ),
    ] = None
    end: Annotated[
        int | None, Fact("Unix seconds; sessions that start before. Now by default.", DOCUMENTED, "export")
    ] = None
    offset: Annotated[
        int, Meta(ge=0), Fact("Offset in the result set, 0 by default.", DOCUMENTED, "export")
    ] = 0
    limit: Annotated[
        int, Meta(ge=1), Fact("Rows to give: 100 by default and at most.", DOCUMENTED, "export")
    ] = MAXIMUM
    segmentId: Annotated[
        str | None, SEGMENT, Fact("Only sessions of the segment with this id.", DOCUMENTED, "export")
    ] = None


class ExportSessions(ExportFields, frozen=True):
    """The body of an export request."""

    options: Annotated[ExportOptions | None, Fact("Further options.", DOCUMENTED, "export")] = None
    select: Annotated[
        list[str] | None,
        Fact(
            "Where the vendor's samples put select; read when options.select is absent.",
            Basis.OBSERVED,
            "gist",
        ),
    ] = None


class ExportedSession(Struct, frozen=True, omit_defaults=True):
    """A row of an export; fields that have no value, or were not selected, are left out."""

    timestamp: Annotated[
        int | None, Fact("Start of the session, Unix milliseconds.", DOCUMENTED, "export")
    ] = None
    userId: Annotated[str | None, Fact("As given to identify.", DOCUMENTED, "export")] = None
    name: Annotated[str | None, Fact("If given to identify.", DOCUMENTED, "export")] = None
    email: Annotated[str | None, Fact("If given to identify.", DOCUMENTED, "export")] = None
    ip: Annotated[str | None, Fact("Where the session came from.", DOCUMENTED, "export")] = None
    tags: Annotated[
        list[str] | None, Fact("If given to identify, as the trait $tags.", DOCUMENTED, "export")
    ] = None
    duration: Annotated[
        int | None, Fact("Milliseconds from the first event to the last.", DOCUMENTED, "export")
    ] = None
    inactiveTime: Annotated[
        int | None, Fact("Milliseconds of it in which the user was inactive.", DOCUMENTED, "export")
    ] = None
    activeTime: Annotated[
        int | None, Fact("duration less inactiveTime, milliseconds.", DOCUMENTED, "export")
    ] = None
    urls: Annotated[
        list[str] | None, Fact("URLs visited, in order; full URLs are assumed.", DOCUMENTED, "export")
    ] = None
    pageCount: Annotated[int | None, Fact("Number of pages visited.", DOCUMENTED, "export")] = None
    eventCount: Annotated[
        int | None, Fact("Number of events found; assumed not to count pageviews.", DOCUMENTED, "export")
    ] = None
    landingPage: Annotated[
        str | None, Fact("First page of the session, assumed to be a full URL.", DOCUMENTED, "export")
    ] = None
    utm_source: Annotated[str | None, Fact("UTM parameter.", DOCUMENTED, "export")] = None
    utm_medium: Annotated[str | None, Fact("UTM parameter.", DOCUMENTED, "export")] = None
    utm_campaign: Annotated[str | None, Fact("UTM parameter.", DOCUMENTED, "export")] = None
    utm_term: Annotated[str | None, Fact("UTM parameter.", DOCUMENTED, "export")] = None
    utm_content: Annotated[str | None, Fact("UTM parameter.", DOCUMENTED, "export")] = None
    browser: Annotated[str | None, Fact("The user's browser.", DOCUMENTED, "export")] = None
    os: Annotated[str | None, Fact("The operating system.", DOCUMENTED, "export")] = None
    device: Annotated[
        str | None,
        Fact("The user's device; the words desktop, mobile, tablet are assumed.", DOCUMENTED, "export"),
    ] = None
    isMobile: Annotated[
        bool | None,
        Fact("Whether the device is considered mobile; tablets are assumed to be.", DOCUMENTED, "export"),
    ] = None
    city: Annotated[str | None, Fact("From the ip.", DOCUMENTED, "export")] = None
    country: Annotated[str | None, Fact("From the ip; name or code is a behavior.", DOCUMENTED, "export")] = (
        None
    )
    domain: Annotated[str | None, Fact("The domain the session was recorded on.", DOCUMENTED, "export")] = (
        None
    )
    referrer: Annotated[str | None, Fact("Only the domain of the referrer.", DOCUMENTED, "export")] = None


class Exports(Struct, frozen=True):
    """A page of an export."""

    total: Annotated[int, Fact("Sessions that satisfy the query, on all pages.", DOCUMENTED, "export")]
    to: Annotated[
        int, Fact("Index up to which this page goes, exclusive: the next page's from.", DOCUMENTED, "export")
    ]
    data: Annotated[
        list[ExportedSession],
        Fact("The sessions, ascending by timestamp (order is assumed).", DOCUMENTED, "export"),
    ]


class Exported(Struct, frozen=True):
    """The answer to an export."""

    status: Annotated[Literal["success"], Fact("success.", DOCUMENTED, "export")]
    exports: Annotated[Exports, Fact("The page.", DOCUMENTED, "export")]


class Track(Struct, frozen=True):
    """The body of a track request."""

    apiKey: Annotated[str, Fact("The project's API key; names the site.", DOCUMENTED, "track")]
    event: Annotated[
        str,
        Meta(min_length=1),
        Fact("Name of what the user did, such as CLICKED_CHECKOUT.", DOCUMENTED, "track"),
    ]
    properties: Annotated[dict[str, Any] | None, Fact("Properties of the event.", DOCUMENTED, "track")] = None
    userId: Annotated[
        str | None,
        Fact("The user's id; wins over anonymousId. One of the two is required.", DOCUMENTED, "track"),
    ] = None
    anonymousId: Annotated[
        str | None, Fact("Any token that ties events to a visitor and a session.", DOCUMENTED, "track")
    ] = None
    timestamp: Annotated[
        str | None, DATE_TIME, Fact("ISO 8601; the time of receipt by default.", DOCUMENTED, "track")
    ] = None


class Identify(Struct, frozen=True):
    """The body of an identify request."""

    apiKey: Annotated[str, Fact("The project's API key; names the site.", DOCUMENTED, "identify")]
    userId: Annotated[
        str | None,
        Fact("The user's id; wins over anonymousId. One of the two is required.", DOCUMENTED, "identify"),
    ] = None
    anonymousId: Annotated[str | None, Fact("Not needed where userId is sent.", DOCUMENTED, "identify")] = (
        None
    )
    traits: Annotated[
        dict[str, Any] | None,
        Fact("Free keys; name, email and $tags appear in exports.", DOCUMENTED, "identify"),
    ] = None
    timestamp: Annotated[
        str | None, DATE_TIME, Fact("ISO 8601; the time of receipt by default.", DOCUMENTED, "identify")
    ] = None


class Done(Struct, frozen=True):
    """The answer to track and identify."""

    status: Annotated[Literal["success"], Fact("success.", DOCUMENTED, "track")]


BEHAVIORS = (
    Behavior(name="browsee.busy", description="What happens to an export while another of the same project is open.", default="429", options={
        "429": "It is refused at once with status 429.", "400": "It is refused at once with status 400.", "queue": "It waits for its turn.",
    }),
    Behavior(name="browsee.hold", description="How long an export stays open at least, in real time.", default=25, unit="milliseconds"),
    Behavior(name="browsee.over_limit", description="What a limit above 100 means.", default="clamp", options={
        "clamp": "100 rows are given.", "400": "The request is refused.",
    }),
    Behavior(name="browsee.unknown_segment", description="What a segmentId that does not exist means.", default="400", options={
        "400": "The request is refused.", "empty": "No session is found.",
    }),
    Behavior(name="browsee.unknown_field", description="What an unknown name in select means.", default="ignore", options={
        "ignore": "It is passed over.", "400": "The request is refused.",
    }),
    Behavior(name="browsee.no_value", description="How a field without a value is told.", default="omit", options={
        "omit": "The field is left out.", "null": "The field is null.",
    }),
    Behavior(name="browsee.unauthorized", description="The status of wrong credentials.", default="400", options={
        "400": "As every documented failure.", "401": "As HTTP has it.",
    }),
    Behavior(name="browsee.numeric_texts", description="What a number in quotes means.", default="accept", options={
        "accept": "The number.", "400": "The request is refused.",
    }),
    Behavior(name="browsee.backwards", description="What a start after the end means.", default="empty", options={
        "empty": "No session is found.", "400": "The request is refused.",
    }),
    Behavior(name="browsee.country", description="How a country is told.", default="name", options={
        "name": "By its English name.", "code": "By its ISO 3166-1 code.",
    }),
    Behavior(name="browsee.identify_user", description="Whether identify needs userId.", default="either", options={
        "either": "userId or anonymousId, as the page's text has it.", "required": "userId, as the page's table has it.",
    }, basis=DOCUMENTED, source="identify"),
    Behavior(name="browsee.track_rate", description="How many track requests a project may send in a second; 0: any.", default=0, unit="requests"),
)  # fmt: skip

FAILURE = {"status": "failure", "message": "{message}"}
ERRORS = {
    "violation": ErrorTemplate(
        400,
        FAILURE,
        Fact("The message says what is wrong; its texts are not documented.", DOCUMENTED, "track"),
    ),
    "missing_credential": ErrorTemplate(
        400, FAILURE, Fact("A missing key is a problem in the parameters.", INFERRED, "track")
    ),
    "wrong_credential": ErrorTemplate(
        ByBehavior("browsee.unauthorized", {"400": 400, "401": 401}),
        FAILURE,
        Fact("No source says how wrong keys are answered.", ASSUMED),
    ),
    "busy": ErrorTemplate(
        ByBehavior("browsee.busy", {"429": 429, "400": 400}),
        FAILURE,
        Fact("One open request is documented, how a second is refused is not.", ASSUMED),
    ),
    "rate_limited": ErrorTemplate(
        429, FAILURE, Fact("Track is rate limited; number, status and body are not documented.", ASSUMED)
    ),
    "unknown_path": ErrorTemplate(404, FAILURE, Fact("Not documented.", ASSUMED)),
    "wrong_method": ErrorTemplate(
        405,
        FAILURE,
        Fact("Only POST is supported; how other methods are refused is not documented.", ASSUMED),
    ),
    "too_large": ErrorTemplate(413, FAILURE, Fact("Not documented.", ASSUMED)),
    "internal": ErrorTemplate(500, FAILURE, Fact("Not documented.", ASSUMED)),
}

_IN_BODY = Fact("Keys belong in the body.", DOCUMENTED, "export")
_KEYS = tuple(LintRule("key-in-query", InQuery(name), _IN_BODY) for name in ("apiKey", "secretKey"))

EXPORT_SESSIONS = Endpoint(
    name="export_sessions",
    method="POST",
    paths=("/api/v1/export/sessions",),
    summary="Export a project's sessions, page by page.",
    body=ExportSessions,
    response=Exported,
    credentials=BodyKeys("apiKey", "secretKey"),
    pagination=OffsetPagination(
        offset="from", limit="limit", size=MAXIMUM, total="exports.total", next="exports.to"
    ),
    rows_path="exports.data",
    row_key=("timestamp", "ip"),
    start_field="timestamp",
    all_rows_params={"start": "{start}", "end": "{end}"},
    limits=(ConcurrencyLimit(busy="browsee.busy", hold="browsee.hold"),),
    lint_rules=(
        *_KEYS,
        LintRule(
            "limit-above-maximum",
            ExceedsMaximum("limit", MAXIMUM),
            Fact("limit is 100 at most.", DOCUMENTED, "export"),
        ),
        LintRule(
            "milliseconds-for-seconds",
            LooksLikeMilliseconds("start"),
            Fact("start is in Unix seconds.", DOCUMENTED, "export"),
        ),
        LintRule(
            "milliseconds-for-seconds",
            LooksLikeMilliseconds("end"),
            Fact("end is in Unix seconds.", DOCUMENTED, "export"),
        ),
        LintRule(
            "deprecated-place", IsSet("select"), Fact("select belongs in options.", DOCUMENTED, "export")
        ),
    ),
    facts=(
        Fact("Only POST is supported.", DOCUMENTED, "export"),
        Fact(
            "One open request at a time: wait for the answer before the next request.", DOCUMENTED, "export"
        ),
        Fact(
            "A session belongs to the window in which it starts; the end is exclusive, so that windows tile.",
            ASSUMED,
        ),
        Fact("Without an end, the window reaches to now and includes it.", ASSUMED),
        Fact("A page past the end is empty, and to is the from that was asked for.", ASSUMED),
        Fact("The secret key is made in the settings; one serves all projects of a tenant.", ASSUMED),
    ),
)
TRACK = Endpoint(
    name="track",
    method="POST",
    paths=("/api/v1/track",),
    summary="Send a custom event of a user.",
    example={
        "event": "CLICKED_CHECKOUT",
        "userId": "user-1",
        "properties": {"price": 100, "category": "Apparel"},
    },
    body=Track,
    any_of_fields=("userId", "anonymousId"),
    response=Done,
    credentials=BodyKeys("apiKey"),
    lint_rules=_KEYS,
    limits=(WindowLimit(allowed="browsee.track_rate", seconds=1, opens="clock", pool="track"),),
    facts=(
        Fact(
            "Rate limited, and not meant for historical data; no number is documented.", DOCUMENTED, "track"
        ),
        Fact(
            "Events within 30 minutes of each other make one session, which appears in exports.",
            INFERRED,
            "track",
        ),
    ),
)
IDENTIFY = Endpoint(
    name="identify",
    method="POST",
    paths=("/api/v1/identify",),
    summary="Send traits of a user.",
    example={
        "userId": "user-1",
        "traits": {"name": "Robin Example", "email": "robin@example.com", "$tags": ["Logged In"]},
    },
    body=Identify,
    any_of_fields=("userId", "anonymousId"),
    response=Done,
    credentials=BodyKeys("apiKey"),
    lint_rules=_KEYS,
    facts=(Fact("Traits sent later win, key by key.", ASSUMED),),
)
CONTRACT = Contract(
    vendor="browsee",
    title="Browsee",
    hosts=("api.browsee.io",),
    sources=SOURCES,
    endpoints=(EXPORT_SESSIONS, TRACK, IDENTIFY),
    errors=ERRORS,
    behaviors=BEHAVIORS,
)
