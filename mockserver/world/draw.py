"""Draw the vocabularies that ship with the package: ``python -m mockserver.world.draw`` writes both files.

Names, titles and slugs come from Faker; all else is in ``tables`` and, for the edge cases, in ``oddities``.
"""

import re
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import json
from msgspec.structs import replace

from mockserver.world import oddities, tables
from mockserver.world.tables import Row
from mockserver.world.vocabulary import Acquisition, Agent, Page, Place, Vocabulary

if TYPE_CHECKING:
    from faker import Faker

_SEED = 20_480
_LATIN = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "sv_SE", "pl_PL", "en_IN")
_MANY_SCRIPTS = ("ar_AA", "he_IL", "ja_JP", "hi_IN", "th_TH", "ko_KR", "zh_CN", "fa_IR", "ru_RU", "el_GR", "en_US")
_LINKS, _DEEDS = 8, 4  # of every page, so that all pages together make a table without gaps
_SECTIONS = {"blog": "@post", "products": "@product", "docs": "@docs"}
_Weighted = TypeVar("_Weighted", Place, Agent, Acquisition)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _unique(make: Callable[[], str], count: int) -> tuple[str, ...]:
    """Up to ``count`` different texts: a locale may know fewer, so the attempts are bounded."""
    found: dict[str, None] = {}
    for _ in range(count * 40):
        found[make().strip()] = None
        if len(found) == count:
            break
    return tuple(found)


def _places(locales: Sequence[str]) -> tuple[Place, ...]:
    unknown, *known = tables.PLACES
    countries = {locale.replace("-", "_").partition("_")[2].upper() for locale in locales}
    return (unknown, *([place for place in known if place.country in countries] or known))


def _acquisitions(campaigns: Sequence[str]) -> tuple[Acquisition, ...]:
    return tuple(replace(each, utm_campaign=each.utm_campaign.format(*campaigns)) for each in tables.ACQUISITIONS)


def _group(row: Row) -> str:
    return "@search" if row.querystring else _SECTIONS.get(row.path.split("/")[1], "")


def _pages(rows: Sequence[Row], odd: Sequence[Row] = ()) -> tuple[Page, ...]:
    """The pages of some rows, behind the unknown one: links and actions by number instead of by name."""
    index = {row.url: number for number, row in enumerate((*rows, *odd), 1)}
    groups = {"@odd": [index[row.url] for row in odd]}
    for row in rows:
        if row.path.count("/") > 1 or row.querystring:
            groups.setdefault(_group(row), []).append(index[row.url])
    turns = {group: cycle(numbers) for group, numbers in groups.items()}
    deeds = {name: number for number, name in enumerate((*tables.ACTIONS, *oddities.ACTIONS))}

    def page(row: Row) -> Page:
        links = tuple(next(turns[word]) if word in turns else index[word] for word in row.links.split())
        return Page(row.path, row.title, row.querystring, row.weight, links, tuple(deeds[word] for word in row.actions.split()))

    unknown = Page("", "", "", 0, (1,) * _LINKS, (0,) * _DEEDS)
    return (unknown, *(page(row) for row in (*rows, *odd)))


def _rows(fake: "Faker") -> tuple[Row, ...]:
    """The pages of the usual site, with posts and products of drawn titles."""
    titles = _unique(lambda: f"How to {fake.bs()}", 8)
    products = _unique(lambda: " ".join(word[0].upper() + word[1:] for word in fake.catch_phrase().split()[-2:]), 10)
    posts = (Row(f"/blog/{_slug(title)}", title, "", *tables.POST) for title in titles)
    return (*tables.PAGES, *posts, *(Row(f"/products/{_slug(name)}", name, "", *tables.PRODUCT) for name in products))


def _odd_pages(rows: Sequence[Row]) -> tuple[Page, ...]:
    """The usual site with an odd page as every page's last link and an odd action as its first action."""
    turns = cycle(oddities.ACTIONS)
    usual = [
        row._replace(links=f"{row.links.rpartition(' ')[0]} @odd", actions=f"{next(turns)} {row.actions.partition(' ')[2]}") for row in rows
    ]
    return _pages(usual, [Row(*page, oddities.WEIGHT, oddities.LINKS, f"{oddities.DEEDS} {next(turns)}") for page in oddities.PAGES])


def _unknown_often(entries: tuple[_Weighted, ...]) -> tuple[_Weighted, ...]:
    """The same entries, one in three of them unknown."""
    half = sum(entry.weight for entry in entries) // 2
    return tuple(replace(entry, weight=entry.weight if number else half) for number, entry in enumerate(entries))


def _drawn(locales: Sequence[str]) -> tuple[Vocabulary, tuple[Row, ...]]:
    # Only drawing needs Faker: the package reads its files without it.
    from faker import VERSION, Faker

    fakes = [Faker(locale) for locale in ("en_US", *(locales or _LATIN))]
    for number, fake in enumerate(fakes):
        fake.seed_instance(_SEED + number)
    words, turns = fakes[0], cycle(fakes[1:])
    rows = _rows(words)
    campaigns = _unique(lambda: _slug(f"{words.month_name()} {words.bs().split()[-1]}"), 6)
    return Vocabulary(
        faker=VERSION,
        places=_places(locales),
        agents=tables.AGENTS,
        bots=tables.BOTS,
        acquisitions=_acquisitions(campaigns),
        pages=_pages(rows),
        actions=tuple(tables.ACTIONS.values()),
        given_names=_unique(lambda: next(turns).first_name(), 200),
        family_names=_unique(lambda: next(turns).last_name(), 200),
        mail_domains=("example.com", "example.org", "example.net"),
        site_names=_unique(lambda: _slug(f"{words.catch_phrase().split()[0]} {words.bs().split()[-1]}"), 16),
        plans=("free", "starter", "pro", "enterprise"),
        tags=_unique(lambda: _slug(words.catch_phrase().split()[0]), 8),
    ), rows


def draw(locales: Sequence[str]) -> Vocabulary:
    """Draw a vocabulary with the names and, where known, the places of these locales; of none: Latin names, all places."""
    return _drawn(locales)[0]


def awkward() -> Vocabulary:
    """Draw the vocabulary of edge cases: many scripts, long and escaped URLs, odd properties, much that is unknown."""
    base, rows = _drawn(_MANY_SCRIPTS)
    return replace(
        base,
        places=_unknown_often((*tables.PLACES, *oddities.PLACES)),
        agents=_unknown_often((*base.agents, *oddities.AGENTS)),
        acquisitions=_unknown_often((*base.acquisitions, *oddities.ACQUISITIONS)),
        pages=_odd_pages(rows),
        actions=(*base.actions, *oddities.ACTIONS.values()),
        given_names=tuple(dict.fromkeys((*base.given_names, *oddities.GIVEN_NAMES))),
        family_names=tuple(dict.fromkeys((*base.family_names, *oddities.FAMILY_NAMES))),
        mail_domains=(*base.mail_domains, *oddities.MAIL_DOMAINS),
        site_names=(*base.site_names, *oddities.SITE_NAMES),
        plans=(*base.plans, *oddities.PLANS),
        tags=(*base.tags, *oddities.TAGS),
    )


def write() -> None:
    """Write both vocabularies next to this module."""
    for name, vocabulary in (("default", draw(())), ("awkward", awkward())):
        path = Path(__file__).parent / "vocabularies" / f"{name}.json"
        path.write_bytes(json.format(json.encode(vocabulary), indent=1) + b"\n")


if __name__ == "__main__":
    write()
