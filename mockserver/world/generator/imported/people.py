"""Made-up people in place of those in imported sessions."""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.population import HOSTS, NETWORKS, mailbox_parts
from mockserver.world.model.hashing import Permutation, digits, draw_one, key
from mockserver.world.model.vocabulary import Vocabulary

_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
_ADDRESS_BITS: Final = 17
"""198.18.0.0/15 has 2¹⁷ addresses."""


class _Person(Struct, frozen=True):
    user_id: str
    name: str
    email: str


class PeopleReplacer:
    """Replaces user ids, names, e-mail addresses and IP addresses of sessions.

    A person has the same user id, or the same address or name without one. Made-up values follow from the
    seed and the order in which people appear, never from the real values, which therefore cannot be guessed.
    """

    def __init__(self, seed: int, vocabulary: Vocabulary) -> None:
        self._key = key(seed, "imported people")
        self._vocabulary = vocabulary
        self._people: dict[tuple[str, str], _Person] = {}
        self._addresses: dict[str, str] = {}
        self._permutation = Permutation(key(self._key, "addresses"), _ADDRESS_BITS)

    def replace(self, session: ImportedSession) -> ImportedSession:
        """Return a session with made-up values where it has any."""
        ip = session.ip and self._address(session.ip)
        real = {name: getattr(session, name) for name in ("user_id", "email", "name")}
        known = [(name, value) for name, value in real.items() if value]
        person = self._person(known[0]) if known else None
        made_up = {value: getattr(person, name) for name, value in reversed(known)}
        traits = session.traits
        return replace(
            session,
            ip=ip,
            **{name: value and getattr(person, name) for name, value in real.items()},
            traits=traits and self._replace_values(traits, made_up),
            events=tuple(
                replace(
                    event,
                    user_id=event.user_id and made_up[event.user_id],
                    properties=self._replace_values(event.properties, made_up),
                )
                for event in session.events
            ),
        )

    def _replace_values(self, values: Mapping[str, Any], made_up: Mapping[str, str]) -> dict[str, Any]:
        return {name: self._replace_value(value, made_up) for name, value in values.items()}

    def _replace_value(self, value: Any, made_up: Mapping[str, str]) -> Any:
        """Return JSON with the known values of a person, and all e-mail addresses, replaced."""
        match value:
            case str():
                return made_up.get(value) or _MAIL.sub(
                    lambda mail: made_up.get(mail[0]) or self._person(("email", mail[0])).email, value
                )
            case list():
                return [self._replace_value(item, made_up) for item in value]
            case dict():
                return self._replace_values(value, made_up)
        return value

    def _person(self, identity: tuple[str, str]) -> _Person:
        if identity not in self._people:
            number = len(self._people)
            words = self._vocabulary
            givens, families, domains = mailbox_parts(words)
            given, family, domain = (
                draw_one(key(self._key, kind), number) % len(choices)
                for kind, choices in (
                    ("given", words.given_names),
                    ("family", words.family_names),
                    ("domain", domains),
                )
            )
            self._people[identity] = _Person(
                f"user_{digits(12, self._key, 'user', number)}",
                f"{words.given_names[given]} {words.family_names[family]}",
                f"{givens[given]}.{families[family]}.{number}@{domains[domain]}",
            )
        return self._people[identity]

    def _address(self, ip: str) -> str:
        if ip not in self._addresses:
            number = len(self._addresses) % (1 << _ADDRESS_BITS)
            [address] = self._permutation.forward(np.array([number], dtype=np.uint64)).tolist()
            network, host = divmod(address, len(HOSTS))
            self._addresses[ip] = NETWORKS[network] + HOSTS[host]
        return self._addresses[ip]
