"""Worlds: immutable sites of sessions. They know no clock; queries take the current instant."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import json
from msgspec.structs import replace

from mockserver._util.caching import cached_property
from mockserver.world.generator.added import NewSession, make_events
from mockserver.world.generator.archetypes.table import Shares, SiteInputs
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.deletions import NO_DELETIONS, Deletions
from mockserver.world.generator.imported.batch import ImportedSessions
from mockserver.world.generator.imported.data import ImportedData
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.imported.source import ImportedSource
from mockserver.world.generator.layout import Rhythm
from mockserver.world.generator.population import Population, parse_visitor_number
from mockserver.world.generator.query_result import (
    FAR,
    GeneratedSource,
    QueryResult,
    Source,
    TrackedSource,
)
from mockserver.world.generator.schedule import SESSION_TIMEOUT
from mockserver.world.generator.timeline import Timeline, exact_timeline, flowing_timeline
from mockserver.world.generator.tracked import (
    Attributes,
    Identity,
    SeededVisitor,
    TrackedData,
    TrackedEvent,
    TrackedSession,
    TrackedSessions,
    unknown_attributes,
)
from mockserver.world.model.hashing import key
from mockserver.world.model.locales import load_vocabulary
from mockserver.world.model.query import Query
from mockserver.world.model.segments import Segment, build_segments
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldError, WorldSpec, format_instant
from mockserver.world.model.vocabulary import Vocabulary

_PEOPLE = 0
_BOTS = 1
# None has summer time, so its days begin at the same hour of UTC. None is an hour from UTC, where an hour
# would be both the first of a day and the last of a day of UTC.
_ZONES = (
    ("America/Phoenix", -7),
    ("America/Bogota", -5),
    ("America/Sao_Paulo", -3),
    ("Africa/Johannesburg", 2),
    ("Africa/Nairobi", 3),
    ("Asia/Dubai", 4),
    ("Asia/Bangkok", 7),
    ("Asia/Tokyo", 9),
)


class Site:
    """A measured site: its hosts, people, bots, tracked data and deleted sessions."""

    def __init__(self, spec: WorldSpec, vocabulary: Vocabulary, number: int) -> None:
        self._spec = spec
        self.vocabulary = vocabulary
        self.number = number
        self.tracked_data = TrackedData()
        self.deletions = NO_DELETIONS
        self.imported: ImportedData | None = None
        self._hidden = NO_DELETIONS
        """The deletions, and the generated sessions whose events are in the tracked data."""
        self._only: int | None = None
        self.key = key(spec.seed, "site", number)
        cycle, position = divmod(number, len(vocabulary.site_names))  # No two sites share a domain.
        first = 0 if spec.names.sites else key(spec.seed, "site", 0)
        name = vocabulary.site_names[(first + position) % len(vocabulary.site_names)]
        self.domain = f"{name}.example" if not cycle else f"s{cycle}.{name}.example"
        self.hostnames = (f"www.{self.domain}", f"app.{self.domain}")
        self.time_zone, self.utc_offset = _ZONES[(key(spec.seed, "zone") + number) % len(_ZONES)]

    def _timeline(self, kind: int) -> Timeline:
        spec = self._spec
        start_key = key(self.key, "start", kind)
        size = (spec.sessions_per_day if spec.sessions is None else spec.sessions) or 0
        if kind == _BOTS:
            size = size * spec.bots_percent // 100
        rhythm = Rhythm(quiet_days=spec.quiet_days, even=kind == _BOTS, utc_offset=self.utc_offset)
        if spec.end is None:
            return flowing_timeline(start_key, size, spec.start, rhythm, grain=spec.grain)
        return exact_timeline(start_key, size, (spec.start, spec.end), rhythm, grain=spec.grain)

    def _population(self, kind: int) -> Population:
        shares = Shares(
            unknown_places=self._spec.unknown_places_percent,
            unknown_agents=self._spec.unknown_agents_percent,
            late_logins=self._spec.late_logins_percent,
        )
        inputs = SiteInputs(self.vocabulary, self.hostnames, shares)
        return Population(self.key, kind, inputs, self._timeline(kind))

    @cached_property
    def people(self) -> Population:
        """The people, whose sessions count in totals."""
        return self._population(_PEOPLE)

    @cached_property
    def bots(self) -> Population:
        """The bots, whose sessions are found only by queries with ``bots``."""
        return self._population(_BOTS)

    def replace(
        self,
        *,
        tracked_data: TrackedData | None = None,
        deletions: Deletions | None = None,
        imported: ImportedData | None = None,
    ) -> "Site":
        """Return the site with other tracked data, deletions or imported sessions.

        Everything computed so far is shared.
        """
        site = object.__new__(Site)
        site.__dict__.update(self.__dict__)
        site.tracked_data = self.tracked_data if tracked_data is None else tracked_data
        site.deletions = self.deletions if deletions is None else deletions
        site.imported = self.imported if imported is None else imported
        joined = site.tracked_data.joined
        if site.deletions is not self.deletions or joined is not self.tracked_data.joined:
            site._hidden = site.deletions.union(joined)
        return site

    def track(self, events: Iterable[TrackedEvent]) -> "Site":
        """Return the site with further tracked events.

        An event at most 30 minutes from a generated session of the same user joins it.
        """
        events = list(map(self.tracked_data.assign, events))
        data = self.tracked_data.with_events(events, self.find_seeded)
        for event in events:
            visitor = data.seeded.get(event.user_id or "")
            for start, end, number in visitor.sessions if visitor else ():
                is_near = start - SESSION_TIMEOUT <= event.at <= end + SESSION_TIMEOUT
                if is_near and number not in self.deletions.numbers | data.joined:
                    data = data.with_generated(number, self._copy_events(number, event.user_id))
        return self.replace(tracked_data=data)

    def _copy_events(self, number: int, user: str | None) -> list[TrackedEvent]:
        """Return the events of a generated session of people as tracked events of its user."""
        sessions = GeneratedSessions(self.people, np.array([self.people.index_of(number)]), FAR, {})
        attributes = Attributes(
            sessions.places[0],
            sessions.agents[0],
            sessions.acquisitions[0],
            sessions.languages[0],
            sessions.hostnames[0],
        )
        return [
            TrackedEvent(
                event.at,
                event.name,
                event.properties,
                user_id=user,
                page=event.page,
                attributes=attributes,
                kind=event.kind,
                session=number,
            )
            for event in sessions.list_events(0)
        ]

    def with_only(self, number: int) -> "Site":
        """Return the site with no session but one: queries show what that session adds to their results."""
        site = self.replace()
        site._only = number  # noqa: SLF001 -- of the same class
        return site

    def find(self, query: Query, now: int) -> QueryResult:
        """Return the sessions that match a query and have started by *now* (Unix milliseconds)."""
        if self._only is not None and query.session is None:
            query = replace(query, session=self._only)
        stop = now + 1 if query.stop is None else min(query.stop, now + 1)
        populations = (self.people, self.bots) if query.bots else (self.people,)
        sources: list[Source] = [self._generated(population, query, stop, now) for population in populations]
        if self.tracked_data.count:
            sources.append(self._tracked(query, stop, now))
        if self.imported is not None:
            selection = self.imported.select(query, stop, now, self.deletions.numbers)
            sources.append(ImportedSource(self.imported, selection, self.tracked_data.identities))
        return QueryResult(sources)

    def _generated(self, population: Population, query: Query, stop: int, now: int) -> GeneratedSource:
        last = population.timeline.count_before(stop)
        first = 0 if query.start is None else min(population.timeline.count_before(query.start), last)
        sessions = self._hidden.select(population, query, now)
        return GeneratedSource(population, sessions, (first, last), now, self.tracked_data.identities)

    def _tracked(self, query: Query, stop: int, now: int) -> TrackedSource:
        sessions = {
            index: session
            for index, session in enumerate(self.tracked_data.sessions(now))
            if (query.start is None or session.start >= query.start)
            and session.start < stop
            and all(session.is_of(alternatives, self.key) for alternatives in query.actors)
            and not session.is_of(query.others, self.key)
            and session.meets(query.where, self.vocabulary)
            and query.session in (None, session.number(self.key))
            and not self._is_deleted(session)
        }
        return TrackedSource(sessions, self.key, self.tracked_data, self.vocabulary)

    def tracked_sessions(self, now: int) -> list[TrackedSession]:
        """Return the tracked sessions as of *now*, ascending by start."""
        return [session for session in self.tracked_data.sessions(now) if not self._is_deleted(session)]

    def _is_deleted(self, session: TrackedSession) -> bool:
        return bool(self.deletions) and session.number(self.key) in self.deletions.numbers

    def make_events(self, session: NewSession) -> list[TrackedEvent]:
        """Return the events of a session to add.

        Raises :class:`WorldError` if it contradicts itself or another session of its visitor.
        """
        visitor = self.find_seeded(session.user_id or "")
        events = make_events(session, self.vocabulary, self.hostnames, visitor)
        tracked = self.tracked_data.sessions(FAR)
        spans = [(each.start, each.events[-1].at) for each in tracked if each.actor == events[0].actor]
        generated = [(start, end) for start, end, _ in visitor.sessions] if visitor else []
        for start, end in spans + generated:
            if start <= events[-1].at + SESSION_TIMEOUT and end + SESSION_TIMEOUT >= events[0].at:
                raise WorldError(
                    f"start: visitor {events[0].actor!r} has a session from {format_instant(start)}"
                    f" to {format_instant(end)}; use a time more than 30 minutes away from it",
                    path=("start",),
                )
        return events

    def find_seeded(self, user: str) -> SeededVisitor | None:
        """Return the visitor of generated sessions with a user id, None if there is none."""
        number = parse_visitor_number(user)
        if number is None:
            return None
        index = self.people.sessions_of_actors([f"{number:012x}"], (), FAR)
        sessions = GeneratedSessions(self.people, index, FAR, {})
        if user not in sessions.user_ids:
            return None
        position = sessions.user_ids.index(user)
        unknown = unknown_attributes(self.vocabulary)
        return SeededVisitor(
            number,
            tuple(zip(sessions.start, sessions.end, sessions.ids, strict=True)),
            frozenset(sessions.numbers[self.people.archetypes.returning[sessions.row]].tolist()),
            sessions.traits[position] or {},
            sessions.tags[position],
            replace(
                unknown,
                place=sessions.places[position],
                agent=sessions.agents[position],
                language=sessions.languages[position],
            ),
        )

    def texts(self, dimension: str, text_of: Callable[[Any], str], now: int) -> frozenset[str]:
        """Return *text_of* of all entries that people or tracked sessions can have in a dimension."""
        seeded = self.people.texts(dimension, text_of)
        sent: set[str] = set()
        for session in self.tracked_sessions(now) if self.tracked_data.count else ():
            sent.update(map(text_of, session.entries(dimension, self.vocabulary)))
        if self.imported is not None:
            sent.update(self.imported.texts(dimension, text_of))
        return seeded if sent <= seeded else seeded | sent

    def session(self, number: int, now: int) -> SessionBatch | None:
        """Return a session as a batch of one; None if it is unknown or has not started by *now*."""
        return None if number in self.deletions.numbers else self.session_before_deletion(number, now)

    def session_before_deletion(self, number: int, now: int) -> SessionBatch | None:
        """Return :meth:`session`, deleted or not: keyset pages may continue after a deleted one."""
        # Tracked sessions come first: by chance, a generated one may get the same number later.
        for place, session in enumerate(self.tracked_data.sessions(now)):
            if session.number(self.key) == number:
                return TrackedSessions(self.key, [session], [place], self.tracked_data, self.vocabulary)
        for population in (self.people, self.bots):
            index = population.session_index(number, now)
            if index is not None and number not in self.tracked_data.joined:
                return GeneratedSessions(
                    population, np.array([index], dtype=np.int64), now, self.tracked_data.identities
                )
        position = None if self.imported is None else self.imported.position_of.get(number)
        if self.imported is not None and position is not None and self.imported.ends[position] <= now:
            return ImportedSessions(self.imported, np.array([position]), self.tracked_data.identities)
        return None


class World:
    """All sites of a spec."""

    def __init__(
        self,
        spec: WorldSpec,
        sites: tuple[Site, ...],
        segments: Mapping[str, Segment],
        added: tuple[NewSession, ...] = (),
    ) -> None:
        self.spec = spec
        self.sites = sites
        self.segments = segments
        self.added = added
        """The definitions of the added sessions, in the order in which they were added."""

    def replace_site(self, site: Site) -> "World":
        """Return the world with another version of one of its sites."""
        sites = list(self.sites)
        sites[site.number] = site
        return World(self.spec, tuple(sites), self.segments, self.added)


@lru_cache(maxsize=16)
def _build(spec_json: bytes) -> World:
    spec = json.decode(spec_json, type=WorldSpec)
    vocabulary = load_vocabulary(spec)
    sites = tuple(Site(spec, vocabulary, number) for number in range(spec.sites))
    return World(spec, sites, build_segments(spec.segments))


def build(spec: WorldSpec) -> World:
    """Build the world of a spec.

    Equal specs give the same world. Raises :class:`WorldError` for an unknown vocabulary, locale or segment
    filter.
    """
    return _build(json.encode(spec))


def with_events(world: World, site: int, events: Iterable[TrackedEvent]) -> World:
    return world.replace_site(world.sites[site].track(events))


def with_identity(world: World, site: int, identity: Identity) -> World:
    """Return the world with further traits of a visitor of a site."""
    changed = world.sites[site]
    data = changed.tracked_data.with_identity(identity)
    moved: list[TrackedEvent] = []
    if identity.merges and identity.user_id and identity.anonymous_id:
        data, moved = data.merge(identity.anonymous_id, identity.user_id)
    return world.replace_site(changed.replace(tracked_data=data).track(moved))


def with_session(world: World, session: NewSession) -> tuple[World, TrackedSession]:
    """Return the world with a further session, and the session.

    Raises :class:`WorldError` if the session contradicts itself or another session of its visitor.
    """
    if not 0 <= session.site < len(world.sites):
        raise WorldError(
            f"site: unknown index {session.site}; use 0 to {len(world.sites) - 1}", path=("site",)
        )
    site = world.sites[session.site]
    if session.user_id is None and session.anonymous_id is None:
        session = replace(session, anonymous_id=f"added-{site.tracked_data.count}")
    events = site.make_events(session)
    data = site.tracked_data.with_events(events, site.find_seeded)
    identity = session.identity()
    data = data if identity is None else data.with_identity(identity)
    added = next(each for each in data.sessions(FAR) if events[0] in each.events)
    changed = world.replace_site(site.replace(tracked_data=data))
    changed.added = (*world.added, session)
    return changed, added


def with_imported(world: World, site: int, sessions: Iterable[ImportedSession]) -> World:
    """Return the world with imported sessions on a site, in place of those imported before."""
    changed = world.sites[site]
    imported = ImportedData(changed.key, changed.vocabulary, sessions)
    return world.replace_site(changed.replace(imported=imported)) if imported.sessions else world


def without_sessions(world: World, site: int, numbers: Iterable[int]) -> World:
    changed = world.sites[site]
    return world.replace_site(changed.replace(deletions=changed.deletions.union(numbers)))
