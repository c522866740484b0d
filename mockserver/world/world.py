"""A world: sites full of sessions, as a value. Nothing in it knows a clock: whoever asks says when it is now."""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from msgspec import json

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.deletions import NO_DELETIONS
from mockserver.world.generator.locales import localized_vocabulary
from mockserver.world.generator.population import Population
from mockserver.world.generator.query_result import GeneratedSource, QueryResult, Source, TrackedSource
from mockserver.world.generator.timeline import Timeline, exact_timeline, flowing_timeline
from mockserver.world.generator.tracked import Identity, TrackedData, TrackedEvent, TrackedSession, TrackedSessions
from mockserver.world.model.hashing import key
from mockserver.world.model.query import Query
from mockserver.world.model.segments import Segment, build_segments
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldError, WorldSpec
from mockserver.world.model.vocabulary import Vocabulary, load

_PEOPLE, _BOTS = 0, 1


class Site:
    """One measured site: its hosts, its people, its bots, what was sent to it, and what was deleted of all that."""

    def __init__(self, spec: WorldSpec, vocabulary: Vocabulary, number: int, overlay: TrackedData) -> None:
        self._spec, self._vocabulary, self.number, self.tracked_data = spec, vocabulary, number, overlay
        self.deleted = NO_DELETIONS
        self.key = key(spec.seed, "site", number)
        turn, nth = divmod(number, len(vocabulary.site_names))  # No two sites share a domain.
        name = vocabulary.site_names[(key(spec.seed, "site", 0) + nth) % len(vocabulary.site_names)]
        self.domain = f"{name}.example" if not turn else f"s{turn}.{name}.example"
        self.hostnames = (f"www.{self.domain}", f"app.{self.domain}")

    def _timeline(self, kind: int) -> Timeline:
        spec, start_key = self._spec, key(self.key, "start", kind)
        size = (spec.sessions_per_day if spec.sessions is None else spec.sessions) or 0
        if kind == _BOTS:
            size = size * spec.bots_percent // 100
        if spec.end is None:
            return flowing_timeline(start_key, size, spec.start, quiet_days=spec.quiet_days, grain=spec.grain)
        return exact_timeline(start_key, size, (spec.start, spec.end), quiet_days=spec.quiet_days, grain=spec.grain)

    def _population(self, kind: int) -> Population:
        return Population(self.key, kind, self._vocabulary, self.hostnames, self._timeline(kind))

    @cached_property
    def people(self) -> Population:
        """Whose sessions the totals count."""
        return self._population(_PEOPLE)

    @cached_property
    def bots(self) -> Population:
        """Whose sessions are shown where a query wants them."""
        return self._population(_BOTS)

    def replace(self, **parts: Any) -> "Site":
        """The same site with another ``overlay``, or with other sessions ``deleted``; everything made so far is shared."""
        site = object.__new__(Site)
        site.__dict__.update(self.__dict__, **parts)
        return site

    def find(self, query: Query, now: int) -> QueryResult:
        """Find the sessions that a query asks for, of those that have started by an instant (Unix milliseconds)."""
        stop = now + 1 if query.stop is None else min(query.stop, now + 1)
        populations = (self.people, self.bots) if query.bots else (self.people,)
        sources: list[Source] = [self._dealt(population, query, stop, now) for population in populations]
        if self.tracked_data.count:
            sources.append(self._tracked(query, stop, now))
        return QueryResult(sources)

    def _dealt(self, population: Population, query: Query, stop: int, now: int) -> GeneratedSource:
        last = population.timeline.count_before(stop)
        first = 0 if query.start is None else min(population.timeline.count_before(query.start), last)
        selection = self.deleted.select(population, query, now)
        return GeneratedSource(population, selection, (first, last), now, self.tracked_data.identities)

    def _tracked(self, query: Query, stop: int, now: int) -> TrackedSource:
        found = [
            session
            for session in self.tracked_sessions(now)
            if (query.start is None or session.start >= query.start)
            and session.start < stop
            and all(session.is_of(alternatives, self.key) for alternatives in query.actors)
            and not session.is_of(query.others, self.key)
            and session.meets(query.where, self._vocabulary)
            and query.session in (None, session.number(self.key))
        ]
        return TrackedSource(found, self.key, self.tracked_data, self._vocabulary)

    def tracked_sessions(self, now: int) -> list[TrackedSession]:
        """The sessions of what was sent over HTTP as they stand at an instant, by start."""
        sessions = self.tracked_data.sessions(now)
        return [each for each in sessions if each.number(self.key) not in self.deleted.numbers] if self.deleted else sessions

    def session(self, number: int, now: int) -> SessionBatch | None:
        """Return the session with a number as a batch of one, or ``None`` where there is none by an instant."""
        return None if number in self.deleted.numbers else self.session_before_deletion(number, now)

    def session_before_deletion(self, number: int, now: int) -> SessionBatch | None:
        """:meth:`session` that finds what was deleted too: whoever asks what follows a session may ask for one that is gone."""
        for population in (self.people, self.bots):
            index = population.session_index(number, now)
            if index is not None:
                return GeneratedSessions(population, np.array([index], dtype=np.int64), now, self.tracked_data.identities)
        for session in self.tracked_data.sessions(now):
            if session.number(self.key) == number:
                return TrackedSessions(self.key, [session], 0, self.tracked_data, self._vocabulary)
        return None


class World:
    """All sites of one spec."""

    def __init__(self, spec: WorldSpec, sites: tuple[Site, ...], segments: Mapping[str, Segment]) -> None:
        self.spec, self.sites, self.segments = spec, sites, segments

    def replace(self, site: int, **parts: Any) -> "World":
        """The same world but for some parts of a site, as :meth:`Site.changed` takes them."""
        sites = list(self.sites)
        sites[site] = sites[site].replace(**parts)
        return World(self.spec, tuple(sites), self.segments)


@lru_cache(maxsize=16)
def _built(spec_json: bytes) -> World:
    spec = json.decode(spec_json, type=WorldSpec)
    words = _vocabulary(spec)
    sites = tuple(Site(spec, words, number, TrackedData()) for number in range(spec.sites))
    return World(spec, sites, build_segments(spec.segments))


def build(spec: WorldSpec) -> World:
    """Build the world of a spec, or raise :class:`WorldError` where its vocabulary, locales or segments cannot be had.

    Equal specs share what was already worked out: worlds are values.
    """
    return _built(json.encode(spec))


def _vocabulary(spec: WorldSpec) -> Vocabulary:
    if spec.locales:
        try:
            return localized_vocabulary(spec.locales)
        except ImportError:
            raise WorldError("world spec: `locales` need Faker, which is not installed: pip install 'session-mock[locales]'") from None
        except AttributeError:
            raise WorldError(f"world spec: `locales` {list(spec.locales)} are not all locales of Faker, such as de_DE or ja_JP") from None
    try:
        return load(spec.vocabulary)
    except FileNotFoundError:
        raise WorldError(f"world spec: there is no vocabulary {spec.vocabulary!r}; those that ship are 'default' and 'awkward'") from None


def with_events(world: World, site: int, events: Iterable[TrackedEvent]) -> World:
    """Return the world in which further events have been sent to a site."""
    return world.replace(site, overlay=world.sites[site].tracked_data.with_events(events))


def with_identity(world: World, site: int, identity: Identity) -> World:
    """Return the world in which further traits of a visitor have been sent to a site."""
    return world.replace(site, overlay=world.sites[site].tracked_data.with_identity(identity))


def without_sessions(world: World, site: int, numbers: Iterable[int]) -> World:
    """Return the world in which the sessions with some numbers have been deleted from a site."""
    return world.replace(site, deleted=world.sites[site].deleted.union(numbers))
