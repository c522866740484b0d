"""A user's own names of sites, pages, events, campaigns and countries, in place of the shipped ones."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.world.model.countries import load_countries, place_of_country
from mockserver.world.model.vocabulary import Acquisition, Action, Page, Place, Vocabulary

_LINKS: Final = 8
_ACTIONS: Final = 4
_ENTRY_WEIGHTS: Final = (400, 100, 60, 40)
"""Weights of the first pages as entry pages; all others have the last one."""
_COUNTRY_WEIGHT: Final = 20
"""Weight of a country that the vocabulary does not have."""
Label = Annotated[
    str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)", description="a label of a host name")
]
Path = Annotated[
    str, Meta(pattern=r"^/[^\s#]*$(?!\n)", max_length=2048, description="a path, such as /pricing")
]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Few = Meta(max_length=200)


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names that replace those of the vocabulary; an empty list keeps them."""

    sites: Annotated[tuple[Label, ...], Few] = ()
    """Names of the sites, in their order; their hosts end in ``.example``."""
    pages: Annotated[tuple[Path, ...], Few] = ()
    """Paths, with a query string if they have one; most sessions begin at the first."""
    events: Annotated[tuple[Word, ...], Few] = ()
    """Names of custom events."""
    campaigns: Annotated[tuple[Word, ...], Few] = ()
    """Values of ``utm_campaign``."""
    countries: Annotated[tuple[str, ...], Few] = ()
    """ISO 3166-1 alpha-2 codes; a country without a city in the vocabulary is known only as a country."""


class UnknownCountryError(ValueError):
    """A code that is not in ISO 3166-1; the message names the nearest one."""


def with_names(vocabulary: Vocabulary, names: Names) -> Vocabulary:
    """Return a vocabulary with other names; raise :class:`UnknownCountryError` for an unknown country."""
    if names.sites:
        vocabulary = replace(vocabulary, site_names=tuple(dict.fromkeys(names.sites)))
    if names.events:
        vocabulary = _with_events(vocabulary, tuple(dict.fromkeys(names.events)))
    if names.pages:
        vocabulary = _with_pages(vocabulary, tuple(dict.fromkeys(names.pages)))
    if names.campaigns:
        acquisitions = _name_campaigns(vocabulary.acquisitions, tuple(dict.fromkeys(names.campaigns)))
        vocabulary = replace(vocabulary, acquisitions=acquisitions)
    if names.countries:
        vocabulary = replace(vocabulary, places=_select_places(vocabulary.places, names.countries))
    return vocabulary


def _with_events(vocabulary: Vocabulary, names: Sequence[str]) -> Vocabulary:
    """Replace the custom events; outbound clicks and errors stay."""
    others = [action for action in vocabulary.actions if action.kind != "custom_event"]
    actions = [*(Action("custom_event", name, {}) for name in names), *others]
    turns = cycle(range(len(names)))
    moved = [
        next(turns) if action.kind == "custom_event" else len(names) + others.index(action)
        for action in vocabulary.actions
    ]
    pages = [replace(page, actions=tuple(moved[each] for each in page.actions)) for page in vocabulary.pages]
    return replace(vocabulary, actions=tuple(actions), pages=tuple(pages))


def _with_pages(vocabulary: Vocabulary, names: Sequence[str]) -> Vocabulary:
    """Replace the pages; each links to the next ones and to the first."""
    count = len(names)
    pages = [replace(vocabulary.pages[0], links=(1,) * _LINKS)]
    for number, name in enumerate(names):
        path, mark, query = name.partition("?")
        title = path.rstrip("/").rpartition("/")[2].replace("-", " ").capitalize() or "Home"
        steps = (1, 1, 2, 2, 3, 5, count // 2, count - number)
        actions = islice(cycle(range(len(vocabulary.actions))), number * _ACTIONS, (number + 1) * _ACTIONS)
        weight = _ENTRY_WEIGHTS[min(number, len(_ENTRY_WEIGHTS) - 1)]
        links = tuple((number + step) % count + 1 for step in steps)
        pages.append(Page(path, title, mark + query, weight, links, tuple(actions)))
    return replace(vocabulary, pages=tuple(pages))


def _name_campaigns(acquisitions: Sequence[Acquisition], names: Sequence[str]) -> tuple[Acquisition, ...]:
    """Give each campaign at least one acquisition; the share of all campaigns stays about the same."""
    others = [entry for entry in acquisitions if not entry.utm_campaign]
    with_campaign = [entry for entry in acquisitions if entry.utm_campaign]
    count = max(len(with_campaign), len(names))
    named = [
        replace(entry, utm_campaign=name, weight=-(-entry.weight * len(with_campaign) // count))
        for entry, name in islice(zip(cycle(with_campaign), cycle(names), strict=False), count)
    ]
    return (*others, *named)


def _select_places(places: Sequence[Place], codes: Sequence[str]) -> tuple[Place, ...]:
    selected = [places[0]]
    for code in dict.fromkeys(codes):
        found = [place for place in places if place.country == code]
        if not found:
            place = place_of_country(code, weight=_COUNTRY_WEIGHT)
            if place is None:
                raise UnknownCountryError(f"unknown country {code!r}; {suggest(code, load_countries())}")
            found = [place]
        selected += found
    return tuple(selected)
