"""Generate the vocabularies that are shipped with the package; ``make vocabulary`` writes both files.

Names, titles and slugs come from Faker; everything else is in ``tables`` and, for edge cases, in
``oddities``.
"""

import re
from collections.abc import Sequence
from itertools import cycle
from typing import TypeVar

from faker import VERSION, Faker
from msgspec import json
from msgspec.structs import replace

from mockserver.world.model.locales import SEED, draw_names, draw_unique
from mockserver.world.model.vocabulary import FOLDER, Acquisition, Agent, Page, Place, Vocabulary
from tools.vocabulary import oddities, tables
from tools.vocabulary.tables import Row

_LATIN = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "sv_SE", "pl_PL", "en_IN")
_MANY_SCRIPTS = (
    "ar_AA",
    "he_IL",
    "ja_JP",
    "hi_IN",
    "th_TH",
    "ko_KR",
    "zh_CN",
    "fa_IR",
    "ru_RU",
    "el_GR",
    "en_US",
)
_LINKS = 8  # Per page, so that all pages together are a table without gaps.
_ACTIONS = 4
_SECTIONS = {"blog": "@post", "products": "@product", "docs": "@docs"}
_Weighted = TypeVar("_Weighted", Place, Agent, Acquisition)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _acquisitions(campaigns: Sequence[str]) -> tuple[Acquisition, ...]:
    return tuple(
        replace(each, utm_campaign=each.utm_campaign.format(*campaigns)) for each in tables.ACQUISITIONS
    )


def _group(row: Row) -> str:
    return "@search" if row.querystring else _SECTIONS.get(row.path.split("/")[1], "")


def _pages(rows: Sequence[Row], odd: Sequence[Row] = ()) -> tuple[Page, ...]:
    """Return the unknown page and the pages of *rows*, with links and actions as indices instead of names."""
    index = {row.url: number for number, row in enumerate((*rows, *odd), 1)}
    groups = {"@odd": [index[row.url] for row in odd]}
    for row in rows:
        if row.path.count("/") > 1 or row.querystring:
            groups.setdefault(_group(row), []).append(index[row.url])
    turns = {group: cycle(numbers) for group, numbers in groups.items()}
    actions = {name: number for number, name in enumerate((*tables.ACTIONS, *oddities.ACTIONS))}

    def page(row: Row) -> Page:
        links = tuple(next(turns[word]) if word in turns else index[word] for word in row.links.split())
        return Page(
            row.path,
            row.title,
            row.querystring,
            row.weight,
            links,
            tuple(actions[word] for word in row.actions.split()),
        )

    unknown = Page("", "", "", 0, (1,) * _LINKS, (0,) * _ACTIONS)
    return (unknown, *(page(row) for row in (*rows, *odd)))


def _rows(fake: Faker) -> tuple[Row, ...]:
    """Return the pages of the usual site, with drawn titles of posts and products."""
    titles = draw_unique(lambda: f"How to {fake.bs()}", 8)
    products = draw_unique(
        lambda: " ".join(word[0].upper() + word[1:] for word in fake.catch_phrase().split()[-2:]), 10
    )
    posts = (Row(f"/blog/{_slug(title)}", title, "", *tables.POST) for title in titles)
    return (
        *tables.PAGES,
        *posts,
        *(Row(f"/products/{_slug(name)}", name, "", *tables.PRODUCT) for name in products),
    )


def _odd_pages(rows: Sequence[Row]) -> tuple[Page, ...]:
    """Return the usual site with odd pages and actions.

    An odd page is the last link of each page, and an odd action its first action.
    """
    turns = cycle(oddities.ACTIONS)
    usual = [
        row._replace(
            links=f"{row.links.rpartition(' ')[0]} @odd",
            actions=f"{next(turns)} {row.actions.partition(' ')[2]}",
        )
        for row in rows
    ]
    return _pages(
        usual,
        [
            Row(*page, oddities.WEIGHT, oddities.LINKS, f"{oddities.PAGE_ACTIONS} {next(turns)}")
            for page in oddities.PAGES
        ],
    )


def _often_unknown(entries: tuple[_Weighted, ...]) -> tuple[_Weighted, ...]:
    """Return the entries with one in three unknown."""
    half = sum(entry.weight for entry in entries) // 2
    return tuple(
        replace(entry, weight=entry.weight if number else half) for number, entry in enumerate(entries)
    )


def _draw(locales: Sequence[str]) -> tuple[Vocabulary, tuple[Row, ...]]:
    words = Faker("en_US")
    words.seed_instance(SEED)
    given_names, family_names = draw_names(locales)
    rows = _rows(words)
    campaigns = draw_unique(lambda: _slug(f"{words.month_name()} {words.bs().split()[-1]}"), 6)
    return Vocabulary(
        faker=VERSION,
        places=tables.PLACES,
        agents=tables.AGENTS,
        bots=tables.BOTS,
        acquisitions=_acquisitions(campaigns),
        pages=_pages(rows),
        actions=tuple(tables.ACTIONS.values()),
        given_names=given_names,
        family_names=family_names,
        mail_domains=("example.com", "example.org", "example.net"),
        site_names=draw_unique(
            lambda: _slug(f"{words.catch_phrase().split()[0]} {words.bs().split()[-1]}"), 16
        ),
        plans=("free", "starter", "pro", "enterprise"),
        tags=draw_unique(lambda: _slug(words.catch_phrase().split()[0]), 8),
    ), rows


def draw_default() -> Vocabulary:
    """Draw the vocabulary of ordinary worlds: Latin names, places all over the world."""
    return _draw(_LATIN)[0]


def draw_awkward() -> Vocabulary:
    """Draw the vocabulary of edge cases.

    Many scripts, long and escaped URLs, odd properties, many unknown values.
    """
    base, rows = _draw(_MANY_SCRIPTS)
    return replace(
        base,
        places=_often_unknown((*tables.PLACES, *oddities.PLACES)),
        agents=_often_unknown((*base.agents, *oddities.AGENTS)),
        acquisitions=_often_unknown((*base.acquisitions, *oddities.ACQUISITIONS)),
        pages=_odd_pages(rows),
        actions=(*base.actions, *oddities.ACTIONS.values()),
        given_names=tuple(dict.fromkeys((*base.given_names, *oddities.GIVEN_NAMES))),
        family_names=tuple(dict.fromkeys((*base.family_names, *oddities.FAMILY_NAMES))),
        mail_domains=(*base.mail_domains, *oddities.MAIL_DOMAINS),
        site_names=(*base.site_names, *oddities.SITE_NAMES),
        plans=(*base.plans, *oddities.PLANS),
        tags=(*base.tags, *oddities.TAGS),
    )


def encode(vocabulary: Vocabulary) -> bytes:
    """Encode a vocabulary as it is shipped."""
    return json.format(json.encode(vocabulary), indent=1) + b"\n"


def write() -> None:
    """Write both vocabularies into the package."""
    for name, vocabulary in (("default", draw_default()), ("awkward", draw_awkward())):
        (FOLDER / f"{name}.json").write_bytes(encode(vocabulary))


if __name__ == "__main__":
    write()
