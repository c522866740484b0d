"""The vocabulary of a spec: a shipped one, one of other locales, or one with a user's own names.

Names of other locales are drawn with Faker when a world is built.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import cycle

from msgspec.structs import replace

from mockserver.world.model.names import Names, UnknownCountryError, with_names
from mockserver.world.model.spec import WorldError, WorldSpec
from mockserver.world.model.vocabulary import Place, Vocabulary, load

SEED = 20_480
_NAMES = 200


def load_vocabulary(spec: WorldSpec) -> Vocabulary:
    """Return the vocabulary of a spec; raise :class:`WorldError` for an unknown one, locale or country."""
    if spec.names == Names():
        return _load_unnamed(spec)
    try:
        return _load_named(spec.vocabulary, spec.locales, spec.names)
    except UnknownCountryError as error:
        raise WorldError(f"world spec: names.countries: {error}", path=("names", "countries")) from None


@lru_cache(maxsize=16)
def _load_named(vocabulary: str, locales: tuple[str, ...], names: Names) -> Vocabulary:
    """Return one object for equal arguments: worlds with the same vocabulary share event templates."""
    return with_names(_load_unnamed(WorldSpec(vocabulary=vocabulary, locales=locales)), names)


def _load_unnamed(spec: WorldSpec) -> Vocabulary:
    if spec.locales:
        try:
            return localized_vocabulary(spec.locales)
        except ImportError:
            raise WorldError(
                "world spec: `locales` requires Faker, which is not installed;"
                " run pip install 'session-mock[locales]'",
                path=("locales",),
            ) from None
        except AttributeError:
            raise WorldError(
                f"world spec: unknown locale in `locales` {list(spec.locales)};"
                " use locales of Faker such as de_DE or ja_JP",
                path=("locales",),
            ) from None
    try:
        return load(spec.vocabulary)
    except FileNotFoundError:
        raise WorldError(
            f"world spec: unknown vocabulary {spec.vocabulary!r}; use 'default' or 'awkward'",
            path=("vocabulary",),
        ) from None


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
