"""Every row of the table of problems in the guide provokes its problem."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from mockserver.server.faults.registry import read
from mockserver.vendors import load
from tests.server.faults.conftest import Look
from tests.server.faults.seen import Seen

GUIDE: Final = Path(__file__).parents[3] / "docs" / "howto" / "faults.md"
PAIRS: Final = [
    (vendor, endpoint)
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]
ROW: Final = re.compile(r"^\| (?P<problem>[^|]+) \| `(?P<faults>\[.+\])` \|$", re.MULTILINE)
PROBLEMS: Final = {
    row["problem"]: json.loads(row["faults"]) for row in ROW.finditer(GUIDE.read_text("utf-8"))
}


def rows(seen: Seen) -> list[dict[str, Any]]:
    """Return the rows of a response, whatever the vendor calls their list."""
    body = json.loads(seen.body)
    body = body.get("exports", body)
    return next(value for value in body.values() if isinstance(value, list))


def sends(header: str, *values: str) -> Callable[[Seen, Seen], bool]:
    return lambda seen, _: seen.header(header) == [*values]


def has_status(status: int, text: str = "") -> Callable[[Seen, Seen], bool]:
    return lambda seen, _: seen.status == status and text in seen.body.decode()


def changes(*fields: str, to: Any = ...) -> Callable[[Seen, Seen], bool]:
    """Return a check that every row has another value in one of the fields; without *to*, no field."""

    def check(seen: Seen, plain: Seen) -> bool:
        pairs = list(zip(rows(seen), rows(plain), strict=True))
        shown = [[new.get(field, ...) for field in fields if field in old] for new, old in pairs]
        return bool(pairs) and all(each == [to] * len(each) for each in shown)

    return check


def cut(share: float) -> Callable[[Seen, Seen], bool]:
    return lambda seen, plain: (seen.end, seen.body) == ("closed", plain.body[: int(len(plain.body) * share)])


SEES: Final[Mapping[str, Callable[[Seen, Seen], bool]]] = {
    "`Retry-After` is fractional": sends("Retry-After", "0.5"),
    "`Retry-After` is negative": sends("Retry-After", "-1"),
    "`Retry-After` is neither seconds nor a date": sends("Retry-After", "soon"),
    "`Retry-After` is sent twice": sends("Retry-After", "1", "1"),
    "The reset of a limit is in milliseconds": lambda seen, plain: (
        "".join(seen.header("X-RateLimit-Reset")) == "".join(plain.header("X-RateLimit-Reset")) + "000"
    ),
    "The headers of the limit are missing": sends("X-RateLimit-Reset"),
    "A redirect": sends("Location", "/login"),
    "A redirect without `Location`": has_status(302),
    "Status 200 with an error inside": has_status(200, "backend unavailable"),
    "An HTML page instead of JSON": has_status(502, "<h1>"),
    "An HTML page with status 200": has_status(200, "<title>"),
    "JSON with the content type of HTML": sends("Content-Type", "text/html"),
    "JSON without a content type": sends("Content-Type"),
    "A byte order mark before the JSON": lambda seen, plain: seen.body == b"\xef\xbb\xbf" + plain.body,
    "`null` instead of rows": lambda seen, _: set(json.loads(seen.body).values()) == {None},
    "A list instead of an object": lambda seen, _: json.loads(seen.body) == [],
    "Bytes that are not UTF-8": lambda seen, _: seen.body == b'{"a": "\xff"}',
    "An empty body with status 200": lambda seen, _: (seen.status, seen.body) == (200, b""),
    "Status 204 instead of an empty list": lambda seen, _: (seen.status, seen.body) == (204, b""),
    "A status that no library knows": has_status(599, "network timeout"),
    "The connection is closed without a response": lambda seen, _: (seen.end, seen.data) == ("closed", b""),
    "The connection is closed after the headers": cut(0),
    "The connection is closed within the body": cut(0.5),
    "The connection is reset": lambda seen, _: (seen.end, seen.data) == ("reset", b""),
    "A body in chunks, without a length": lambda seen, _: seen.body.endswith(b"\r\n0\r\n\r\n"),
    "Chunks without an end": lambda seen, _: (
        seen.header("Transfer-Encoding") == ["chunked"] and not seen.body.endswith(b"0\r\n\r\n")
    ),
    "An invalid chunk": lambda seen, plain: b"oops\r\n" in seen.body and b"oops" not in plain.body,
    "A slow body": lambda seen, plain: seen.body == plain.body and len(seen.pieces) >= 2,
    "A new value of an enumeration": lambda seen, _: b'"Ladybird"' in seen.body,
    "A missing field": changes("country"),
    "A field that is `null`": changes("country", to=None),
    "A number that became a text": lambda seen, _: all(
        isinstance(row.get("duration", row.get("session_duration")), str) for row in rows(seen)
    ),
    "A field that the vendor does not document": lambda seen, _: (
        {row["risk_score"] for row in rows(seen)} == {0.5}
    ),
}


def test_every_problem_of_the_guide_is_checked() -> None:
    assert [*PROBLEMS] == [*SEES]


@pytest.mark.parametrize("problem", PROBLEMS)
async def test_faults_provoke_problem_at_some_vendor(serve: Any, look: Look, problem: str) -> None:
    provoked = 0
    for pair in PAIRS:
        mock = await serve(world={"sessions": 60})
        plain = await (await look(mock, pair, "Connection: close")).ended()
        active = mock.tenant.faults.add(read(PROBLEMS[problem]))
        seen = await (await look(mock, pair, "Connection: close")).ended()
        if all(fault.effective for fault in active if fault.triggered) and any(
            fault.triggered for fault in active
        ):
            assert SEES[problem](seen, plain), seen.data[:1000]
            provoked += 1

    assert provoked > 0
