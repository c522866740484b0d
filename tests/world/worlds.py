"""Random worlds, instants in them, what was sent to them, and questions to them."""

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
"""For tests whose examples take long."""
seeds = st.integers(0, 2**63 - 1)
starts = st.integers(0, 4_000_000_000_000) | st.just(1_788_220_800_000)
vocabularies = st.sampled_from(["default", "awkward"])
_common: Final[dict[str, st.SearchStrategy[Any]]] = {
    "seed": seeds,
    "start": starts,
    "vocabulary": vocabularies,
    "sites": st.integers(1, 3),
    "bots_percent": st.sampled_from([0, 5, 30, 100]),
    "quiet_days": st.just(()) | st.lists(st.integers(0, 6), unique=True).map(tuple),
    "grain": st.sampled_from(GRAINS),
}


def _exact(fields: dict[str, Any]) -> WorldSpec:
    span = fields.pop("span")
    return spec(**fields, end=min(fields["start"] + span, 4_102_444_800_000))


def exact(sizes: st.SearchStrategy[int], spans: st.SearchStrategy[int]) -> st.SearchStrategy[WorldSpec]:
    """Specs of worlds with a size and an end."""
    return st.fixed_dictionaries({**_common, "sessions": sizes, "span": spans}).map(_exact)


def flowing(rates: st.SearchStrategy[int]) -> st.SearchStrategy[WorldSpec]:
    """Specs of worlds with so many sessions on a day."""
    return st.fixed_dictionaries({**_common, "sessions_per_day": rates}).map(lambda fields: spec(**fields))


small = exact(
    st.sampled_from([0, 1, 2, 7, 100]) | st.integers(0, 300),
    st.sampled_from([1, HOUR, DAY, 31 * DAY]) | st.integers(1, 60 * DAY),
) | flowing(st.integers(1, 30))
"""Worlds so small that every session can be looked at."""
vast = exact(
    st.sampled_from([10**9, 10**12]) | st.integers(10**9, 10**12),
    st.sampled_from([HOUR, DAY, 31 * DAY, 3650 * DAY]) | st.integers(HOUR, 400 * DAY),
) | flowing(st.just(10**9) | st.integers(10**6, 10**9))
"""Worlds so large that nothing may be walked through."""


@dataclass(frozen=True)
class Case:
    """A site of a random world as it stands at an instant, after some events were sent to it."""

    spec: WorldSpec
    now: int
    events: tuple[TrackedEvent, ...]
    number: int

    @cached_property
    def world(self) -> World:
        """The world the site is in."""
        built = build(self.spec)
        return with_events(built, self.number, self.events) if self.events else built

    @cached_property
    def site(self) -> Site:
        """The site."""
        return self.world.sites[self.number]


def _is_vast(spec: WorldSpec) -> bool:
    return max(spec.sessions or 0, spec.sessions_per_day or 0) >= 10**6


def instants(spec: WorldSpec) -> st.SearchStrategy[int]:
    """Instants in and around the span of a world, its end the likeliest."""
    end = spec.end if spec.end is not None else spec.start + (_YEARS if _is_vast(spec) else 9 * DAY)
    return st.just(end) | st.integers(spec.start, end) | st.integers(spec.start - DAY, end + DAY)


def tracked_events(around: int) -> st.SearchStrategy[tuple[TrackedEvent, ...]]:
    """Events that a few actors sent within some hours of an instant, in the order of their arrival."""
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
    """A site of one of these worlds at an instant."""
    chosen = draw(specs)
    now = draw(instants(chosen))
    events = draw(tracked_events(draw(st.just(now) | instants(chosen)))) if tracked else ()
    return Case(chosen, now, events, draw(st.integers(0, chosen.sites - 1)))


def latitude(place: Place) -> float:
    """How far north a place lies."""
    return place.latitude


def width(agent: Agent) -> int:
    """How many pixels an agent's screen is wide."""
    return agent.screen_width


WORDS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    **FILTERS,
    "latitude": ("place", latitude),
    "width": ("agent", width),
}
"""What conditions are about: the filters of segments, and numbers."""
HELD: Final[dict[str, Callable[[SessionBatch, int], list[Any]]]] = {
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
"""What a session has of each word, read in its columns; whether it is returning no column tells."""
GROUPED: Final[dict[str, Callable[[SessionBatch, int], Any]]] = {
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
"""The entry that a session has in each dimension that can be grouped by."""


class FilterConditions(Struct, frozen=True):
    """A condition in words."""

    word: str
    operator: Operator
    values: tuple[Any, ...]
    negate: bool

    @property
    def condition(self) -> Condition:
        """The condition as the world takes it."""
        dimension, read = WORDS[self.word]
        return Condition(dimension, read, self.operator, self.values, self.negate)


def _values(word: str, case: Case) -> st.SearchStrategy[Any]:
    words = load(case.spec.vocabulary)
    of = {
        "place": words.places,
        "agent": words.agents,
        "acquisition": words.acquisitions,
        "entry": words.pages,
        "exit": words.pages,
        "page": words.pages,
        "action": words.actions,
        "language": ("en-US", "", *(place.language for place in words.places)),
        "hostname": (*case.site.hostnames, "", "elsewhere.example"),
    }
    dimension, read = WORDS[word]
    return st.sampled_from([read(entry) for entry in of.get(dimension, (False, True))])


@st.composite
def wanted(draw: st.DrawFn, case: Case) -> FilterConditions:
    """A condition on a word that some sessions of a case may meet."""
    word = draw(st.sampled_from(sorted(HELD)))
    values = draw(st.lists(_values(word, case), min_size=1, max_size=3))
    operators: list[Operator] = (
        ["equals", "greater", "less", "near"]
        if word in {"latitude", "width"}
        else ["equals", "contains", "regex"]
    )
    operator = draw(st.sampled_from(operators))
    if operator == "regex":
        values = [draw(st.sampled_from(["a", "^/", "e$", "^$", "[0-9]", "(?i)S.*t"]))]
    return FilterConditions(word, operator, tuple(values), draw(st.booleans()))


class Asked(NamedTuple):
    """A question in words."""

    start: int | None
    stop: int | None
    where: tuple[FilterConditions, ...]
    actors: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()
    bots: bool = False

    @property
    def query(self) -> Query:
        """The question as the world takes it."""
        return Query(
            self.start,
            self.stop,
            tuple(wanted.condition for wanted in self.where),
            self.actors,
            self.others,
            self.bots,
        )


@st.composite
def asked(draw: st.DrawFn, case: Case, actors: tuple[str, ...] = ()) -> Asked:
    """A question to the site of a case, now and then about some of these actors."""
    window = [draw(st.none() | instants(case.spec)) for _ in range(2)]
    where = tuple(draw(st.lists(wanted(case), max_size=3)))
    some = st.lists(st.sampled_from(actors), max_size=3).map(tuple) if actors else st.just(())
    only = draw(st.lists(some, max_size=2).map(tuple)) if actors else ()
    return Asked(window[0], window[1], where, only, draw(some), draw(st.booleans()))
