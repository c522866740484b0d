"""Events and identities that clients sent over HTTP, added sessions, and the sessions made of them."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, pairwise
from operator import and_
from typing import Any, Final

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes.events import IDLE_AFTER
from mockserver.world.generator.population import ip_addresses
from mockserver.world.generator.schedule import SESSION_TIMEOUT
from mockserver.world.model.hashing import key
from mockserver.world.model.query import WHILE_ANONYMOUS, Condition
from mockserver.world.model.session_batch import Event, SessionBatch, parse_tags_trait, parse_text_trait
from mockserver.world.model.vocabulary import PAGEVIEW, Acquisition, Action, Agent, Page, Place, Vocabulary

KIND: Final = 2


class Attributes(Struct, frozen=True):
    """The known attributes of a session, in addition to its events and its visitor."""

    place: Place
    agent: Agent
    acquisition: Acquisition
    language: str
    hostname: str


@IdentityCache
def unknown_attributes(vocabulary: Vocabulary) -> Attributes:
    """Return the attributes of a session of which nothing is known."""
    return Attributes(vocabulary.places[0], vocabulary.agents[0], vocabulary.acquisitions[0], "", "")


class SeededVisitor(Struct, frozen=True):
    """An identified visitor of generated sessions."""

    number: int
    sessions: tuple[tuple[int, int, int], ...]
    """Start, end and number of each of the visitor's sessions."""
    returning: frozenset[int]
    """Numbers of the sessions for which the visitor returned."""
    traits: Mapping[str, Any]
    tags: list[str]
    attributes: Attributes
    """Those that the visitor keeps in every session; acquisition and hostname are unknown."""


class TrackedEvent(Struct, frozen=True):
    """An event sent for a visitor, of an added session, or of a generated session that a sent event joins."""

    at: int
    """Unix milliseconds."""
    name: str
    properties: Mapping[str, Any] = {}
    user_id: str | None = None
    anonymous_id: str | None = None
    page: Page | None = None
    """None if unknown, as for every event that a client sent."""
    attributes: Attributes | None = None
    """Those of the session that the event begins; None if unknown."""
    kind: str = "custom_event"
    """As of :class:`~mockserver.world.model.session_batch.Event`."""
    session: int | None = None
    """Number of the generated session that has the event."""

    @property
    def actor(self) -> str:
        """The user id, or the anonymous id without one."""
        return self.user_id or self.anonymous_id or ""

    @property
    def is_pageview(self) -> bool:
        """True for a pageview; clients send only custom events."""
        return self.kind == "pageview"

    @property
    def action(self) -> Action:
        """The event as an entry of a dimension."""
        return PAGEVIEW if self.is_pageview else Action(self.kind, self.name, dict(self.properties))


class Identity(Struct, frozen=True):
    """Traits sent for a visitor; later values replace earlier ones with the same name."""

    traits: Mapping[str, Any]
    user_id: str | None = None
    anonymous_id: str | None = None
    merges: bool = False
    """True if events with the anonymous id alone belong to the user, if both ids are given."""

    @property
    def actor(self) -> str:
        """The user id, or the anonymous id without one."""
        return self.user_id or self.anonymous_id or ""


class TrackedSession(Struct, frozen=True):
    """Events of one actor with no gap of more than 30 minutes between neighbours."""

    actor: str
    identified: bool
    first: bool
    """True for the first session of the actor."""
    events: tuple[TrackedEvent, ...]
    seeded: SeededVisitor | None = None
    """The actor among the visitors of generated sessions."""

    @property
    def start(self) -> int:
        """Unix milliseconds of the first event."""
        return self.events[0].at

    def number(self, site_key: int) -> int:
        """Return the 56-bit session number; it does not change while the session grows."""
        numbers = (event.session for event in self.events if event.session is not None)
        return next(numbers, key(site_key, "tracked", self.actor, self.start) >> 8)

    def visitor(self, site_key: int) -> int:
        """Return the 48-bit visitor number."""
        return self.seeded.number if self.seeded else key(site_key, "actor", self.actor) >> 16

    def is_of(self, actors: Iterable[str], site_key: int) -> bool:
        """Return True if the visitor's user id or hexadecimal number is in *actors*."""
        number = f"{self.visitor(site_key):012x}"
        return (self.actor if self.identified else WHILE_ANONYMOUS + number) in actors or number in actors

    def attributes(self, vocabulary: Vocabulary) -> Attributes:
        """Return the attributes of the first event that has some, else what is known of the visitor."""
        default = self.seeded.attributes if self.seeded else unknown_attributes(vocabulary)
        return next((event.attributes for event in self.events if event.attributes), default)

    def list_pages(self, vocabulary: Vocabulary) -> list[Page]:
        return [event.page or vocabulary.pages[0] for event in self.events]

    @property
    def path(self) -> list[Page]:
        """The pages of all pageviews, in order."""
        return [event.page for event in self.events if event.page and event.is_pageview]

    def count_events(self, kind: str) -> int:
        return sum(event.kind == kind for event in self.events)

    def acquisitions(self, vocabulary: Vocabulary) -> list[Acquisition]:
        """Return the acquisition that each event reports: the first that of the session."""
        unknown = [vocabulary.acquisitions[0]] * (len(self.events) - 1)
        return [self.attributes(vocabulary).acquisition, *unknown]

    def entries(self, dimension: str, vocabulary: Vocabulary) -> list[Any]:
        """Return the session's entries of a dimension."""
        return _ENTRIES[dimension](self, vocabulary)

    def meets(self, where: Iterable[Condition], vocabulary: Vocabulary) -> bool:
        """Return True if the session meets all conditions."""
        each_event = [True] * len(self.events)
        for condition in where:
            passing = [condition.passes(entry) for entry in self.entries(condition.dimension, vocabulary)]
            if condition.same_event:
                each_event = [*map(and_, each_event, passing)]
            elif any(passing) == condition.negate:
                return False
        return any(each_event)


def _attribute(name: str) -> Callable[[TrackedSession, Vocabulary], list[Any]]:
    return lambda session, vocabulary: [getattr(session.attributes(vocabulary), name)]


_ENTRIES: Final[dict[str, Callable[[TrackedSession, Vocabulary], list[Any]]]] = {
    **{name: _attribute(name) for name in Attributes.__struct_fields__},
    "entry": lambda session, vocabulary: [*session.path, vocabulary.pages[0]][:1],
    "exit": lambda session, vocabulary: [vocabulary.pages[0], *session.path][-1:],
    "page": lambda session, _: [event.page for event in session.events if event.page],
    "url": lambda session, vocabulary: [
        (session.attributes(vocabulary).hostname, page) for page in session.list_pages(vocabulary)
    ],
    "action": lambda session, _: [event.action for event in session.events if not event.is_pageview],
    "event_page": lambda session, vocabulary: session.list_pages(vocabulary),
    "event_action": lambda session, _: [event.action for event in session.events],
    "event_acquisition": lambda session, vocabulary: session.acquisitions(vocabulary),
    "event_source": lambda session, vocabulary: [
        *zip(session.acquisitions(vocabulary), session.list_pages(vocabulary), strict=True)
    ],
    "identified": lambda session, _: [session.identified],
    "returning": lambda session, _: [not session.first],
    "bounce": lambda session, _: [len(session.events) == len(session.path) == 1],
    "pageviews": lambda session, _: [len(session.path)],
    "custom_events": lambda session, _: [session.count_events("custom_event")],
    "errors": lambda session, _: [session.count_events("error")],
    "duration": lambda session, _: [session.events[-1].at - session.start],
}
"""The entries of a tracked session in each dimension."""


class TrackedData(Struct, frozen=True, dict=True):
    """Everything sent or added to a site, as a value.

    :meth:`with_events` returns a new value that shares the log.
    """

    log: list[TrackedEvent] = field(default_factory=list)
    """Shared between successive values; only the first ``count`` entries belong to this one."""
    count: int = 0
    identities: Mapping[str, Mapping[str, Any]] = {}
    """Traits by actor."""
    seeded: Mapping[str, SeededVisitor] = {}
    """Actors that are visitors of generated sessions."""
    joined: frozenset[int] = frozenset()
    """Numbers of the generated sessions whose events are in the log."""
    merged: Mapping[str, str] = {}
    """By anonymous id, the user id to which its events belong."""

    def assign(self, event: TrackedEvent) -> TrackedEvent:
        """Return an event with the user id to which it belongs."""
        user = None if event.user_id else self.merged.get(event.anonymous_id or "")
        return replace(event, user_id=user) if user else event

    def merge(self, anonymous_id: str, user_id: str) -> tuple["TrackedData", list[TrackedEvent]]:
        """Return the data without the events of an anonymous id, and these events.

        They and later ones belong to the user.
        """
        log = self.log[: self.count]
        moved = [event for event in log if not event.user_id and event.anonymous_id == anonymous_id]
        kept = [event for event in log if event.user_id or event.anonymous_id != anonymous_id]
        traits = {**self.identities.get(anonymous_id, {}), **self.identities.get(user_id, {})}
        data = replace(
            self,
            log=kept,
            count=len(kept),
            identities={**self.identities, user_id: traits},
            merged={**self.merged, anonymous_id: user_id},
        )
        return data, moved

    def with_events(
        self, events: Iterable[TrackedEvent], find_seeded: Callable[[str], SeededVisitor | None] | None = None
    ) -> "TrackedData":
        """Return the data with further events; *find_seeded* returns the generated visitor with a user id."""
        events = list(events)
        log = self.log if len(self.log) == self.count else self.log[: self.count]
        log.extend(events)
        users = {event.user_id for event in events if event.user_id} - self.seeded.keys()
        found = {user: find_seeded(user) for user in users} if find_seeded else {}
        seeded = {user: visitor for user, visitor in found.items() if visitor}
        return replace(self, log=log, count=len(log), seeded={**self.seeded, **seeded})

    def with_generated(self, number: int, events: Iterable[TrackedEvent]) -> "TrackedData":
        """Return the data with a generated session, which grows by the events that its visitor sends."""
        return replace(self.with_events(events), joined=self.joined | {number})

    def with_identity(self, identity: Identity) -> "TrackedData":
        """Return the data with further traits of a visitor."""
        traits = {**self.identities.get(identity.actor, {}), **identity.traits}
        return replace(self, identities={**self.identities, identity.actor: traits})

    @cached_property
    def _events(self) -> list[TrackedEvent]:
        return sorted(self.log[: self.count], key=lambda event: (event.actor, event.at))

    @cached_property
    def _latest(self) -> int:
        return max((event.at for event in self._events), default=0)

    @cached_property
    def _all(self) -> list[TrackedSession]:
        return self._split_into_sessions(self._events)

    def sessions(self, now: int) -> list[TrackedSession]:
        """Return all sessions as of *now*, ascending by start."""
        if self._latest <= now:
            return self._all
        return self._split_into_sessions(event for event in self._events if event.at <= now)

    def _split_into_sessions(self, events: Iterable[TrackedEvent]) -> list[TrackedSession]:
        sessions: list[TrackedSession] = []
        for actor, own_events in groupby(events, key=lambda event: event.actor):
            runs: list[list[TrackedEvent]] = []
            for event in own_events:
                if not runs or event.at - runs[-1][-1].at > SESSION_TIMEOUT:
                    runs.append([])
                runs[-1].append(event)
            for run in runs:
                is_identified = run[0].user_id is not None
                seeded = self.seeded.get(actor) if is_identified else None
                is_first = run is runs[0]
                if seeded:
                    numbers = {event.session for event in run if event.session is not None}
                    is_earliest = is_first and run[0].at <= seeded.sessions[0][0]
                    is_first = numbers.isdisjoint(seeded.returning) if numbers else is_earliest
                sessions.append(TrackedSession(actor, is_identified, is_first, tuple(run), seeded))
        return sorted(sessions, key=lambda session: (session.start, session.actor))


class TrackedSessions(SessionBatch):
    """Tracked sessions in columns; values that were neither sent nor added are unknown."""

    kind = KIND

    def __init__(
        self,
        site_key: int,
        sessions: list[TrackedSession],
        index: list[int],
        data: TrackedData,
        vocabulary: Vocabulary,
    ) -> None:
        self._sessions = sessions
        sent = [data.identities.get(session.actor, {}) for session in sessions]
        traits = [
            {**session.seeded.traits, **each} if session.seeded else each
            for session, each in zip(sessions, sent, strict=True)
        ]
        self.index = index
        self.start = [session.start for session in sessions]
        self.duration = [session.events[-1].at - session.start for session in sessions]
        self.inactive = [
            sum(max(after.at - event.at - IDLE_AFTER, 0) for event, after in pairwise(session.events))
            for session in sessions
        ]
        self.custom_events = [session.count_events("custom_event") for session in sessions]
        self.outbounds = [session.count_events("outbound") for session in sessions]
        self.errors = [session.count_events("error") for session in sessions]
        self.ids = [session.number(site_key) for session in sessions]
        self.visitors = [session.visitor(site_key) for session in sessions]
        self.user_ids = [session.actor if session.identified else None for session in sessions]
        self.names = [parse_text_trait(each.get("name")) for each in traits]
        self.emails = [parse_text_trait(each.get("email")) for each in traits]
        self.tags = [
            each.seeded.tags if each.seeded and "$tags" not in own else parse_tags_trait(own.get("$tags"))
            for each, own in zip(sessions, traits, strict=True)
        ]
        self.traits = [dict(each) if each else None for each in traits]
        attributes = [session.attributes(vocabulary) for session in sessions]
        self.places = [each.place for each in attributes]
        self.agents = [each.agent for each in attributes]
        self.acquisitions = [each.acquisition for each in attributes]
        self.languages = [each.language for each in attributes]
        self.hostnames = [each.hostname for each in attributes]
        addresses = ip_addresses(
            np.array(self.visitors, dtype=np.uint64),
            np.array([vocabulary.places.index(place) for place in self.places], dtype=np.int64),
            len(vocabulary.places),
        )
        self.ips = [
            address if session.seeded or place.country else ""
            for address, session, place in zip(addresses, sessions, self.places, strict=True)
        ]
        self.paths = [session.path for session in sessions]
        self.pageviews = list(map(len, self.paths))
        self.entries = [[*path, vocabulary.pages[0]][0] for path in self.paths]
        self.exits = [[vocabulary.pages[0], *path][-1] for path in self.paths]
        self._pages = [session.list_pages(vocabulary) for session in sessions]

    def list_events(self, position: int) -> list[Event]:
        """Return all events of the session at *position*, oldest first."""
        referrer = self.acquisitions[position].referrer
        events = []
        for event, page in zip(self._sessions[position].events, self._pages[position], strict=True):
            events.append(Event(event.at, event.kind, page, event.name, event.properties, referrer))
            if page.path:
                referrer = f"https://{self.hostnames[position]}{page.path}{page.querystring}"
        return events
