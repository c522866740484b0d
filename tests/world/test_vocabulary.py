"""Vocabularies are consistent and name nothing real."""

import re
from collections import defaultdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from msgspec import to_builtins

from mockserver.world.model.locales import localized_vocabulary
from mockserver.world.model.vocabulary import Vocabulary, load

RESERVED = (".example", ".test", ".invalid", ".localhost", ".example.com", ".example.org", ".example.net")
KNOWN_CHANNELS = {  # Search engines and networks that channels are made of.
    "www.google.com": "Search",
    "www.bing.com": "Search",
    "duckduckgo.com": "Search",
    "search.yahoo.com": "Search",
    "www.ecosia.org": "Search",
    "www.facebook.com": "Social",
    "www.linkedin.com": "Social",
    "t.co": "Social",
    "www.instagram.com": "Social",
    "www.reddit.com": "Social",
    "www.youtube.com": "Video",
    "news.ycombinator.com": "Referral",
}
vocabularies = pytest.mark.parametrize(
    "words",
    [load("default"), load("awkward"), localized_vocabulary(["de_DE", "ja_JP"])],
    ids=["default", "awkward", "drawn"],
)


def texts(value: Any) -> list[str]:
    """Yield every text in a value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for each in pair for text in texts(each)]
        case list() | tuple():
            return [text for each in value for text in texts(each)]
    return []


def is_reserved(host: str) -> bool:
    """Return True if a host can belong to no one."""
    return f".{host}".endswith(RESERVED)


@vocabularies
def test_vocabulary_position_0_is_unknown(words: Vocabulary) -> None:
    unknown = (words.places[0], words.agents[0], words.acquisitions[0], words.pages[0])

    assert {text for entry in unknown for text in to_builtins(entry).values() if isinstance(text, str)} == {
        ""
    }
    assert words.pages[0].entry_weight == 0
    assert len({bool(entry.weight) for entry in unknown[:3]}) == 1
    assert sum(place.weight for place in words.places[1:]) > 0


@vocabularies
def test_vocabulary_places_are_consistent(words: Vocabulary) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for place in words.places[1:]:
        offset = ZoneInfo(place.time_zone).utcoffset(datetime(2026, 1, 15, tzinfo=UTC))
        names[place.country].add(place.country_name)
        names[place.region_code].add(place.region)

        assert re.fullmatch(rf"{place.country}-[A-Z0-9]{{1,3}}", place.region_code)
        assert re.fullmatch(rf"[a-z]{{2}}-{place.country}", place.language)
        assert offset is not None
        hours = offset.total_seconds() / 3600
        assert min(abs(hours - place.longitude / 15), abs(hours - 24 - place.longitude / 15)) < 2.5
        assert -90 < place.latitude < 90
        assert place.city

    assert {name: several for name, several in names.items() if len(several) > 1} == {}
    assert len({(place.latitude, place.longitude) for place in words.places}) == len(words.places)


@vocabularies
def test_vocabulary_agents_are_existing_combinations(words: Vocabulary) -> None:
    devices = {"Windows": {"desktop"}, "macOS": {"desktop"}, "Linux": {"desktop"}, "ChromeOS": {"desktop"}}
    phones = {"iOS": {"mobile", "tablet"}, "Android": {"mobile", "tablet"}}
    systems = {"Safari": {"iOS", "macOS"}, "Samsung Internet": {"Android"}, "Edge": {"Windows", "macOS"}}
    for agent in words.agents[1:]:
        assert agent.device in {**devices, **phones}[agent.os]
        assert agent.os in systems.get(agent.browser, {agent.os})
        assert (agent.screen_width > agent.screen_height) == (agent.device == "desktop")
        assert agent.browser_version.isdigit()

    assert not {agent.browser for agent in words.bots} & {agent.browser for agent in words.agents}
    assert sum(bot.weight for bot in words.bots) > 0


@vocabularies
def test_vocabulary_acquisitions_are_consistent(words: Vocabulary) -> None:
    mediums = {
        "Email": "email",
        "Paid Search": "cpc",
        "Paid Social": "paid_social",
        "Paid Video": "paid_video",
    }
    mediums |= {"Display": "display", "Affiliate": "affiliate", "Referral": "referral"}
    for each in words.acquisitions[1:]:
        utm = (each.utm_source, each.utm_medium, each.utm_campaign)
        host = urlsplit(each.referrer).hostname or ""
        assert all(utm) or not any((*utm, each.utm_term, each.utm_content))
        assert not any(utm) or each.utm_medium.lower() == mediums[each.channel]
        assert any(utm) or each.channel in {"Direct", "Referral"} or each.channel.startswith("Organic")
        assert bool(each.referrer) == (each.channel not in {"Direct", "Email"})
        assert each.channel.split(" ")[-1] in {
            KNOWN_CHANNELS.get(host, "Referral"),
            "Direct",
            "Email",
            "Display",
            "Affiliate",
        }
        assert (
            not any(utm)
            or each.utm_source.lower() in host
            or each.channel in {"Email", "Display", "Affiliate", "Referral"}
        )


@vocabularies
def test_vocabulary_page_links_lead_to_pages(words: Vocabulary) -> None:
    reached = {number for number, page in enumerate(words.pages) if page.entry_weight}
    for _ in words.pages:
        reached |= {link for number in reached for link in words.pages[number].links}
    urls = [page.path + page.querystring for page in words.pages]

    assert len(set(urls)) == len(urls)
    assert all(url.startswith("/") and len(url) <= 2048 and url.isascii() for url in urls[1:])
    assert all(0 < link < len(words.pages) for page in words.pages for link in page.links)
    assert all(0 <= action < len(words.actions) for page in words.pages for action in page.actions)
    assert len({(len(page.links), len(page.actions)) for page in words.pages}) == 1
    assert reached == set(range(1, len(words.pages)))


@vocabularies
def test_vocabulary_has_every_kind_of_action(words: Vocabulary) -> None:
    assert {action.kind for action in words.actions} == {"custom_event", "outbound", "error"}
    assert all(bool(action.name) == (action.kind != "outbound") for action in words.actions)
    assert all("url" in action.properties for action in words.actions if action.kind == "outbound")
    assert all("message" in action.properties for action in words.actions if action.kind == "error")


@vocabularies
def test_vocabulary_hosts_are_reserved(words: Vocabulary) -> None:
    rest = to_builtins(
        {name: getattr(words, name) for name in words.__struct_fields__ if name != "acquisitions"}
    )
    hosts = {
        urlsplit(url).hostname or ""
        for text in texts(rest)
        for url in re.findall(r"https?://[^\s\"'<>]+", text)
    }
    referrers = {urlsplit(each.referrer).hostname or "" for each in words.acquisitions if each.referrer}

    assert {host for host in hosts if not is_reserved(host)} == set()
    assert {host for host in referrers if not is_reserved(host)} <= set(KNOWN_CHANNELS)
    assert all(is_reserved(domain) for domain in words.mail_domains)
    assert [text for text in texts(rest) if re.search(r"[\w.]@[\w-]+\.\w", text)] == []


@vocabularies
def test_vocabulary_names_are_many_and_distinct(words: Vocabulary) -> None:
    for several, least in (
        (words.given_names, 20),
        (words.family_names, 20),
        (words.site_names, 16),
        (words.plans, 4),
        (words.tags, 8),
        (words.mail_domains, 3),
    ):
        assert len(set(several)) == len(several) >= least

    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) for name in words.site_names)
    assert len(words.tags) < 60


def test_load_vocabulary_twice_returns_same_object() -> None:
    shipped = sorted(file.name for file in (files("mockserver.world.model") / "vocabularies").iterdir())

    assert load("default") is load("default")
    assert shipped == ["awkward.json", "default.json"]
