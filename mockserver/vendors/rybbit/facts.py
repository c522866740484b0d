"""What holds for several endpoints of Rybbit, in one dialect or in all."""

from mockserver.vendors.rybbit.filters import MOST_WORK
from mockserver.vendors.rybbit.sources import chosen, documented, sourced

AT_START = chosen(
    "A session belongs to the window in which it starts, and is told whole; the server cuts a session off at the edges of the window."
)
_DAYS = sourced("The end date is included; a start date after the end date finds nothing.")
_MINUTES = sourced("Minutes before now are compared in whole seconds: the older boundary excluded, the newer included.")
TIME = (
    _DAYS,
    sourced("Dates without time_zone are days of UTC; in December 2025 the server passed over such dates.", "server-2026"),
    _MINUTES,
    sourced("Half a pair, a wrong format, value, zone or order is a 400 that tells all faults.", "server-2026"),
    chosen("Of each parameter one fault is told, and values are compared only where both can be read."),
)
"""Times, strictly read."""
LENIENT_TIME = (
    _DAYS,
    _MINUTES,
    sourced("Dates need time_zone: without it, or with half a pair, they are passed over, and all time is meant."),
    sourced("A date, zone or number of minutes that cannot be read voids the whole window: all time is meant, without an error."),
    chosen("A name of a zone in another case than its own cannot be read; the server answers 500 to some of them."),
)
"""Times, as they were read in December 2025."""
COMPARED = (
    documented("All filters must hold; several values of one are alternatives.", "start"),
    sourced("lat and lon are equal to within 0.001, and contains means the same there."),
    sourced("city is region and city, browser_version and operating_system_version are name and version; Windows 10 is Windows 10/11."),
    sourced("referrer is its host without www, empty for a direct visit."),
    chosen("event_name looks at every event but pageviews."),
    chosen(
        "Patterns are Python's without lookaround, backreferences, atomic groups and possessive quantifiers,"
        " and take linear time, as the vendor's RE2."
    ),
    chosen(
        f"Filters that take more than {MOST_WORK:,} steps (a state of a pattern, or a character, that is looked at) are refused as"
        " filters that the database cannot answer: our bound, not the vendor's."
    ),
)
"""What filters compare, in every dialect."""
_AND = sourced("Of not_equals, not_contains and not_regex no value may hold; in December 2025, one was enough.", "server-2026")
_LITERAL = sourced("Filters are case-sensitive; % and _ stand for themselves in contains.", "server-2026")
_EVERY_EVENT = sourced("pathname, page_title and querystring look at every event; one that matches is enough.", "server-2026")
FILTERS = (
    _AND,
    _LITERAL,
    _EVERY_EVENT,
    chosen("user_id takes equals and not_equals; whoever asks for more is told so."),
    chosen("A wrong filter is a 400; the servers of which the code was read answer 500."),
)
"""How filters are read in the documented dialect."""
_ONLY_FIRST = sourced("Of several patterns, and of several bounds of a number, only the first counts.")
_SERVERS = (
    sourced("user_id takes equals; every other type means not_equals."),
    _ONLY_FIRST,
    sourced("A comparison by size of what is a text, and a value without an item, fail in the database: 500."),
)
EARLIER_FILTERS = (
    *_SERVERS,
    sourced(
        "Of not_equals, not_contains and not_regex one value that does not hold is enough, so that two differing ones match everything."
    ),
    sourced("Filters are case-sensitive; in contains, % stands for any text and _ for any character."),
    sourced("For lat and lon, not_equals and not_contains mean equals."),
    sourced("A text that is no JSON, and any issue of its form, is a 500 of the framework that tells it, as zod writes it."),
    chosen("Nothing is known of vpn, crawler, datacenter, company, company_type, company_domain and asn_…: they are empty."),
)
"""How filters were read in December 2025."""
LATER_FILTERS = (
    *_SERVERS,
    _AND,
    _LITERAL,
    _EVERY_EVENT,
    sourced("starts_with, ends_with, is_null, is_not_null, greater_than_or_equal and less_than_or_equal came in 2026.", "server-2026"),
    chosen("is_null finds what is empty; lat and lon never are."),
    sourced("Whatever is wrong with filters is a 500 that does not tell what.", "server-2026"),
    chosen("Nothing is known of tag, device_model, app_version and feature_flag:…: they are empty."),
)
"""How filters are read in 2026."""
NOT_IN_LIST = sourced(
    "pathname, page_title, querystring, timezone, vpn, crawler, datacenter, company… and asn_… are no columns of the list: 500."
)
PATHS = sourced("The paths below /api/sites came in 2026; the documented ones are older.", "paths")
HOST = sourced("The documented host api.rybbit.io never existed; the real one is app.rybbit.io.", "host")
SOME_PLACES = (
    chosen("Most sessions first, as in the documented sample; the server has no order."),
    sourced("Sessions whose place is unknown are counted at 0, 0 with an empty city."),
)
BY_END = sourced("Latest session_end first, then latest session_start, then greatest session_id.", "newest")
COERCED = chosen(
    "Only versions that read as numbers become numbers; the server makes one of every text of a row that reads as one, ids aside."
)
NO_TOTAL = sourced("Nothing tells how many sessions there are; a page past the end is empty.")
LAST_MINUTES = sourced("With minutes, session, events and total tell only of the last minutes before now; 404 if nothing is left.")
NO_EVENTS = sourced("A limit of 0 gives no events, and says that there are more.")
NO_BOT = chosen("A session of a bot is not found, as it is not in the list.")
KNOWN_SITES = sourced("A site id that is longer than 4 characters and no number is looked up before the key is: 404 where it is nobody's.")
