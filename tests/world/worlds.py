"""Hypothesis strategies for worlds, instants, tracked events and queries."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from msgspec import Struct

from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Condition, Operator, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldSpec, spec
from mockserver.world.model.vocabulary import Agent, Place, load
from mockserver.world.world import Site, World, build, with_events

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_YEARS: Final = 75 * 365 * DAY
GRAINS: Final = (1, 1000, MINUTE, HOUR)
ACTORS: Final = ("ann", "ben", "زوي")

few = settings(max_examples=max(settings().max_examples // 2, 1))
"""Settings for tests with slow examples."""
seeds = st.integers(0, 2**63 - 1)
starts = st.integers(0, 4_000_000_000_000) | st.just(1_788_220_800_000)
vocabularies = st.sampled_from(["default", "awkward"])
_common: Final[dict[str, st.SearchStrategy[Any]]] = {
    "seed": seeds,
    "start": starts,
    "vocabulary": vocabularies,
    "sites": st.integers(1, 3),
    "bots_percent": st.sampled_from([0, 5, 30, 100]),
    "unknown_places_percent": st.sampled_from([0, 2, 100]),
    "unknown_agents_percent": st.sampled_from([0, 1, 100]),
    "late_logins_percent": st.sampled_from([0, 30, 100]),
    "quiet_days": st.just(()) | st.lists(st.integers(0, 6), unique=True).map(tuple),
    "grain": st.sampled_from(GRAINS),
}


def _exact(fields: dict[str, Any]) -> WorldSpec:
    span = fields.pop("span")
    return spec(**fields, end=min(fields["start"] + span, 4_102_444_800_000))


def exact(sizes: st.SearchStrategy[int], spans: st.SearchStrategy[int]) -> st.SearchStrategy[WorldSpec]:
    """Return specs of worlds with a size and an end."""
    return st.fixed_dictionaries({**_common, "sessions": sizes, "span": spans}).map(_exact)


def flowing(rates: st.SearchStrategy[int]) -> st.SearchStrategy[WorldSpec]:
    """Return specs of worlds with a number of sessions per day."""
    return st.fixed_dictionaries({**_common, "sessions_per_day": rates}).map(lambda fields: spec(**fields))


small = exact(
    st.sampled_from([0, 1, 2, 7, 100]) | st.integers(0, 300),
    st.sampled_from([1, HOUR, DAY, 31 * DAY]) | st.integers(1, 60 * DAY),
) | flowing(st.integers(1, 30))
"""Specs of worlds that are small enough to compute every session."""
vast = exact(
    st.sampled_from([10**9, 10**12]) | st.integers(10**9, 10**12),
    st.sampled_from([HOUR, DAY, 31 * DAY, 3650 * DAY]) | st.integers(HOUR, 400 * DAY),
) | flowing(st.just(10**9) | st.integers(10**6, 10**9))
"""Specs of worlds that are too large for loops over their sessions."""


@dataclass(frozen=True)
class Case:
    """A site of a random world at an instant, with tracked events."""

    spec: WorldSpec
    now: int
    events: tuple[TrackedEvent, ...]
    number: int

    @cached_property
    def world(self) -> World:
        """Return the world of the site."""
        built = build(self.spec)
        return with_events(built, self.number, self.events) if self.events else built

    @cached_property
    def site(self) -> Site:
        """Return the site with its tracked events."""
        return self.world.sites[self.number]


def _is_vast(spec: WorldSpec) -> bool:
    return max(spec.sessions or 0, spec.sessions_per_day or 0) >= 10**6


def instants(spec: WorldSpec) -> st.SearchStrategy[int]:
    """Return instants in and around the time range of a world; its end is the most likely."""
    end = spec.end if spec.end is not None else spec.start + (_YEARS if _is_vast(spec) else 9 * DAY)
    return st.just(end) | st.integers(spec.start, end) | st.integers(spec.start - DAY, end + DAY)


def tracked_events(around: int) -> st.SearchStrategy[tuple[TrackedEvent, ...]]:
    """Return events of a few actors within some hours of an instant, in order of arrival."""
    event = st.builds(
        TrackedEvent,
        at=st.integers(-3 * HOUR, 3 * HOUR).map(lambda offset: around + offset)
        | st.sampled_from([around, around + 30 * MINUTE]),
        name=st.sampled_from(["signup_click", "purchase", "click"]),
        properties=st.sampled_from([{}, {"value": 1}]),
        user_id=st.sampled_from([*ACTORS, None]),
        anonymous_id=st.sampled_from(["c", "d"]),
    )
    return st.just(()) | st.lists(event, max_size=12).map(tuple)


@st.composite
def cases(draw: st.DrawFn, specs: st.SearchStrategy[WorldSpec] = small, *, tracked: bool = True) -> Case:
    """Draw a site of a world at an instant."""
    world_spec = draw(specs)
    now = draw(instants(world_spec))
    events = draw(tracked_events(draw(st.just(now) | instants(world_spec)))) if tracked else ()
    return Case(world_spec, now, events, draw(st.integers(0, world_spec.sites - 1)))


def latitude(place: Place) -> float:
    """Return the latitude of a place."""
    return place.latitude


def width(agent: Agent) -> int:
    """Return the screen width of an agent in pixels."""
    return agent.screen_width


FIELDS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    **FILTERS,
    "latitude": ("place", latitude),
    "width": ("agent", width),
}
"""Fields of conditions: the filters of segments, and numbers."""
FIELD_VALUES: Final[dict[str, Callable[[SessionBatch, int], list[Any]]]] = {
    "country": lambda sessions, position: [sessions.places[position].country],
    "region": lambda sessions, position: [sessions.places[position].region],
    "city": lambda sessions, position: [sessions.places[position].city],
    "latitude": lambda sessions, position: [sessions.places[position].latitude],
    "language": lambda sessions, position: [sessions.languages[position]],
    "device": lambda sessions, position: [sessions.agents[position].device],
    "os": lambda sessions, position: [sessions.agents[position].os],
    "browser": lambda sessions, position: [sessions.agents[position].browser],
    "width": lambda sessions, position: [sessions.agents[position].screen_width],
    "channel": lambda sessions, position: [sessions.acquisitions[position].channel],
    "referrer": lambda sessions, position: [sessions.acquisitions[position].referrer],
    "utm_source": lambda sessions, position: [sessions.acquisitions[position].utm_source],
    "utm_medium": lambda sessions, position: [sessions.acquisitions[position].utm_medium],
    "utm_campaign": lambda sessions, position: [sessions.acquisitions[position].utm_campaign],
    "hostname": lambda sessions, position: [sessions.hostnames[position]],
    "entry_page": lambda sessions, position: [sessions.entries[position].path],
    "exit_page": lambda sessions, position: [sessions.exits[position].path],
    "page": lambda sessions, position: [page.path for page in sessions.paths[position]],
    "event": lambda sessions, position: [
        event.name for event in sessions.list_events(position) if event.kind != "pageview"
    ],
    "identified": lambda sessions, position: [sessions.user_ids[position] is not None],
    "bounce": lambda sessions, position: [sessions.bounces[position]],
}
"""The values of a session in each field, from its columns; there is no column for returning visitors."""
DIMENSION_VALUES: Final[dict[str, Callable[[SessionBatch, int], Any]]] = {
    "place": lambda sessions, position: sessions.places[position],
    "agent": lambda sessions, position: sessions.agents[position],
    "acquisition": lambda sessions, position: sessions.acquisitions[position],
    "language": lambda sessions, position: sessions.languages[position],
    "hostname": lambda sessions, position: sessions.hostnames[position],
    "entry": lambda sessions, position: sessions.entries[position],
    "exit": lambda sessions, position: sessions.exits[position],
    "identified": lambda sessions, position: sessions.user_ids[position] is not None,
    "bounce": lambda sessions, position: sessions.bounces[position],
    "pageviews": lambda sessions, position: sessions.pageviews[position],
    "custom_events": lambda sessions, position: sessions.custom_events[position],
    "errors": lambda sessions, position: sessions.errors[position],
    "duration": lambda sessions, position: sessions.duration[position],
}
"""The entry of a session in each dimension by which sessions can be grouped."""


class ConditionCase(Struct, frozen=True):
    """A condition on a field."""

    field: str
    operator: Operator
    values: tuple[Any, ...]
    negate: bool

    @property
    def condition(self) -> Condition:
        """Return the condition for the world."""
        dimension, read = FIELDS[self.field]
        return Condition(dimension, read, self.operator, self.values, self.negate)


def _values(field: str, case: Case) -> st.SearchStrategy[Any]:
    vocabulary = load(case.spec.vocabulary)
    entries = {
        "place": vocabulary.places,
        "agent": vocabulary.agents,
        "acquisition": vocabulary.acquisitions,
        "entry": vocabulary.pages,
        "exit": vocabulary.pages,
        "page": vocabulary.pages,
        "action": vocabulary.actions,
        "language": ("en-US", "", *(place.language for place in vocabulary.places)),
        "hostname": (*case.site.hostnames, "", "elsewhere.example"),
    }
    dimension, read = FIELDS[field]
    return st.sampled_from([read(entry) for entry in entries.get(dimension, (False, True))])


@st.composite
def conditions(draw: st.DrawFn, case: Case) -> ConditionCase:
    """Draw a condition that some sessions of a case may meet."""
    field = draw(st.sampled_from(sorted(FIELD_VALUES)))
    values = draw(st.lists(_values(field, case), min_size=1, max_size=3))
    operators: list[Operator] = (
        ["equals", "greater", "less", "near"]
        if field in {"latitude", "width"}
        else ["equals", "contains", "regex"]
    )
    operator = draw(st.sampled_from(operators))
    if operator == "regex":
        values = [draw(st.sampled_from(["a", "^/", "e$", "^$", "[0-9]", "(?i)S.*t"]))]
    return ConditionCase(field, operator, tuple(values), draw(st.booleans()))


class QueryCase(NamedTuple):
    """A query whose conditions name their fields."""

    start: int | None
    stop: int | None
    where: tuple[ConditionCase, ...]
    actors: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()
    bots: bool = False

    @property
    def query(self) -> Query:
        """Return the query for the world."""
        return Query(
            self.start,
            self.stop,
            tuple(case.condition for case in self.where),
            self.actors,
            self.others,
            self.bots,
        )


@st.composite
def query_cases(draw: st.DrawFn, case: Case, actors: tuple[str, ...] = ()) -> QueryCase:
    """Draw a query on the site of a case; it may select some of the actors."""
    window = [draw(st.none() | instants(case.spec)) for _ in range(2)]
    where = tuple(draw(st.lists(conditions(case), max_size=3)))
    some = st.lists(st.sampled_from(actors), max_size=3).map(tuple) if actors else st.just(())
    only = draw(st.lists(some, max_size=2).map(tuple)) if actors else ()
    return QueryCase(window[0], window[1], where, only, draw(some), draw(st.booleans()))
