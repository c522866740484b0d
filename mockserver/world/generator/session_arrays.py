"""Sessions of the seeded world in arrays, from which their columns are made."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes.events import find_exits
from mockserver.world.generator.population import Population
from mockserver.world.model.hashing import I64, U64
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Vocabulary

# Bits of the visitor number that select a visitor's names and address.
_NAME_SHIFTS: Final = np.array([[0], [16], [32]], dtype=np.uint64)
_TAKEN_ALONG: Final = frozenset({"starts", "row", "final_ends", "visitor_numbers"})
"""Arrays that :meth:`SessionArrays.take` slices instead of computing them again."""
Identities = Mapping[str, Mapping[str, Any]]
"""Traits sent by identify calls, by user id."""


class SessionArrays(SessionBatch):
    """Sessions as of an instant: a session that still runs has only its events until then."""

    def __init__(self, population: Population, index: I64, now: int, identities: Identities) -> None:
        self.population = population
        self.archetypes = population.archetypes
        self.identities = identities
        self.kind = population.kind
        self.indices = index
        self.now = now

    def __len__(self) -> int:
        return len(self.indices)

    # Arrays from which the columns are made.

    @cached_property
    def starts(self) -> I64:
        """Unix milliseconds of the first event."""
        return self.population.timeline.starts(self.indices)

    @cached_property
    def row(self) -> I64:
        """The archetype of each session, as a row of the archetype table."""
        return self.population.schedule.archetype_of(self.indices)

    @cached_property
    def final_ends(self) -> I64:
        """Unix milliseconds of the last event that each session will ever have."""
        return np.asarray(self.starts + self.archetypes.duration[self.row])

    @cached_property
    def running(self) -> NDArray[np.bool_]:
        """True for sessions with events after the instant."""
        return self.final_ends > self.now

    @cached_property
    def any_running(self) -> bool:
        """True if at least one session has events after the instant."""
        return bool(self.running.any())

    @cached_property
    def _running_part(self) -> tuple[I64, Self]:
        """The positions of the running sessions, and these sessions."""
        positions = np.flatnonzero(self.running)
        sessions = self.take(positions)
        final = self.archetypes.length[sessions.row]
        offset = sessions._gather(self.archetypes.offset, final)  # noqa: SLF001 -- of the same class
        exists = np.arange(offset.shape[1]) < final[:, None]
        happened = offset <= (self.now - sessions.starts)[:, None]
        sessions.length = (exists & happened).sum(axis=1)
        return positions, sessions

    def _per_session(
        self, of_archetypes: NDArray[Any], of_running: Callable[[Self], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return a value per session: that of its archetype, except for the few sessions that still run."""
        values = of_archetypes[self.row]
        if self.any_running:
            positions, sessions = self._running_part
            values[positions] = of_running(sessions)
        return values

    @cached_property
    def length(self) -> I64:
        """Number of events so far."""
        return self._per_session(self.archetypes.length, lambda running: running.length)

    @cached_property
    def ends(self) -> I64:
        """Unix milliseconds of the last event so far."""
        if not self.any_running:
            return self.final_ends
        positions, sessions = self._running_part
        last = self.archetypes.begin[sessions.row] + sessions.length - 1
        ends = self.final_ends.copy()
        ends[positions] = sessions.starts + self.archetypes.offset[last]
        return ends

    @cached_property
    def numbers(self) -> U64:
        """56-bit session numbers."""
        return self.population.session_numbers(self.indices)

    @cached_property
    def visitor_numbers(self) -> U64:
        """48-bit visitor numbers."""
        return self.population.schedule.visitor_of(self.indices, self.row)

    @cached_property
    def is_identified(self) -> NDArray[np.bool_]:
        """True for sessions of identified visitors."""
        return np.asarray(self.archetypes.identified[self.row])

    @cached_property
    def name_indices(self) -> I64:
        """Positions of given name, family name and mail domain in the vocabulary, shape (3, sessions).

        Anonymous visitors have some too.
        """
        return ((self.visitor_numbers >> _NAME_SHIFTS) % _name_list_sizes(self.archetypes.vocabulary)).view(
            np.int64
        )

    # Events: one row per session, padded with events that do not belong to the session.

    @cached_property
    def event_mask(self) -> NDArray[np.bool_]:
        """True for events that belong to the session, shape (sessions, longest session)."""
        return np.arange(int(self.length.max(initial=1))) < self.length[:, None]

    def event_values(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values of the sessions' events, shape as :attr:`event_mask`.

        *values* has one per event of the archetype table.
        """
        return self._gather(values, self.length)

    def _gather(self, values: NDArray[Any], length: I64) -> NDArray[Any]:
        events = self.archetypes.begin[self.row][:, None] + np.arange(int(length.max(initial=1)))
        return values.take(events, mode="clip")

    @cached_property
    def actions(self) -> NDArray[Any]:
        """Positions of the events in the vocabulary's actions, one past the last for a pageview.

        Shape as :attr:`event_mask`.
        """
        return self.event_values(self.archetypes.action)

    @cached_property
    def exit_events(self) -> I64:
        """The last event of each session that is a pageview, as a position in the archetype table."""
        return self._per_session(
            self.archetypes.events.exits,
            lambda running: find_exits(self.archetypes.events, running.row, running.length),
        )

    # Subsets.

    def take(self, positions: I64) -> Self:
        """Return the sessions at ascending *positions*, sharing what most columns are made of."""
        taken = type(self)(self.population, self.indices[positions], self.now, self.identities)
        for name in _TAKEN_ALONG & vars(self).keys():
            setattr(taken, name, vars(self)[name][positions])
        return taken


@IdentityCache
def _name_list_sizes(vocabulary: Vocabulary) -> U64:
    """Return the numbers of given names, family names and mail domains, shape (3, 1)."""
    return np.array(
        [[len(vocabulary.given_names)], [len(vocabulary.family_names)], [len(vocabulary.mail_domains)]],
        dtype=np.uint64,
    )
