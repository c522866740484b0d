"""The behaviors of Rybbit, in all dialects."""

from mockserver.contract.behaviors import Behavior
from mockserver.contract.limits import retry_after_behavior
from mockserver.contract.provenance import Basis

MAX_LIMIT = 10_000
"""Maximum rows per page if ``rybbit.over_limit`` is ``clamp``."""
MAX_ROWS_PER_PAGE = 20_000
"""Maximum rows per page in any case: the server handles no other requests while it encodes a page."""

BEHAVIORS = (
    Behavior(
        name="rybbit.rate_limit",
        default=0,
        unit="requests",
        description=(
            "Requests per key in 10 minutes; 0 means unlimited. 500 are documented; self-hosted servers"
            " have no limit. In the dialect server-2026-07, requests per minute; in server-2026-09,"
            " rybbit.burst_limit and rybbit.daily_limit replace it."
        ),
    ),
    retry_after_behavior("rybbit.retry_after"),
    Behavior(
        name="rybbit.burst_limit",
        default=0,
        unit="requests",
        description=(
            "In the dialect server-2026-09: requests per key in one burst; 0 means unlimited. The hosted"
            " service documents 50; self-hosted servers have no limit. The burst refills by the tenant's"
            " clock: not at all while the clock is frozen."
        ),
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.burst_refill",
        default=5,
        unit="requests a second",
        description="In the dialect server-2026-09: requests of the burst that are refilled per second.",
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.daily_limit",
        default=0,
        unit="requests",
        description=(
            "In the dialect server-2026-09: requests per key and UTC day; 0 means unlimited. The hosted"
            " service documents 5,000, and 25,000 for its more expensive plan."
        ),
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.over_limit",
        description="Effect of a limit above 10,000.",
        default="clamp",
        options={
            "clamp": "10,000 rows are returned, as by the newest server.",
            "honour": (
                "The requested number of rows is returned, as until July 2026. A page of"
                f" more than {MAX_ROWS_PER_PAGE:,} rows fails like a query that the database cannot"
                " answer; this bound is ours, not the vendor's."
            ),
        },
        basis=Basis.SOURCE,
        source="newest",
    ),
    Behavior(
        name="rybbit.identified_only",
        description="Effect of a text other than true and false.",
        default="ignore",
        options={"ignore": "Same as false.", "400": "The request is rejected."},
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.timestamps",
        description="Format of timestamps.",
        default="iso",
        options={
            "iso": "2024-01-31T14:00:00.000Z, as documented.",
            "server": "2024-01-31 14:00:00, as the server sends them.",
        },
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.region",
        description="Format of regions, in rows and in filters.",
        default="name",
        options={
            "name": "California, as in the documented sample.",
            "code": "US-CA, as the server sends it.",
        },
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.device_type",
        description="Spelling of device types, in rows and in filters.",
        default="lower",
        options={"lower": "desktop, as documented.", "capitalized": "Desktop, as the server sends it."},
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.values",
        description="Form of what the visitors' browsers send, in rows, events and filters.",
        default="sent",
        options={
            "sent": "As it is in the world.",
            "stored": (
                "As the server stores it: browsers, systems and devices as its tracker recognizes them by the"
                " user agent (Mobile Chrome, Chrome OS, Mobile for tablets, macOS 10.15.7, Windows 10); no"
                " referrer from the same host; the UTM parameters in the query string of the first event;"
                " properties without nulls, nested at the dots of their names and sorted."
            ),
        },
        basis=Basis.OBSERVED,
        source="run-2025-12",
    ),
    Behavior(
        name="rybbit.channel",
        description="Names of channels, in rows and in filters.",
        default="server",
        options={
            "server": "Organic Search, as in the documentation of filters and as the server sends it.",
            "sample": "organic, as in the documented sample of a row; other channels in lower case too.",
        },
        basis=Basis.DOCUMENTED,
        source="start",
    ),
    Behavior(
        name="rybbit.versions",
        description="JSON type of a version that looks like a number.",
        default="number",
        options={"number": "A number, as the server sends it.", "text": "A string, like other versions."},
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.ip",
        description="Visibility of IP addresses.",
        default="hidden",
        options={
            "hidden": "ip is null, as on sites that do not track it.",
            "shown": "ip is the visitor's address.",
        },
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.unknown_country",
        description="Value of country if it is unknown.",
        default="empty",
        options={"empty": "An empty string.", "padded": "Two NUL characters, as the server sends them."},
        basis=Basis.ASSUMED,
    ),
    Behavior(
        name="rybbit.order",
        description="Order of the list of sessions.",
        default="start",
        options={
            "start": "Latest start first.",
            "end": "Latest end first, as by the server; sessions that end in the same second are sorted by"
            " start, latest first.",
        },
        basis=Basis.ASSUMED,
    ),
)
