"""Sessions of the seeded world in columns, each computed from the session indices when first used."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.world.generator.archetypes.dimensions import place_languages
from mockserver.world.generator.archetypes.events import idle_time
from mockserver.world.generator.population import ip_addresses, mailbox_parts
from mockserver.world.generator.session_arrays import SessionArrays
from mockserver.world.model.hashing import I64, hexadecimal
from mockserver.world.model.session_batch import Event, parse_tags_trait, parse_text_trait
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place, Vocabulary

T = TypeVar("T")


def _column(function: Callable[[Any], T]) -> T:
    """Return a cached property, typed as the attribute that the base class declares."""
    return cached_property(function)  # type: ignore[return-value]


class GeneratedSessions(SessionArrays):
    """Sessions as of an instant, in columns."""

    def list_events(self, position: int) -> list[Event]:
        """Return all events of the session at *position*, oldest first."""
        table = self.archetypes
        vocabulary = table.vocabulary
        start = self.start[position]
        host = self.hostnames[position]
        referrer = self.acquisitions[position].referrer
        begin = int(table.begin[self.row[position]])
        events = []
        for event in range(begin, begin + int(self.length[position])):
            at = start + int(table.offset[event])
            page = vocabulary.pages[table.page[event]]
            number = int(table.action[event])
            if number == len(vocabulary.actions):
                events.append(Event(at, "pageview", page, "", {}, referrer))
            else:
                action = vocabulary.actions[number]
                events.append(Event(at, action.kind, page, action.name, action.properties, referrer))
            referrer = f"https://{host}{page.path}{page.querystring}"
        return events

    # Encodings.

    def dictionary_encoded(self, column: str) -> tuple[Sequence[Any], NDArray[Any]]:
        """Return the distinct entries of a column such as ``places``, and each session's position in them."""
        return _DICTIONARY_ENCODED[column](self)

    def _decode(self, column: str) -> list[Any]:
        entries, codes = self.dictionary_encoded(column)
        return [entries[code] for code in codes.tolist()]

    def override_trait(self, trait: str, generated: list[T], parse: Callable[[Any], T]) -> list[T]:
        """Replace generated values of a trait by those sent in identify calls."""
        sent = self.identities
        if not sent:
            return generated
        pairs = zip(self.user_ids, generated, strict=True)
        return [
            parse(sent[user][trait]) if user is not None and trait in sent.get(user, ()) else value
            for user, value in pairs
        ]

    # The columns of a batch.

    @_column
    def index(self) -> list[int]:
        return list(self.indices.tolist())

    @_column
    def start(self) -> list[int]:
        return list(self.starts.tolist())

    @_column
    def duration(self) -> list[int]:
        return list((self.ends - self.starts).tolist())

    @_column
    def inactive(self) -> list[int]:
        def add_up(running: GeneratedSessions) -> I64:
            waits = np.diff(running.event_values(self.archetypes.offset), axis=1)
            return np.asarray((idle_time(waits) * running.event_mask[:, 1:]).sum(axis=1))

        return list(self._per_session(self.archetypes.events.inactive, add_up).tolist())

    def _count_events(self, kind: str) -> list[int]:
        def count(running: GeneratedSessions) -> I64:
            is_kind = _event_kinds(self.archetypes.vocabulary) == kind
            return np.asarray((is_kind[running.actions] & running.event_mask).sum(axis=1))

        return list(self._per_session(self.archetypes.count_events(kind), count).tolist())

    @_column
    def pageviews(self) -> list[int]:
        return self._count_events("pageview")

    @_column
    def custom_events(self) -> list[int]:
        return self._count_events("custom_event")

    @_column
    def outbounds(self) -> list[int]:
        return self._count_events("outbound")

    @_column
    def errors(self) -> list[int]:
        return self._count_events("error")

    @_column
    def ids(self) -> list[int]:
        return list(self.numbers.tolist())

    @_column
    def id_digits(self) -> list[str]:
        return hexadecimal(self.numbers, 14)

    @_column
    def visitors(self) -> list[int]:
        return list(self.visitor_numbers.tolist())

    @_column
    def visitor_digits(self) -> list[str]:
        return hexadecimal(self.visitor_numbers, 12)

    @cached_property
    def _identified(self) -> I64:
        """Positions of the sessions of identified visitors."""
        return np.flatnonzero(self.is_identified)

    @cached_property
    def _name_parts(self) -> list[list[int]]:
        """The :attr:`name_indices` of the identified visitors."""
        return list(self.name_indices[:, self._identified].tolist())

    def _spread(self, values: Iterable[T]) -> list[T | None]:
        """Return a column with *values* for the identified visitors, None for the others."""
        column: list[T | None] = [None] * len(self)
        for position, value in zip(self._identified.tolist(), values, strict=True):
            column[position] = value
        return column

    @_column
    def user_ids(self) -> list[str | None]:
        digits = self.visitor_digits
        return self._spread(["user_" + digits[position] for position in self._identified.tolist()])

    @cached_property
    def _generated_names(self) -> list[str]:
        """The names of the identified visitors."""
        givens = self.archetypes.vocabulary.given_names
        families = self.archetypes.vocabulary.family_names
        given, family, _ = self._name_parts
        return [f"{givens[g]} {families[f]}" for g, f in zip(given, family, strict=True)]

    @cached_property
    def _generated_emails(self) -> list[str]:
        """The e-mail addresses of the identified visitors."""
        givens, families, domains = mailbox_parts(self.archetypes.vocabulary)
        digits = self.visitor_digits
        return [
            f"{givens[g]}.{families[f]}.{digits[position][-4:]}@{domains[d]}"
            for g, f, d, position in zip(*self._name_parts, self._identified.tolist(), strict=True)
        ]

    @_column
    def names(self) -> list[str | None]:
        return self.override_trait("name", self._spread(self._generated_names), parse_text_trait)

    @_column
    def emails(self) -> list[str | None]:
        return self.override_trait("email", self._spread(self._generated_emails), parse_text_trait)

    @_column
    def tags(self) -> list[list[str]]:
        all_tags = self.archetypes.vocabulary.tags
        codes = self.archetypes.tags[self.row].tolist()
        selected = {
            code: [tag for position, tag in enumerate(all_tags) if code >> position & 1]
            for code in set(codes)
        }
        generated = [selected[code] for code in codes]
        return self.override_trait("$tags", generated, parse_tags_trait)

    @_column
    def traits(self) -> list[dict[str, Any] | None]:
        all_plans = self.archetypes.vocabulary.plans
        plans = self.archetypes.plan[self.row[self._identified]].tolist()
        generated = zip(self._generated_names, self._generated_emails, plans, strict=True)
        traits = self._spread(
            [{"name": name, "email": email, "plan": all_plans[code]} for name, email, code in generated]
        )
        if not self.identities:
            return traits
        pairs = zip(self.user_ids, traits, strict=True)
        return [{**each, **self.identities.get(user, {})} if user and each else each for user, each in pairs]

    @_column
    def ips(self) -> list[str]:
        places = len(self.archetypes.vocabulary.places)
        return ip_addresses(self.visitor_numbers, self.archetypes.place[self.row], places)

    @_column
    def places(self) -> list[Place]:
        return self._decode("places")

    @_column
    def agents(self) -> list[Agent]:
        return self._decode("agents")

    @_column
    def acquisitions(self) -> list[Acquisition]:
        return self._decode("acquisitions")

    @_column
    def languages(self) -> list[str]:
        return self._decode("languages")

    @_column
    def hostnames(self) -> list[str]:
        return self._decode("hostnames")

    @_column
    def entries(self) -> list[Page]:
        return self._decode("entries")

    @_column
    def exits(self) -> list[Page]:
        return self._decode("exits")

    @_column
    def paths(self) -> list[list[Page]]:
        pages = self.archetypes.vocabulary.pages
        is_pageview = (self.actions == len(self.archetypes.vocabulary.actions)) & self.event_mask
        viewed = [pages[code] for code in self.event_values(self.archetypes.page)[is_pageview].tolist()]
        ends = np.cumsum(is_pageview.sum(axis=1)).tolist()
        return [viewed[begin:end] for begin, end in pairwise([0, *ends])]


_DICTIONARY_ENCODED: Final[dict[str, Callable[[GeneratedSessions], tuple[Sequence[Any], NDArray[Any]]]]] = {
    "places": lambda batch: (batch.archetypes.vocabulary.places, batch.archetypes.place[batch.row]),
    "agents": lambda batch: (batch.archetypes.agents, batch.archetypes.agent[batch.row]),
    "acquisitions": lambda batch: (
        batch.archetypes.vocabulary.acquisitions,
        batch.archetypes.acquisition[batch.row],
    ),
    "languages": lambda batch: (
        place_languages(batch.archetypes.vocabulary.places),
        batch.archetypes.place[batch.row] * 2 + batch.archetypes.english[batch.row],
    ),
    "hostnames": lambda batch: (batch.archetypes.hostnames, batch.archetypes.hostname[batch.row]),
    "entries": lambda batch: (
        batch.archetypes.vocabulary.pages,
        batch.archetypes.page[batch.archetypes.begin[batch.row]],
    ),
    "exits": lambda batch: (
        batch.archetypes.vocabulary.pages,
        batch.archetypes.page[batch.exit_events],
    ),
}


@IdentityCache
def _event_kinds(vocabulary: Vocabulary) -> NDArray[Any]:
    """Return the kind of event of each action, and that of a pageview after the last one."""
    return np.array([*(action.kind for action in vocabulary.actions), "pageview"])
