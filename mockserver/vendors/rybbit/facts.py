"""Facts about Rybbit that several endpoints or dialects share."""

from mockserver.contract.provenance import assumed
from mockserver.vendors.rybbit.filters.conditions import MAX_COMPARED_IDS
from mockserver.vendors.rybbit.filters.text_filters import MAX_FILTER_STEPS
from mockserver.vendors.rybbit.sources import documented, newer, newest, observed, seen, sourced

_RANGE_BY_START = assumed(
    "A session is in a time range if it starts in it, and is returned whole; the server truncates sessions"
    " at the edges of the range."
)
_INCLUSIVE_END_DATE = sourced("The end date is inclusive; a start date after the end date matches nothing.")
_WHOLE_SECONDS = sourced(
    "Minutes before now are compared in whole seconds; the older boundary is exclusive, the newer inclusive."
)
_OVERFLOWING_END = seen(
    "An end date after 2106-02-06 matches nothing: it is beyond the range of the database."
)
_STRICT_TIME_FACTS = (
    _INCLUSIVE_END_DATE,
    newer("Dates without time_zone are UTC days; the server of December 2025 ignored such dates."),
    _WHOLE_SECONDS,
    newer(
        "An incomplete pair or an invalid format, value, zone or order returns 400 with all errors listed."
    ),
    assumed(
        "At most one error is listed per parameter; the order of two values is checked only if both are"
        " valid."
    ),
)
_TIME_FACTS_2026 = (
    _INCLUSIVE_END_DATE,
    newer("Dates without time_zone are UTC days; the server of December 2025 ignored such dates."),
    _WHOLE_SECONDS,
    observed(
        "An incomplete pair or an invalid format, value, zone or order returns 400 with all errors listed, for"
        " a value that is not a date or a number two of them, also for one session."
    ),
    observed("A day up to the 31st rolls over into the next month, and 24:00:00 into the next day."),
    _OVERFLOWING_END,
    observed(
        "Zone names in the wrong case, such as utc, and minutes before the year 0 return 500: only the database"
        " refuses them."
    ),
)
_LENIENT_TIME_FACTS = (
    _INCLUSIVE_END_DATE,
    _WHOLE_SECONDS,
    sourced(
        "Dates require time_zone; without it, or with only one of the two dates, they are ignored and the"
        " range is unlimited."
    ),
    sourced("An invalid date, zone or number of minutes makes the range unlimited, without an error."),
    _OVERFLOWING_END,
    seen(
        "Zone names in the wrong case, such as utc, return 500, as only the database refuses them;"
        " past_minutes_start=Infinity returns the framework's 500."
    ),
)
"""Time ranges in December 2025."""
_FILTER_FIELD_FACTS = (
    documented("A session must match all filters; several values of one filter are alternatives.", "start"),
    sourced("lat and lon are equal if they differ by at most 0.001; contains means the same as equals."),
    sourced(
        "city is compared as region and city, browser_version and operating_system_version as name and"
        " version; Windows 10 is Windows 10/11."
    ),
    sourced("referrer is compared as its host without www; it is empty for a direct visit."),
    assumed(
        "Regular expressions use Python's syntax without lookaround, backreferences, atomic groups and"
        " possessive quantifiers, and take linear time, like the vendor's RE2."
    ),
    assumed(
        f"Filters that take more than {MAX_FILTER_STEPS:,} steps (visited states of a pattern, or"
        " characters) fail like filters that the database cannot answer; this bound is ours, not the"
        " vendor's."
    ),
)
_NAMED_EVENTS = assumed("event_name is compared with all events except pageviews.")
_NEGATION_OF_ALL = newer(
    "not_equals, not_contains and not_regex require that no value matches; in December 2025, one value"
    " that does not match was enough."
)
_LITERAL_TEXTS = newer("Filters are case-sensitive; % and _ in contains are literal.")
_ANY_EVENT = newer("pathname, page_title and querystring are compared with all events; one match is enough.")
_DOCUMENTED_FILTER_FACTS = (
    _NAMED_EVENTS,
    _NEGATION_OF_ALL,
    _LITERAL_TEXTS,
    _ANY_EVENT,
    assumed(
        "city, browser_version, operating_system_version and referrer are also compared with the text that a"
        " row shows, and city with the form of the documented example, CA-San Francisco."
    ),
    assumed("user_id supports only equals and not_equals; other types return an error that says so."),
    assumed("An invalid filter returns 400; the servers whose source was read return 500."),
)
_SERVER_FILTER_FACTS = (
    sourced("If a filter has several patterns or several numeric bounds, only the first is used."),
    sourced("An empty array of values fails in the database: 500."),
)
_FILTER_FACTS_2025 = (
    *_SERVER_FILTER_FACTS,
    seen("event_name is compared with each event, for which a pageview has an empty name."),
    sourced("user_id supports equals; all other types mean not_equals."),
    seen(
        "Ordering comparisons compare texts for event_name, entry_page and exit_page, and patterns fail there. For"
        " other text fields they fail in the database; a bound that is not a number is rejected before."
    ),
    seen(
        "A pattern must be valid in JavaScript, whose words the error has; what only RE2 refuses, such as"
        " lookaround, fails in the database."
    ),
    sourced(
        "For not_equals, not_contains and not_regex, one value that does not match is enough, so two"
        " different values match everything."
    ),
    sourced("Filters are case-sensitive; in contains, % matches any text and _ any character."),
    seen("For lat and lon, not_equals and not_contains mean equals; a text is near no number."),
    sourced(
        "Invalid JSON and validation errors return the framework's 500; its message lists the issues in"
        " zod's format."
    ),
    seen(
        "vpn, crawler, datacenter, company, company_type, company_domain and asn_… return 500: only the"
        " database of the hosted service has them."
    ),
)
_FILTER_FACTS_2026 = (
    *_SERVER_FILTER_FACTS,
    _NEGATION_OF_ALL,
    _LITERAL_TEXTS,
    observed(
        "pathname, page_title, querystring and event_name are compared with each event, for which a pageview"
        " has an empty name. One event that meets the filter is enough, also for negated types: a session with"
        " any other page meets pathname not_equals /."
    ),
    newer(
        "starts_with, ends_with, is_null, is_not_null, greater_than_or_equal and less_than_or_equal were"
        " added in 2026."
    ),
    observed(
        "is_null matches empty values. For lat and lon, is_null and is_not_null return 500, a text is near no"
        " number, and not_contains means equals."
    ),
    observed(
        "Ordering comparisons compare texts for entry_page, exit_page, channel and event_name, in the list also"
        " for pathname, page_title and querystring; for other text fields they return 500."
    ),
    observed("A pattern must be valid in JavaScript and in RE2, so flags such as (?i) return 500."),
    observed("Every invalid filter returns a 500 without details."),
    assumed("tag, device_model, app_version and feature_flag:… are unknown: they are empty or return 500."),
)
FEW_IDS = assumed(
    f"For other types than equals and not_equals, user_id is compared for at most {MAX_COMPARED_IDS:,} sessions"
    " and matches some hundreds of visitors, else 500; this bound is ours, not the vendor's."
)
HOSTS = sourced("The documented host api.rybbit.io never existed; the real host is app.rybbit.io.", "host")
PATHS_AND_HOSTS = (
    sourced("The paths below /api/sites were added in 2026; the documented paths are older.", "paths"),
    HOSTS,
)
LIST_FACTS = (
    _RANGE_BY_START,
    *_STRICT_TIME_FACTS,
    *_FILTER_FIELD_FACTS,
    *_DOCUMENTED_FILTER_FACTS,
    *PATHS_AND_HOSTS,
)
"""Time ranges and filters of sessions and of locations."""
LIST_FACTS_2025 = (_RANGE_BY_START, *_LENIENT_TIME_FACTS, *_FILTER_FIELD_FACTS, *_FILTER_FACTS_2025)
LIST_FACTS_2026 = (_RANGE_BY_START, *_TIME_FACTS_2026, *_FILTER_FIELD_FACTS, *_FILTER_FACTS_2026)
LOCATION_FACTS = (
    assumed("Sorted by count, highest first, as in the documented sample; the server does not sort."),
    sourced("Sessions with an unknown place are counted at lat 0, lon 0 with an empty city."),
)
ORDER_BY_END = newest("Sorted by session_end, then session_start, then session_id, all descending.")
NUMERIC_VERSIONS = assumed(
    "Only versions that look like numbers are sent as numbers; the server converts every such text of a"
    " row, except ids."
)
NO_TOTAL = sourced("The response does not contain the number of sessions; a page past the end is empty.")
MINUTES_LIMIT_EVENTS = sourced(
    "With minutes, session, events and total cover only the last minutes before now; 404 if no event is left."
)
LIMIT_ZERO = sourced("With a limit of 0, no events are returned and hasMore is true.")
BOTS_NOT_FOUND = assumed("Sessions of bots are not found, just as they are not listed.")
