"""Vocabularies: the places, agents, acquisitions, pages, events and names that occur in a world.

A vocabulary is data. The two that ship (``default`` and ``awkward``) are package files written by ``make
vocabulary`` with the Faker version they record, so that the Faker of a user's environment never changes their
bytes.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, json

FOLDER: Final = Path(__file__).parent / "vocabularies"


class Place(Struct, frozen=True):
    """A city with everything that follows from it; the unknown place has empty texts."""

    country: str
    """ISO 3166-1 alpha-2, ``""`` where unknown."""
    country_name: str
    region_code: str
    """ISO 3166-2, such as ``US-CA``."""
    region: str
    city: str
    latitude: float
    longitude: float
    time_zone: str
    """IANA name."""
    language: str
    """BCP 47 tag, such as ``en-US``."""
    weight: int


class Agent(Struct, frozen=True):
    """A device with its operating system and browser: a combination that exists."""

    device: str
    """``desktop``, ``mobile``, ``tablet``, or ``""`` where unknown."""
    os: str
    os_version: str
    browser: str
    browser_version: str
    screen_width: int
    screen_height: int
    weight: int


class Acquisition(Struct, frozen=True):
    """The way in which a session came to the site: channel, referrer and utm fields that agree."""

    channel: str
    referrer: str
    """Full URL, ``""`` for a direct visit."""
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str
    utm_content: str
    weight: int


class Page(Struct, frozen=True):
    """A page of a site, with its links."""

    path: str
    title: str
    querystring: str
    """With its leading ``?``, or ``""``."""
    entry_weight: int
    links: tuple[int, ...]
    """Indices of the pages reached from here, a page named more often is likelier."""
    actions: tuple[int, ...]
    """Indices of the actions that happen here, never empty."""


class Action(Struct, frozen=True):
    """An event other than a pageview: a custom event, an outbound click or an error."""

    kind: str
    """``custom_event``, ``outbound`` or ``error``."""
    name: str
    properties: dict[str, Any]


PAGEVIEW: Final = Action("pageview", "", {})
"""A pageview among the actions: an event without a name."""


class Vocabulary(Struct, frozen=True):
    """All values that can occur in a world."""

    faker: str
    """The version of Faker that drew it."""
    places: tuple[Place, ...]
    agents: tuple[Agent, ...]
    bots: tuple[Agent, ...]
    acquisitions: tuple[Acquisition, ...]
    pages: tuple[Page, ...]
    actions: tuple[Action, ...]
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    mail_domains: tuple[str, ...]
    """Reserved by RFC 2606 and RFC 6761, so they have no owner."""
    site_names: tuple[str, ...]
    """Labels of site hosts; the top-level domain is a reserved one."""
    plans: tuple[str, ...]
    """Values of the trait ``plan``."""
    tags: tuple[str, ...]


@cache
def load(name: str) -> Vocabulary:
    """Read a vocabulary that ships with the package: ``default`` or ``awkward``.

    Position 0 of ``places``, ``agents``, ``acquisitions``, ``pages`` is the *unknown*: empty texts; only the
    awkward one gives it weight.
    """
    return json.decode((FOLDER / f"{name}.json").read_bytes(), type=Vocabulary)
