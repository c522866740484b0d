"""What Rybbit does one way or another."""

from mockserver.contract.basis import Basis
from mockserver.contract.choices import Choice

MAXIMUM = 10_000
"""Rows on a page, at most, where ``rybbit.over_limit`` is clamp."""
MOST_ROWS = 20_000
"""Rows on a page, at most, whatever is chosen: while they are written, no other request is answered."""

CHOICES = (
    Choice(name="rybbit.rate_limit", default=0, unit="requests", says=(
        "How many requests a key may send in 10 minutes; 0 for any number. 500 are documented; servers that people host"
        " themselves limit nothing. In the dialect server-2026, two others take its place."
    )),
    Choice(name="rybbit.burst_limit", default=0, unit="requests", says=(
        "In the dialect server-2026: how many requests a key may send at once; 0 for any number. The hosted service documents 50;"
        " servers that people host themselves limit nothing. They come back on the tenant's clock: where that stands, none does."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Choice(name="rybbit.burst_refill", default=5, unit="requests a second", says=(
        "In the dialect server-2026: how many of the requests that may be sent at once come back in a second."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Choice(name="rybbit.daily_limit", default=0, unit="requests", says=(
        "In the dialect server-2026: how many requests a key may send in a day of UTC; 0 for any number. The hosted service documents"
        " 5,000, and 25,000 for its dearer plan."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Choice(name="rybbit.over_limit", says="What a limit above 10,000 means.", default="clamp", options={
        "clamp": "10,000 rows are given, as by the newest server.",
        "honour": (
            f"As many rows are given, as by the server of December 2025. A page of more than {MOST_ROWS:,} rows fails"
            " like a query that the database cannot answer: our bound, not the vendor's."
        ),
    }, basis=Basis.SOURCE, source="newest"),
    Choice(name="rybbit.identified_only", says="What a text other than true and false means.", default="ignore", options={
        "ignore": "The same as false.", "400": "The request is refused.",
    }, basis=Basis.SOURCE, source="server"),
    Choice(name="rybbit.timestamps", says="How instants are told.", default="iso", options={
        "iso": "2024-01-31T14:00:00.000Z, as documented.", "server": "2024-01-31 14:00:00, as the server sends them.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.region", says="How a region is told, and compared by filters.", default="name", options={
        "name": "California, as in the documented sample.", "code": "US-CA, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.device_type", says="How a device is told, and compared by filters.", default="lower", options={
        "lower": "desktop, as documented.", "capitalized": "Desktop, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.versions", says="What a version that reads as a number is.", default="number", options={
        "number": "A number, as the server sends it.", "text": "A text, like other versions.",
    }, basis=Basis.SOURCE, source="server"),
    Choice(name="rybbit.ip", says="Whether addresses are told.", default="hidden", options={
        "hidden": "ip is null, as on sites that do not track it.", "shown": "ip is the visitor's address.",
    }, basis=Basis.SOURCE, source="server"),
    Choice(name="rybbit.unknown_country", says="What country is where it is unknown.", default="empty", options={
        "empty": "An empty text.", "padded": "Two NUL characters, as the server sends them.",
    }, basis=Basis.CHOSEN),
    Choice(name="rybbit.order", says="Which session stands first in the list.", default="start", options={
        "start": "That which started last.",
        "end": "That which ended last, as the server has it; of those that ended in one second, that which started later.",
    }, basis=Basis.CHOSEN),
)  # fmt: skip
