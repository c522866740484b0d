"""The contract of Browsee's HTTP API: session export, track, identify. Data only."""

from collections.abc import Mapping
from typing import Final

from mockserver.contract.behaviors import Behavior, ByBehavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.limits import ConcurrencyLimit, WindowLimit, retry_after_behavior
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, IsSet, LintRule, LooksLikeMilliseconds
from mockserver.contract.pagination import OffsetPagination
from mockserver.contract.provenance import Basis, Fact, assumed
from mockserver.contract.time_windows import TimeWindow
from mockserver.vendors.browsee.request_models import MAXIMUM, ExportSessions, Identify, Track
from mockserver.vendors.browsee.responses import Export, Success
from mockserver.vendors.browsee.sources import SOURCES, documented, inferred

BEHAVIORS: Final = (
    Behavior(name="browsee.busy", description="How an export is handled while another export of the same project is open.", default="429", options={
        "429": "It is rejected immediately with status 429.", "400": "It is rejected immediately with status 400.", "queue": "It is queued.",
    }),
    Behavior(name="browsee.hold", description="Minimum time that an export stays open, in real time.", default=25, unit="milliseconds"),
    Behavior(name="browsee.over_limit", description="How a limit above 100 is handled.", default="clamp", options={
        "clamp": "100 rows are returned.", "400": "The request is rejected.",
    }),
    Behavior(name="browsee.unknown_segment", description="How an unknown segmentId is handled.", default="400", options={
        "400": "The request is rejected.", "empty": "No sessions are found.",
    }),
    Behavior(name="browsee.unknown_field", description="How an unknown name in select is handled.", default="ignore", options={
        "ignore": "It is ignored.", "400": "The request is rejected.",
    }),
    Behavior(name="browsee.no_value", description="How missing values are represented.", default="omit", options={
        "omit": "The field is omitted.", "null": "The field is null.",
    }),
    Behavior(name="browsee.unauthorized", description="Status of a response to wrong credentials.", default="400", options={
        "400": "400, like every documented failure.", "401": "401, as in the HTTP standard.",
    }),
    Behavior(name="browsee.numeric_texts", description="How a number in quotes is handled.", default="accept", options={
        "accept": "It is read as the number.", "400": "The request is rejected.",
    }),
    Behavior(name="browsee.backwards", description="How a start after the end is handled.", default="empty", options={
        "empty": "No sessions are found.", "400": "The request is rejected.",
    }),
    Behavior(name="browsee.country", description="How countries are represented.", default="name", options={
        "name": "As the English name.", "code": "As the ISO 3166-1 code.",
    }),
    Behavior(name="browsee.identify_user", description="If identify requires userId.", default="either", options={
        "either": "userId or anonymousId, as in the text of the page.", "required": "userId, as in the table of the page.",
    }, basis=Basis.DOCUMENTED, source="identify"),
    Behavior(name="browsee.anonymous_events", description="Visitor of the events of an anonymousId, after identify has sent it together with a userId.", default="separate", options={
        "separate": "An anonymous visitor.", "merge": "The user, also for earlier events; their sessions get other ids.",
    }),
    Behavior(name="browsee.track_rate", description="Number of track requests that a project may send per second; 0 means unlimited. The number is undocumented.", default=1000, unit="requests"),
    retry_after_behavior("browsee.retry_after"),
)  # fmt: skip


def _failure(status: int | ByBehavior, fact: Fact, headers: Mapping[str, str] | None = None) -> ErrorTemplate:
    return ErrorTemplate(status, {"status": "failure", "message": "{message}"}, fact, headers or {})


ERRORS: Final = {
    "violation": _failure(
        400, documented("The message describes the problem; its wording is undocumented.", "track")
    ),
    "missing_credential": _failure(400, inferred("A missing key is a problem in the parameters.", "track")),
    "wrong_credential": _failure(
        ByBehavior("browsee.unauthorized", {"400": 400, "401": 401}),
        assumed("No source describes the response to wrong keys."),
    ),
    "busy": _failure(
        ByBehavior("browsee.busy", {"429": 429, "400": 400}),
        assumed("One open request is documented; how a second one is rejected is undocumented."),
    ),
    "rate_limited": _failure(
        429, assumed("Track is rate limited; number, status and body are undocumented.")
    ),
    "unknown_path": _failure(404, assumed("Undocumented.")),
    "wrong_method": _failure(
        405,
        assumed("Only POST is supported; how other methods are rejected is undocumented."),
        {"Allow": "POST"},
    ),
    "too_large": _failure(413, assumed("Undocumented.")),
    "internal": _failure(500, assumed("Undocumented.")),
}

_IN_BODY: Final = documented("Keys belong in the body.")
_KEYS: Final = tuple(LintRule("key-in-query", InQuery(name), _IN_BODY) for name in ("apiKey", "secretKey"))

EXPORT_SESSIONS: Final = Endpoint(
    name="export_sessions",
    method="POST",
    paths=("/api/v1/export/sessions",),
    summary="Export a project's sessions, page by page.",
    body=ExportSessions,
    select_fields=("options.select", "select"),
    response=Export,
    credentials=BodyKeys("apiKey", "secretKey"),
    pagination=OffsetPagination(
        offset="from", limit="limit", size=MAXIMUM, total="exports.total", next="exports.to"
    ),
    rows_path="exports.data",
    row_key=("timestamp", "ip"),
    start_field="timestamp",
    visitor_field="userId",
    time_windows=(TimeWindow("start", "end", default_hours=24),),
    all_rows_params={"start": "{start}", "end": "{end}"},
    limits=(ConcurrencyLimit(busy="browsee.busy", hold="browsee.hold", retry_after="browsee.retry_after"),),
    lint_rules=(
        *_KEYS,
        LintRule(
            "limit-above-maximum", ExceedsMaximum("limit", MAXIMUM), documented("The maximum limit is 100.")
        ),
        *(
            LintRule(
                "milliseconds-for-seconds",
                LooksLikeMilliseconds(name),
                documented(f"{name} is in Unix seconds."),
            )
            for name in ("start", "end")
        ),
        LintRule("deprecated-place", IsSet("select"), documented("select belongs in options.")),
    ),
    facts=(
        documented("Only POST is supported."),
        assumed("null means the default of an optional field, as if it was not sent."),
        documented("One open request at a time: wait for the response before sending the next request."),
        assumed(
            "A session belongs to the window in which it starts; the end is exclusive, so adjacent windows contain each session once."
        ),
        assumed("Without an end, the window extends to the current time, inclusive."),
        assumed("Past the end, data is empty and to equals the requested from."),
        assumed("The secret key is generated in the settings; one key is valid for all projects of a tenant."),
    ),
)  # fmt: skip
TRACK: Final = Endpoint(
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
    response=Success,
    credentials=BodyKeys("apiKey"),
    lint_rules=_KEYS,
    limits=(
        WindowLimit(
            allowed="browsee.track_rate",
            seconds=1,
            opens="clock",
            pool="track",
            retry_after="browsee.retry_after",
        ),
    ),
    facts=(
        documented("Rate limited, and not meant for historical data; the limit is undocumented.", "track"),
        inferred(
            "Events within 30 minutes of each other form one session, which appears in exports.", "track"
        ),
    ),
)
IDENTIFY: Final = Endpoint(
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
    response=Success,
    credentials=BodyKeys("apiKey"),
    lint_rules=_KEYS,
    facts=(assumed("Later traits override earlier ones, key by key."),),
)
CONTRACT: Final = Contract(
    vendor="browsee",
    title="Browsee",
    hosts=("api.browsee.io",),
    sources=SOURCES,
    endpoints=(EXPORT_SESSIONS, TRACK, IDENTIFY),
    errors=ERRORS,
    behaviors=BEHAVIORS,
    cors=(
        Cors(fact=assumed("No web page of another origin may read responses: requests have a secret key.")),
    ),
    facts_of_responses=(
        assumed("It is unknown if a proxy in front of the server compresses responses; here, none does."),
    ),
)
