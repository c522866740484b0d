"""Vocabularies of other locales, drawn with Faker when a world is built."""

from collections.abc import Callable, Sequence
from itertools import cycle

from msgspec.structs import replace

from mockserver.world.model.vocabulary import Place, Vocabulary, load

SEED = 20_480
_NAMES = 200


def localized_vocabulary(locales: Sequence[str]) -> Vocabulary:
    """Return the default vocabulary with names of *locales*.

    If it knows places of their countries, it has only those.

    Raises ImportError without Faker and AttributeError for an unknown locale.
    """
    from faker import VERSION

    default = load("default")
    given_names, family_names = draw_names(locales)
    places = filter_places(default.places, locales)
    return replace(default, faker=VERSION, places=places, given_names=given_names, family_names=family_names)


def draw_names(locales: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw up to 200 given names and up to 200 family names, taking turns between *locales*."""
    from faker import Faker

    fakers = [Faker(locale) for locale in locales]
    for number, faker in enumerate(fakers, 1):
        faker.seed_instance(SEED + number)
    turns = cycle(fakers)
    return draw_unique(lambda: next(turns).first_name(), _NAMES), draw_unique(
        lambda: next(turns).last_name(), _NAMES
    )


def draw_unique(draw: Callable[[], str], count: int) -> tuple[str, ...]:
    """Draw up to *count* different texts; a locale may know fewer, so the number of attempts is limited."""
    texts: dict[str, None] = {}
    for _ in range(count * 40):
        texts[draw().strip()] = None
        if len(texts) == count:
            break
    return tuple(texts)


def filter_places(places: Sequence[Place], locales: Sequence[str]) -> tuple[Place, ...]:
    """Return the unknown place and the places in the countries of *locales*, or all places if none match."""
    unknown, *known = places
    countries = {locale.replace("-", "_").partition("_")[2].upper() for locale in locales}
    return (unknown, *([place for place in known if place.country in countries] or known))
