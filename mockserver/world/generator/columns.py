"""Sessions of the seeded world in columns: one function a column, from session indices to values."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes import IDLE_AFTER, ArchetypeTable
from mockserver.world.generator.dimensions import find_exits, place_languages
from mockserver.world.generator.population import Population, mailbox_parts
from mockserver.world.model.hashing import I64, U64, hexadecimal, hexadecimal_words, last_digits
from mockserver.world.model.session_batch import Event, SessionBatch, tags_trait, text_trait
from mockserver.world.model.vocabulary import Page, Vocabulary

NETWORKS: Final = tuple(f"198.{18 + n // 256}.{n % 256}." for n in range(512))  # 198.18.0.0/15 is reserved for benchmarks (RFC 2544).
HOSTS: Final = tuple(str(n) for n in range(256))
_FACES: Final = np.array([[0], [16], [32]], dtype=np.uint64)
_ADDRESSES: Final = np.array([[39], [8]], dtype=np.uint64)
_ADDRESS_SIZES: Final = np.array([[len(NETWORKS) - 1], [len(HOSTS) - 1]], dtype=np.uint64)
_CARRIED: Final = frozenset({"starts", "row", "over", "visitor_numbers"})
"""What is made of all sessions at once, and not again for some of them."""
Identities = Mapping[str, Mapping[str, Any]]
"""What identify calls said, by user id."""
T = TypeVar("T")


class GeneratedSessions(SessionBatch):
    """Sessions as they stand at an instant: one that is still running has only its events until then."""

    def __init__(self, population: Population, index: I64, now: int, identities: Identities) -> None:
        self.population, self.archetypes, self.identities = population, population.archetypes, identities
        self.kind = population.kind
        self.indices, self.now = index, now

    def __len__(self) -> int:
        return len(self.indices)

    def __getattr__(self, name: str) -> Any:
        """Make a column when it is first asked for, and keep it."""
        if name not in COLUMNS:
            raise AttributeError(name)
        made = COLUMNS[name](self)
        setattr(self, name, made)
        return made

    @cached_property
    def starts(self) -> I64:
        """Unix milliseconds of the first event, as an array."""
        return self.population.timeline.starts(self.indices)

    @cached_property
    def row(self) -> I64:
        """The row of the deck that each is."""
        return self.population.schedule.archetype_of(self.indices)

    @cached_property
    def final_ends(self) -> I64:
        """Unix milliseconds of the last event that each ever has."""
        return np.asarray(self.starts + self.archetypes.duration[self.row])

    @cached_property
    def running(self) -> NDArray[np.bool_]:
        """Which of them have not done yet all that they will."""
        return self.final_ends > self.now

    @cached_property
    def any_running(self) -> bool:
        """Whether any has not."""
        return bool(self.running.any())

    @cached_property
    def length(self) -> I64:
        """How many events of each there are."""
        whole: I64 = self.archetypes.length[self.row]
        if not self.any_running:
            return whole
        offset = self._spread(self.archetypes.offset, whole)
        told = (np.arange(offset.shape[1]) < whole[:, None]) & (offset <= (self.now - self.starts)[:, None])
        return np.asarray(told.sum(axis=1))

    @cached_property
    def visitor_numbers(self) -> U64:
        """The visitors as an array."""
        return self.population.schedule.visitor_of(self.indices, self.row)

    @cached_property
    def numbers(self) -> U64:
        """The session numbers as an array."""
        return self.population.session_numbers(self.indices)

    @cached_property
    def ends(self) -> I64:
        """Unix milliseconds of the last event, as an array."""
        if self.any_running:
            return np.asarray(self.starts + self.archetypes.offset[self.archetypes.begin[self.row] + self.length - 1])
        return self.final_ends

    @cached_property
    def number_texts(self) -> NDArray[np.bytes_]:
        """The session numbers as 14 hexadecimal digits."""
        return last_digits(hexadecimal_words(self.numbers), 14)

    @cached_property
    def visitor_words(self) -> NDArray[np.uint32]:
        """The hexadecimal digits of the visitor numbers, four to a word, shape (sessions, 4)."""
        return hexadecimal_words(self.visitor_numbers)

    @cached_property
    def visitor_texts(self) -> NDArray[np.bytes_]:
        """The visitor numbers as 12 hexadecimal digits."""
        return last_digits(self.visitor_words, 12)

    @cached_property
    def identified_texts(self) -> NDArray[np.bytes_]:
        """The visitor numbers as 12 hexadecimal digits, empty for who is not identified."""
        return last_digits(self.visitor_words * self.is_identified[:, None], 12)

    @cached_property
    def id_digits(self) -> list[str]:
        """The session numbers as 14 hexadecimal digits."""
        return hexadecimal(self.numbers, 14)

    @cached_property
    def visitor_digits(self) -> list[str]:
        """The visitor numbers as 12 hexadecimal digits."""
        return hexadecimal(self.visitor_numbers, 12)

    @cached_property
    def is_identified(self) -> NDArray[np.bool_]:
        """Whether each session's visitor is identified."""
        return np.asarray(self.archetypes.identified[self.row])

    @cached_property
    def name_indices(self) -> I64:
        """Positions of each visitor's given name, family name and mail domain in the vocabulary, if identified, shape (3, sessions)."""
        return ((self.visitor_numbers >> _FACES) % _name_list_sizes(self.archetypes.vocabulary)).view(np.int64)

    @cached_property
    def addresses(self) -> U64:
        """Positions of the two parts of each visitor's address in :data:`NETWORKS` and :data:`HOSTS`, shape (2, sessions)."""
        return np.asarray((self.visitor_numbers >> _ADDRESSES) & _ADDRESS_SIZES)

    @cached_property
    def event_mask(self) -> NDArray[np.bool_]:
        """Which events of each row there are, shape (sessions, most events of any of them)."""
        return np.arange(int(self.length.max(initial=1))) < self.length[:, None]

    def event_values(self, values: NDArray[Any]) -> NDArray[Any]:
        """What the deck says of the events of these sessions, a row for each; past its last event stands what is not its."""
        return self._spread(values, self.length)

    def _spread(self, values: NDArray[Any], length: I64) -> NDArray[Any]:
        places = self.archetypes.begin[self.row][:, None] + np.arange(int(length.max(initial=1)))
        return values.take(places, mode="clip")

    @cached_property
    def actions(self) -> NDArray[Any]:
        """Positions in the vocabulary's actions, one past the last for a pageview, of each event and of what stands past the last."""
        return self.event_values(self.archetypes.action)

    def dictionary_encoded(self, name: str) -> tuple[Sequence[Any], NDArray[Any]]:
        """The entries that a column such as ``places`` has values of, and the position of each value in them."""
        entries, codes = _CODED[name](self.archetypes, self)
        return entries, codes

    def take(self, positions: I64) -> "GeneratedSessions":
        """Those at some positions, ascending; what all columns are made of is not made again."""
        some = GeneratedSessions(self.population, self.indices[positions], self.now, self.identities)
        for name in _CARRIED & vars(self).keys():
            setattr(some, name, vars(self)[name][positions])
        return some

    def override_trait(self, trait: str, made: list[T], read: Callable[[Any], T]) -> list[T]:
        """Let what an identify call said of a user win over what the world made."""
        said = self.identities
        if not said:
            return made
        pairs = zip(self.user_ids, made, strict=True)
        return [read(said[user][trait]) if user is not None and trait in said.get(user, ()) else value for user, value in pairs]

    def list_events(self, position: int) -> list[Event]:
        """All events of the session at a position, oldest first."""
        deck, row, start = self.archetypes, int(self.row[position]), self.start[position]
        host, referrer, events = self.hostnames[position], self.acquisitions[position].referrer, []
        begin = int(deck.begin[row])
        for event in range(begin, begin + int(self.length[position])):
            page, done = deck.vocabulary.pages[deck.page[event]], int(deck.action[event])
            at = start + int(deck.offset[event])
            if done == len(deck.vocabulary.actions):
                events.append(Event(at, "pageview", page, "", {}, referrer))
            else:
                action = deck.vocabulary.actions[done]
                events.append(Event(at, action.kind, page, action.name, action.properties, referrer))
            referrer = f"https://{host}{page.path}{page.querystring}"
        return events


@IdentityCache
def _name_list_sizes(words: Vocabulary) -> U64:
    """How many given names, family names and mail domains there are, shape (3, 1)."""
    return np.array([[len(words.given_names)], [len(words.family_names)], [len(words.mail_domains)]], dtype=np.uint64)


COLUMNS: Final[dict[str, Callable[[GeneratedSessions], list[Any]]]] = {}


def _column(function: Callable[[GeneratedSessions], list[T]]) -> Callable[[GeneratedSessions], list[T]]:
    COLUMNS[function.__name__] = function
    return function


def _coded(name: str) -> Callable[[GeneratedSessions], list[Any]]:
    """A column whose values are entries of the vocabulary, or of the deck."""

    def column(sessions: GeneratedSessions) -> list[Any]:
        entries, codes = sessions.dictionary_encoded(name)
        return [entries[code] for code in codes.tolist()]

    return column


def _counted(sessions: GeneratedSessions, kind: str) -> list[int]:
    if not sessions.any_running:
        return list(sessions.archetypes.count_events(kind)[sessions.row].tolist())
    kinds = [*(action.kind for action in sessions.archetypes.vocabulary.actions), "pageview"]
    is_kind = np.array([each == kind for each in kinds])
    return list((is_kind[sessions.actions] & sessions.event_mask).sum(axis=1).tolist())


@_column
def index(sessions: GeneratedSessions) -> list[int]:
    return list(sessions.indices.tolist())


@_column
def start(sessions: GeneratedSessions) -> list[int]:
    return list(sessions.starts.tolist())


@_column
def duration(sessions: GeneratedSessions) -> list[int]:
    return list((sessions.ends - sessions.starts).tolist())


@_column
def inactive(sessions: GeneratedSessions) -> list[int]:
    waited = np.maximum(np.diff(sessions.event_values(sessions.archetypes.offset), axis=1) - IDLE_AFTER, 0)
    return list((waited * sessions.event_mask[:, 1:]).sum(axis=1).tolist())


@_column
def pageviews(sessions: GeneratedSessions) -> list[int]:
    return _counted(sessions, "pageview")


@_column
def custom_events(sessions: GeneratedSessions) -> list[int]:
    return _counted(sessions, "custom_event")


@_column
def outbounds(sessions: GeneratedSessions) -> list[int]:
    return _counted(sessions, "outbound")


@_column
def errors(sessions: GeneratedSessions) -> list[int]:
    return _counted(sessions, "error")


@_column
def ids(sessions: GeneratedSessions) -> list[int]:
    return list(sessions.numbers.tolist())


@_column
def visitors(sessions: GeneratedSessions) -> list[int]:
    return list(sessions.visitor_numbers.tolist())


@_column
def user_ids(sessions: GeneratedSessions) -> list[str | None]:
    known = sessions.archetypes.identified[sessions.row].tolist()
    return ["user_" + digits if is_known else None for digits, is_known in zip(sessions.visitor_digits, known, strict=True)]


@_column
def names(sessions: GeneratedSessions) -> list[str | None]:
    words, (given, family, _) = sessions.archetypes.vocabulary, sessions.name_indices.tolist()
    made = [
        f"{words.given_names[g]} {words.family_names[f]}" if user else None
        for g, f, user in zip(given, family, sessions.user_ids, strict=True)
    ]
    return sessions.override_trait("name", made, text_trait)


@_column
def emails(sessions: GeneratedSessions) -> list[str | None]:
    givens, families, domains = mailbox_parts(sessions.archetypes.vocabulary)
    made = [
        f"{givens[g]}.{families[f]}.{user[-4:]}@{domains[d]}" if user else None
        for g, f, d, user in zip(*sessions.name_indices.tolist(), sessions.user_ids, strict=True)
    ]
    return sessions.override_trait("email", made, text_trait)


@_column
def tags(sessions: GeneratedSessions) -> list[list[str]]:
    every = sessions.archetypes.vocabulary.tags
    return sessions.override_trait("$tags", [_among(every, bits) for bits in sessions.archetypes.tags[sessions.row].tolist()], tags_trait)


@lru_cache(maxsize=4096)
def _among(tags: tuple[str, ...], bits: int) -> list[str]:
    return [tag for n, tag in enumerate(tags) if bits >> n & 1]


@_column
def traits(sessions: GeneratedSessions) -> list[dict[str, Any] | None]:
    every = sessions.archetypes.vocabulary.plans
    plans = [every[code] for code in sessions.archetypes.plan[sessions.row].tolist()]
    columns = zip(sessions.user_ids, sessions.names, sessions.emails, plans, strict=True)
    return [
        {"name": name, "email": email, "plan": plan, **sessions.identities.get(user, {})} if user else None
        for user, name, email, plan in columns
    ]


@_column
def ips(sessions: GeneratedSessions) -> list[str]:
    return [NETWORKS[network] + HOSTS[host] for network, host in zip(*sessions.addresses.tolist(), strict=True)]


_CODED: Final[dict[str, Callable[[ArchetypeTable, GeneratedSessions], tuple[Sequence[Any], NDArray[Any]]]]] = {
    "places": lambda deck, s: (deck.vocabulary.places, deck.place[s.row]),
    "agents": lambda deck, s: (deck.agents, deck.agent[s.row]),
    "acquisitions": lambda deck, s: (deck.vocabulary.acquisitions, deck.acquisition[s.row]),
    "languages": lambda deck, s: (place_languages(deck.vocabulary.places), deck.place[s.row] * 2 + deck.english[s.row]),
    "hostnames": lambda deck, s: (deck.hostnames, deck.hostname[s.row]),
    "entries": lambda deck, s: (deck.vocabulary.pages, deck.page[deck.begin[s.row]]),
    "exits": lambda deck, s: (deck.vocabulary.pages, deck.page[find_exits(deck, s.row, s.length)]),
}
COLUMNS.update((name, _coded(name)) for name in _CODED)


@_column
def paths(sessions: GeneratedSessions) -> list[list[Page]]:
    pages, pageview = sessions.archetypes.vocabulary.pages, len(sessions.archetypes.vocabulary.actions)
    seen, done = sessions.event_values(sessions.archetypes.page).tolist(), sessions.actions.tolist()
    return [
        [pages[page] for page, action in zip(row[:length], doing, strict=False) if action == pageview]
        for row, doing, length in zip(seen, done, sessions.length.tolist(), strict=True)
    ]
