"""Cases of the conformance check: what happens to a client, and which outcomes are right."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import chain
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, ValidationError, convert, json, to_builtins

from mockserver._util.suggest import suggest
from mockserver._util.validation import explain_validation_error

ELSEWHERE: Final = "{elsewhere}"
"""Placeholder in the headers of faults for the URL of the same server with another host than the client's."""
Outcome = Literal[
    "complete", "loud", "lost", "duplicated", "invented", "hung", "hammering", "violation", "leaked"
]
Verdict = Literal["right", "acceptable", "wrong", "inconclusive", "not applicable"]
Rating = Literal["right", "acceptable", "wrong"]
OUTCOMES: Final[dict[Outcome, str]] = {
    "complete": "The client delivered every row once, or a sender delivered every event, and it succeeded.",
    "loud": "The client failed visibly and delivered nothing wrong.",
    "lost": "The client succeeded, but rows or events are missing.",
    "duplicated": "The client delivered a row more than once.",
    "invented": "The client delivered a row that the list does not have, or changed one.",
    "hung": "The client waited or paged without end.",
    "hammering": "The client repeated requests too soon, too often, or after a permanent refusal.",
    "violation": "A finding of level `error` about another rule of the API.",
    "leaked": "The output of the client contains a credential, or the client sent one to another host.",
}
Topic = Literal["paging", "window", "retry", "wire", "change", "concurrency", "auth", "data", "resume"]
TOPICS: Final[dict[Topic, str]] = {
    "paging": "How a list is divided into pages, and where it ends.",
    "window": "Which time the client requests; it is given the start and the end of the world.",
    "retry": "Errors that a retry can cure, and refusals that it cannot.",
    "wire": "Responses that are late, incomplete, damaged or missing.",
    "change": "Sessions that arrive, grow or are deleted while the client pages.",
    "concurrency": "Limits on how many requests a client may send, or have open at once.",
    "auth": "Wrong, missing and expired credentials.",
    "data": "Values that are rare in test data.",
    "resume": "The client is ended in the middle, and run again.",
}
Kind = Literal["plain", "recoverable", "hopeless", "changing"]
KINDS: Final[dict[Kind, str]] = {
    "plain": "Nothing fails. Only a complete result is right.",
    "recoverable": "Something fails for a while. A complete result is right; to fail visibly is acceptable.",
    "hopeless": "No client can be complete. To fail visibly is right.",
    "changing": (
        "Sessions change while the client pages. A complete result is right; to fail visibly is acceptable."
    ),
}
_RATINGS: Final[dict[Kind, dict[Outcome, Rating]]] = {
    "plain": {"complete": "right"},
    "recoverable": {"complete": "right", "loud": "acceptable"},
    "hopeless": {"loud": "right", "complete": "acceptable"},
    "changing": {"complete": "right", "loud": "acceptable"},
}
"""The ratings of outcomes that are not wrong."""
Style = Literal["none", "offset", "page number", "cursor"]
Need = Literal[
    "list",
    "sender",
    "sessions",
    "window",
    "pages",
    "numbers",
    "cursor",
    "next",
    "total",
    "end",
    "rate limit",
    "one at a time",
    "browser",
    "command",
]
NEEDS: Final[dict[Need, str]] = {
    "list": "a list",
    "sender": "an endpoint that records what it is sent",
    "sessions": "rows about sessions",
    "window": "a time window",
    "pages": "a list of sessions with pages",
    "numbers": "pages with numbers or offsets",
    "cursor": "pages with cursors",
    "next": "responses with the next cursor or offset",
    "total": "responses with a total",
    "end": "responses with a total or the next cursor",
    "rate limit": "a rate limit",
    "one at a time": "a limit of one open request",
    "browser": "rows with the field `browser`",
    "command": "a client that is a command, which can be ended",
}


class CaseError(ValueError):
    """An invalid case, or one that does not exist; the message names the nearest."""


class Size(Struct, frozen=True, forbid_unknown_fields=True):
    """Number of sessions, relative to the client's pages."""

    pages: Annotated[float, Meta(ge=0, le=100)] = 2.5
    plus: Annotated[int, Meta(ge=-10, le=10)] = 0

    def count(self, page_size: int) -> int:
        """Return the number of sessions for pages of a size."""
        return max(int(self.pages * page_size) + self.plus, 0)


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that a client has to cope with, and the ratings of its outcomes."""

    name: Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)")]
    title: str
    """The event, in one sentence."""
    expected: str
    """The reaction of a correct client, with the reason."""
    since: Annotated[str, Meta(pattern=r"^20[0-9]{2}\.(0[1-9]|1[0-2])$(?!\n)")]
    """The first set that has the case. A case of a published set never changes: another one replaces it."""
    kind: Kind = "plain"
    needs: tuple[Need, ...] = ("list",)
    sessions: int | Size = Size()
    start: str = "2026-09-30"
    """Start of the world. The client is given a window of whole days."""
    end: str = "2026-10-01"
    """End of the world, and the time of a frozen clock."""
    now: str | None = None
    """Time of a frozen clock, if it is not the end of the world."""
    world: dict[str, Any] = {}
    """Further fields of the world's spec."""
    clock: Literal["frozen", "system"] = "frozen"
    faults: tuple[dict[str, Any], ...] = ()
    """Faults of the endpoint. A list without pages has one page, so that a number of a page is ignored.
    ``{elsewhere}`` in a header is the URL of the same server with another host than the client's."""
    rate: dict[str, int] = {}
    """Settings of the rate limits of the endpoint."""
    open: dict[str, int | str] = {}
    """Settings of the limit of one open request."""
    provokes: str | None = None
    """Name of the error that the client must get; without it, the case is inconclusive."""
    added: tuple[dict[str, Any], ...] = ()
    """Sessions to add to the world; ``after`` is the number of seconds between its start and theirs."""
    neighbors: tuple[float, ...] = ()
    """Sessions that do not belong to the window that the client is given: the seconds by which they start
    before it (negative) or after its end."""
    backwards: bool = False
    """The client is given the end of the window as its start, and its start as its end."""
    environment: dict[str, str] = {}
    """Further variables of the client."""
    credential: Literal["valid", "wrong", "missing"] = "valid"
    """The credential that the client is given."""
    ended_after: Annotated[int, Meta(ge=1)] | None = None
    """The client is ended after it got this page, and then run again in the same folder."""
    verdicts: dict[Outcome, Rating] = {}
    """Ratings of outcomes that differ from those of the kind."""
    style_verdicts: dict[Style, dict[Outcome, Rating]] = {}
    """Ratings that differ for a style of pagination."""
    topic: Topic = "paging"
    """The topic is the name of the file."""

    @property
    def id(self) -> str:
        """Topic and name."""
        return f"{self.topic}/{self.name}"

    @property
    def names_elsewhere(self) -> bool:
        """True if a fault leads the client to another host."""
        headers = chain.from_iterable(fault.get("headers", {}).values() for fault in self.faults)
        return any(ELSEWHERE in text for text in headers)

    def rate_outcome(self, outcome: Outcome, style: Style, *, is_list: bool = True) -> Rating:
        """Return how right an outcome is for a list with a style of pagination, or for a sender."""
        ratings = {**_RATINGS[self.kind], **self.verdicts, **self.style_verdicts.get(style, {})}
        # At least once is all that a sender can promise: it cannot know that a lost response was a success.
        if not is_list and self.kind in ("recoverable", "hopeless"):
            ratings.setdefault("duplicated", "acceptable")
        return ratings.get(outcome, "wrong")


_TEXTS: Final = ("title", "expected")


@cache
def load_cases() -> Mapping[str, Case]:
    """Return all cases by id, in the order of topics; raise :class:`CaseError` for an invalid one."""
    cases: dict[str, Case] = {}
    for topic in TOPICS:
        text = files("mockserver.conformance").joinpath("cases", f"{topic}.toml").read_text("utf-8")
        for case in parse_cases(text, topic):
            if case.id in cases:
                raise CaseError(f"{topic}.toml: two cases are called {case.name!r}; rename one")
            cases[case.id] = case
    return cases


def parse_cases(text: str, topic: Topic) -> list[Case]:
    """Parse the cases of a topic from TOML; raise :class:`CaseError` for an invalid one."""
    parsed = []
    for number, raw in enumerate(tomllib.loads(text).get("case", [])):
        try:
            parsed.append(convert({**raw, "topic": topic}, Case))
        except ValidationError as error:
            reason = explain_validation_error({**raw, "topic": topic}, Case) or error
            place = raw.get("name", f"case {number}")
            raise CaseError(f"{topic}.toml: {place}: {reason}") from None
    return parsed


def list_sets(cases: Iterable[Case]) -> list[str]:
    """Return the names of all sets of cases, oldest first."""
    return sorted({case.since for case in cases})


def digest_of(cases: Iterable[Case]) -> str:
    """Return a digest of what cases do, without their texts; it never changes for a published set."""
    facts = [
        {name: value for name, value in to_builtins(case).items() if name not in _TEXTS}
        for case in sorted(cases, key=lambda case: case.id)
    ]
    return blake2b(json.encode(facts, order="deterministic"), digest_size=8).hexdigest()


def select_cases(
    cases: Mapping[str, Case],
    *,
    case_set: str | None = None,
    names: Sequence[str] = (),
    topics: Sequence[str] = (),
    skipped: Sequence[str] = (),
) -> list[Case]:
    """Return the cases of a set, with these ids or of these topics, that are not skipped.

    *skipped* has ids and topics. Raise :class:`CaseError` for an unknown name.
    """
    sets = list_sets(cases.values())
    if case_set is not None and case_set not in sets:
        raise CaseError(f"unknown set of cases {case_set!r}; {suggest(case_set, sets)}")
    _check_known("case", names, cases)
    _check_known("topic", topics, TOPICS)
    _check_known("case or topic", skipped, [*cases, *TOPICS])
    return [
        case
        for case in cases.values()
        if (case_set is None or case.since <= case_set)
        and (not (names or topics) or case.id in names or case.topic in topics)
        and case.id not in skipped
        and case.topic not in skipped
    ]


def _check_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    words = list(known)
    for name in names:
        if name not in words:
            raise CaseError(f"unknown {what} {name!r}; {suggest(name, words)}")
