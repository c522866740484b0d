"""Added sessions: the fields with which a test defines one, and the tracked events that it consists of."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from mockserver._util.places import placed
from mockserver._util.suggest import suggest
from mockserver.world.generator.schedule import SESSION_TIMEOUT
from mockserver.world.generator.tracked import (
    Attributes,
    Identity,
    SeededVisitor,
    TrackedEvent,
    unknown_attributes,
)
from mockserver.world.model.spec import EARLIEST, LATEST, WorldError, format_instant, parse_instant
from mockserver.world.model.vocabulary import Acquisition, Page, Vocabulary

_GAP: Final = 30
"""Seconds between two events, if nothing else is given."""
_PLACE: Final = ("country", "region", "city", "time_zone")
_AGENT: Final = ("device", "os", "os_version", "browser", "browser_version")
_SOURCE: Final = ("utm_medium", "utm_source", "referrer", "utm_campaign", "utm_term", "utm_content")
E = TypeVar("E", bound=Struct)

Instant = Annotated[str | int, Meta(description="an instant: ISO 8601 text, or Unix milliseconds")]
Seconds = Annotated[float, Meta(ge=0, le=SESSION_TIMEOUT / 1000)]
Text = Annotated[str, Meta(min_length=1)]


class AddedPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A pageview of an added session."""

    page: str
    """Path, with its query string if it has one."""
    at: Instant | None = None
    seconds: Seconds | None = None
    """Time since the previous pageview or event."""


class AddedEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A custom event of an added session."""

    name: Text
    properties: dict[str, Any] = {}
    at: Instant | None = None
    seconds: Seconds | None = None
    """Time since the previous pageview or event."""


class NewSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A session that a test defines; fields that are not given are unknown.

    Place, agent and acquisition are the first of the vocabulary that have the given fields.
    """

    site: int = 0
    """Index of the site."""
    start: Instant
    end: Instant | None = None
    """Time of the last event; the others are evenly spaced."""
    pages: list[str | AddedPage] | None = None
    """Pageviews, 30 seconds apart; by default one of ``/``, or none if there are events."""
    events: list[str | list[Any] | AddedEvent] = []
    """Custom events after the pages: names, pairs of name and properties, or objects."""
    user_id: Text | None = None
    anonymous_id: Text | None = None
    """Without this and a user id, the session is that of a new anonymous visitor."""
    name: str | None = None
    email: str | None = None
    tags: list[str] | None = None
    traits: dict[str, Any] = {}
    """Further traits of the visitor."""
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    region: str | None = None
    city: str | None = None
    time_zone: str | None = None
    language: Annotated[str, Meta(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$(?!\n)")] | None = None
    """BCP 47 tag; by default that of the place."""
    device: str | None = None
    os: str | None = None
    os_version: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    channel: str | None = None
    referrer: str | None = None
    """Full URL."""
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    hostname: str | None = None
    """A host of the site, by default the first."""

    def identity(self) -> Identity | None:
        """Return the traits of the visitor, None without any."""
        named = {"name": self.name, "email": self.email, "$tags": self.tags}
        traits = {**self.traits, **{name: value for name, value in named.items() if value is not None}}
        return Identity(traits, self.user_id, self.anonymous_id) if traits else None


def make_events(
    session: NewSession, vocabulary: Vocabulary, hostnames: Sequence[str], visitor: SeededVisitor | None
) -> list[TrackedEvent]:
    """Return the events of a session, oldest first; raise :class:`WorldError` if it contradicts itself."""
    default = visitor.attributes if visitor else unknown_attributes(vocabulary)
    known: dict[str, Any] = {
        "user_id": session.user_id,
        "anonymous_id": session.anonymous_id,
        "attributes": _resolve_attributes(session, vocabulary, hostnames, default),
    }
    page: Page | None = None
    events = []
    for at, step in _schedule(session):
        if isinstance(step, AddedPage):
            page = _resolve_page(step.page, vocabulary)
            events.append(TrackedEvent(at, "", page=page, kind="pageview", **known))
        else:
            events.append(TrackedEvent(at, step.name, step.properties, page=page, **known))
    return events


def _list_steps(session: NewSession) -> list[AddedPage | AddedEvent]:
    pages = ["/"] if session.pages is None and not session.events else session.pages or []
    steps: list[AddedPage | AddedEvent] = []
    for number, page in enumerate(pages):
        step = AddedPage(page=page) if isinstance(page, str) else page
        if not step.page.startswith("/"):
            raise WorldError(
                f"pages: {step.page!r} is not a path; begin it with '/', such as '/pricing'",
                path=("pages", number),
            )
        steps.append(step)
    for number, event in enumerate(session.events):
        match event if isinstance(event, list) else [event]:
            case [AddedEvent() as added]:
                steps.append(added)
            case [str(name)] if name:
                steps.append(AddedEvent(name=name))
            case [str(name), dict(properties)] if name:
                steps.append(AddedEvent(name=name, properties=properties))
            case _:
                raise WorldError(
                    f"events: {event!r} is not an event; use a name, or a name and its properties",
                    path=("events", number),
                )
    if not steps:
        raise WorldError(
            "pages: a session needs a page or an event; give at least one of `pages`, `events`",
            path=("pages",),
        )
    return steps


def _schedule(session: NewSession) -> list[tuple[int, AddedPage | AddedEvent]]:
    """Return the pageviews and events with their times, ascending."""
    start = _parse_instant(session.start, "start")
    steps = _list_steps(session)
    end = None if session.end is None else _parse_instant(session.end, "end")
    if end is not None and end < start:
        raise WorldError(
            f"end: {session.end!r} is before `start` ({format_instant(start)}); use a later one",
            path=("end",),
        )
    has_times = any(step.at is not None or step.seconds is not None for step in steps)
    timed = []
    at = start
    for number, step in enumerate(steps):
        first_event = len(steps) - len(session.events)
        place = ("pages", number) if number < first_event else ("events", number - first_event)
        if step.at is not None and step.seconds is not None:
            raise WorldError("at: cannot be combined with `seconds`; use one of them", path=(*place, "at"))
        if step.at is not None:
            with placed(*place):
                at = _parse_instant(step.at, "at")
        elif end is not None and not has_times:
            at = start + (end - start) * number // max(len(steps) - 1, 1)
        else:
            at += int(1000 * (step.seconds if step.seconds is not None else _GAP if number else 0))
        timed.append((at, step))
    timed.sort(key=lambda pair: pair[0])
    times = [at for at, _ in timed]
    if times[0] != start:
        raise WorldError(
            f"start: {format_instant(start)} is not the time of the first event ({format_instant(times[0])});"
            " use the same time",
            path=("start",),
        )
    if end is not None and times[-1] != end:
        raise WorldError(
            f"end: {format_instant(end)} is not the time of the last event ({format_instant(times[-1])});"
            " leave it out, or add an event",
            path=("end",),
        )
    for before, after in pairwise(times):
        if after - before > SESSION_TIMEOUT:
            raise WorldError(
                f"events: nothing happens between {format_instant(before)} and {format_instant(after)};"
                " a session has no gap of more than 30 minutes",
                path=("events",),
            )
    return timed


def _parse_instant(value: str | int, field: str) -> int:
    instant = parse_instant(value, field)
    if not EARLIEST <= instant < LATEST:
        raise WorldError(
            f"{field}: {value!r} is outside of the calendar; use a time from 1970 to 2099", path=(field,)
        )
    return instant


def _resolve_page(text: str, vocabulary: Vocabulary) -> Page:
    path, mark, query = text.partition("?")
    querystring = mark + query
    for page in vocabulary.pages:
        if (page.path, page.querystring) == (path, querystring):
            return page
    titles = (page.title for page in vocabulary.pages if page.path == path)
    return Page(path, next(titles, ""), querystring, 0, (), ())


def _resolve_attributes(
    session: NewSession, vocabulary: Vocabulary, hostnames: Sequence[str], default: Attributes
) -> Attributes:
    place = _find(vocabulary.places, _given(session, _PLACE))
    agent = _find(vocabulary.agents, _given(session, _AGENT))
    language = default.language if place is None else place.language
    hostname = hostnames[0] if session.hostname is None else session.hostname
    if hostname not in hostnames:
        raise WorldError(
            f"hostname: {hostname!r} is not a host of the site; {suggest(hostname, hostnames)}",
            path=("hostname",),
        )
    return Attributes(
        place or default.place,
        agent or default.agent,
        _resolve_acquisition(session, vocabulary.acquisitions),
        language if session.language is None else session.language,
        hostname,
    )


def _given(session: NewSession, names: Sequence[str]) -> dict[str, str]:
    values = {name: getattr(session, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _find(entries: Sequence[E], given: Mapping[str, str]) -> E | None:
    """Return the first entry with all *given* fields, None without any."""
    matching = list(entries)
    for number, (field, value) in enumerate(given.items()):
        of = attrgetter(field)
        texts = dict.fromkeys(map(of, entries))
        if value not in texts:
            raise WorldError(
                f"{field}: unknown value {value!r}; {suggest(value, filter(None, texts))}", path=(field,)
            )
        possible = dict.fromkeys(map(of, matching))
        matching = [entry for entry in matching if of(entry) == value]
        if not matching:
            others = ", ".join(f"{name} {given[name]!r}" for name in list(given)[:number])
            raise WorldError(
                f"{field}: {value!r} does not go with {others}; expected {', '.join(possible)}", path=(field,)
            )
    return matching[0] if given else None


def _resolve_acquisition(session: NewSession, entries: Sequence[Acquisition]) -> Acquisition:
    """Return the first entry with all given fields, or one of these fields if there is none.

    Campaigns and referrers are the test's own words, so they need not be in the vocabulary.
    """
    given = _given(session, _SOURCE)
    if given.get("referrer") and urlsplit(given["referrer"]).scheme not in {"http", "https"}:
        raise WorldError(
            f"referrer: {given['referrer']!r} is not a URL; use for example 'https://news.example/'",
            path=("referrer",),
        )
    known = [*entries[1:], entries[0]]
    if session.channel is not None:
        _find(entries, {"channel": session.channel})
        known = [entry for entry in known if entry.channel == session.channel]
        for field, value in given.items():
            elsewhere = {entry.channel for entry in entries if getattr(entry, field) == value}
            is_direct = session.channel and not any(entry.referrer or entry.utm_source for entry in known)
            differs = field == "utm_medium" and elsewhere and session.channel not in elsewhere
            if value and (is_direct or differs):
                raise WorldError(
                    f"{field}: {value!r} does not go with channel {session.channel!r};"
                    f" expected {', '.join(sorted(elsewhere)) or 'another channel'}",
                    path=(field,),
                )
    for entry in known:
        if all(getattr(entry, field) == value for field, value in given.items()):
            return entry
    channels = (
        entry.channel
        for field in _SOURCE[:3]
        for entry in known
        if given.get(field) and getattr(entry, field) == given[field]
    )
    channel = session.channel or next(channels, "Referral" if given.get("referrer") else "")
    return Acquisition(channel=channel, weight=0, **{**dict.fromkeys(_SOURCE, ""), **given})
