"""Events and identities that clients sent over HTTP, and the sessions made of them."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import groupby, pairwise
from operator import and_
from typing import Any, Final

from msgspec import Struct, field

from mockserver.world.generator.archetypes import IDLE_AFTER
from mockserver.world.generator.schedule import SESSION_TIMEOUT
from mockserver.world.model.hashing import key
from mockserver.world.model.query import Condition
from mockserver.world.model.session_batch import Event, SessionBatch, parse_tags_trait, parse_text_trait
from mockserver.world.model.vocabulary import Action, Vocabulary

KIND: Final = 2


class TrackedEvent(Struct, frozen=True):
    """An event sent for a visitor."""

    at: int
    """Unix milliseconds."""
    name: str
    properties: Mapping[str, Any] = {}
    user_id: str | None = None
    anonymous_id: str | None = None

    @property
    def actor(self) -> str:
        """The user id, or the anonymous id without one."""
        return self.user_id or self.anonymous_id or ""


class Identity(Struct, frozen=True):
    """Traits sent for a visitor; later values replace earlier ones with the same name."""

    traits: Mapping[str, Any]
    user_id: str | None = None
    anonymous_id: str | None = None

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

    @property
    def start(self) -> int:
        """Unix milliseconds of the first event."""
        return self.events[0].at

    def number(self, site_key: int) -> int:
        """Return the 56-bit session number; it does not change while the session grows."""
        return key(site_key, "tracked", self.actor, self.start) >> 8

    def visitor(self, site_key: int) -> int:
        """Return the 48-bit visitor number."""
        return key(site_key, "actor", self.actor) >> 16

    def is_of(self, actors: Iterable[str], site_key: int) -> bool:
        """Return True if the visitor's user id or hexadecimal number is in *actors*."""
        return (self.identified and self.actor in actors) or f"{self.visitor(site_key):012x}" in actors

    def entries(self, dimension: str, vocabulary: Vocabulary) -> list[Any]:
        """Return the session's entries of a dimension; only events and actor are known."""
        return _ENTRIES[dimension](self, vocabulary)

    def list_actions(self) -> list[Action]:
        """Return the action of each event."""
        return [Action("custom_event", event.name, dict(event.properties)) for event in self.events]

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


_ENTRIES: Final[dict[str, Callable[[TrackedSession, Vocabulary], list[Any]]]] = {
    "place": lambda _, vocabulary: [vocabulary.places[0]],
    "agent": lambda _, vocabulary: [vocabulary.agents[0]],
    "acquisition": lambda _, vocabulary: [vocabulary.acquisitions[0]],
    "language": lambda _, __: [""],
    "hostname": lambda _, __: [""],
    "entry": lambda _, vocabulary: [vocabulary.pages[0]],
    "exit": lambda _, vocabulary: [vocabulary.pages[0]],
    "page": lambda _, __: [],
    "url": lambda _, vocabulary: [("", vocabulary.pages[0])],
    "action": lambda session, _: session.list_actions(),
    "event_page": lambda session, vocabulary: [vocabulary.pages[0]] * len(session.events),
    "event_action": lambda session, _: session.list_actions(),
    "event_acquisition": lambda session, vocabulary: [vocabulary.acquisitions[0]] * len(session.events),
    "event_source": lambda session, vocabulary: (
        [(vocabulary.acquisitions[0], vocabulary.pages[0])] * len(session.events)
    ),
    "identified": lambda session, _: [session.identified],
    "returning": lambda session, _: [not session.first],
    "bounce": lambda _, __: [False],
    "pageviews": lambda _, __: [0],
    "custom_events": lambda session, _: [len(session.events)],
    "errors": lambda _, __: [0],
    "duration": lambda session, _: [session.events[-1].at - session.start],
}
"""The entries of a tracked session in each dimension."""


class TrackedData(Struct, frozen=True, dict=True):
    """Everything sent to a site, as a value; :meth:`with_events` returns a new value that shares the log."""

    log: list[TrackedEvent] = field(default_factory=list)
    """Shared between successive values; only the first ``count`` entries belong to this one."""
    count: int = 0
    identities: Mapping[str, Mapping[str, Any]] = {}
    """Traits by actor."""

    def with_events(self, events: Iterable[TrackedEvent]) -> "TrackedData":
        """Return the data with further events."""
        log = self.log if len(self.log) == self.count else self.log[: self.count]
        log.extend(events)
        return TrackedData(log, len(log), self.identities)

    def with_identity(self, identity: Identity) -> "TrackedData":
        """Return the data with further traits of a visitor."""
        traits = {**self.identities.get(identity.actor, {}), **identity.traits}
        return TrackedData(self.log, self.count, {**self.identities, identity.actor: traits})

    @cached_property
    def _events(self) -> list[TrackedEvent]:
        return sorted(self.log[: self.count], key=lambda event: (event.actor, event.at))

    @cached_property
    def _latest(self) -> int:
        return max((event.at for event in self._events), default=0)

    @cached_property
    def _all(self) -> list[TrackedSession]:
        return _split_into_sessions(self._events)

    def sessions(self, now: int) -> list[TrackedSession]:
        """Return all sessions as of *now*, ascending by start."""
        if self._latest <= now:
            return self._all
        return _split_into_sessions(event for event in self._events if event.at <= now)


def _split_into_sessions(events: Iterable[TrackedEvent]) -> list[TrackedSession]:
    sessions: list[TrackedSession] = []
    for actor, own_events in groupby(events, key=lambda event: event.actor):
        runs: list[list[TrackedEvent]] = []
        for event in own_events:
            if not runs or event.at - runs[-1][-1].at > SESSION_TIMEOUT:
                runs.append([])
            runs[-1].append(event)
        sessions += [
            TrackedSession(actor, run[0].user_id is not None, run is runs[0], tuple(run)) for run in runs
        ]
    return sorted(sessions, key=lambda session: (session.start, session.actor))


class TrackedSessions(SessionBatch):
    """Tracked sessions in columns; values that were not sent are unknown."""

    kind = KIND

    def __init__(
        self,
        site_key: int,
        sessions: list[TrackedSession],
        index: list[int],
        data: TrackedData,
        vocabulary: Vocabulary,
    ) -> None:
        n = len(sessions)
        self._sessions = sessions
        traits = [data.identities.get(session.actor, {}) for session in sessions]
        self.index = index
        self.start = [session.start for session in sessions]
        self.duration = [session.events[-1].at - session.start for session in sessions]
        self.inactive = [
            sum(max(after.at - event.at - IDLE_AFTER, 0) for event, after in pairwise(session.events))
            for session in sessions
        ]
        self.pageviews = self.outbounds = self.errors = [0] * n
        self.custom_events = [len(session.events) for session in sessions]
        self.ids = [session.number(site_key) for session in sessions]
        self.visitors = [session.visitor(site_key) for session in sessions]
        self.user_ids = [session.actor if session.identified else None for session in sessions]
        self.names = [parse_text_trait(sent.get("name")) for sent in traits]
        self.emails = [parse_text_trait(sent.get("email")) for sent in traits]
        self.tags = [parse_tags_trait(sent.get("$tags")) for sent in traits]
        self.traits = [dict(sent) if sent else None for sent in traits]
        self.ips = self.languages = self.hostnames = [""] * n
        self.places = [vocabulary.places[0]] * n
        self.agents = [vocabulary.agents[0]] * n
        self.acquisitions = [vocabulary.acquisitions[0]] * n
        self.entries = self.exits = [vocabulary.pages[0]] * n
        self.paths = [[] for _ in sessions]

    def list_events(self, position: int) -> list[Event]:
        """Return all events of the session at *position*, oldest first."""
        page = self.entries[position]
        return [
            Event(event.at, "custom_event", page, event.name, event.properties, "")
            for event in self._sessions[position].events
        ]
