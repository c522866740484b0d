"""Deleted sessions of a site, as an immutable value."""

from collections.abc import Iterable
from functools import lru_cache, reduce
from typing import Final

import numpy as np

from mockserver.world.generator.index_sets import Difference, ExplicitSet, IndexSet
from mockserver.world.generator.population import Population
from mockserver.world.model.hashing import I64
from mockserver.world.model.query import Condition, Query


class Deletions:
    """The numbers of the deleted sessions of a site; unknown numbers have no effect."""

    def __init__(self, numbers: frozenset[int] = frozenset()) -> None:
        self.numbers = numbers
        self._of = lru_cache(maxsize=8)(self._indices)
        self._selected = lru_cache(maxsize=64)(self._without)

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def union(self, numbers: Iterable[int]) -> "Deletions":
        """Return the deletions with further session numbers."""
        return Deletions(self.numbers.union(numbers))

    def _indices(self, population: Population) -> I64:
        """Return the deleted sessions of a population, ascending."""
        indices = map(population.index_of, self.numbers)
        return np.array(sorted(index for index in indices if index is not None), dtype=np.int64)

    def _without(self, population: Population, where: tuple[Condition, ...]) -> IndexSet:
        # The excluded sessions of a difference must be members of the whole set.
        index = population.filter_sessions(self._of(population), where)
        selection = population.select(where)
        return Difference(selection, index) if len(index) else selection

    def select(self, population: Population, query: Query, now: int) -> IndexSet:
        """Return the sessions that match a query, without its time window, and are not deleted."""
        whole = self._select(population, query, now)
        if query.session is None:
            return whole
        index = population.index_of(query.session)
        is_member = index is not None and whole.rank(index) < whole.rank(index + 1)
        return ExplicitSet(np.array([index] if is_member else [], dtype=np.int64))

    def _select(self, population: Population, query: Query, now: int) -> IndexSet:
        where = query.where
        if not query.actors and not query.others:
            return self._selected(population, where) if self.numbers else population.select(where)
        excluded = population.sessions_of_actors(query.others, where, now)
        if query.actors:
            groups = [
                population.sessions_of_actors(alternatives, where, now) for alternatives in query.actors
            ]
            index = np.setdiff1d(reduce(np.intersect1d, groups), excluded)
            return ExplicitSet(np.setdiff1d(index, self._of(population)) if self.numbers else index)
        if self.numbers:
            excluded = np.union1d(excluded, self._selected(population, where).excluded)
        return Difference(population.select(where), excluded)


NO_DELETIONS: Final = Deletions()
