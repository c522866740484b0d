"""All countries of ISO 3166-1, for places that a user or a file names and no vocabulary has."""

from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct, json

from mockserver.world.model.vocabulary import Place

FILE: Final = Path(__file__).with_suffix(".json")


class Country(Struct, frozen=True):
    """A country, with the coordinates and the time zone of its first city in the IANA database."""

    name: str
    latitude: float
    longitude: float
    time_zone: str
    language: str
    """The likeliest one, such as ``de-DE``."""


@cache
def load_countries() -> dict[str, Country]:
    """Return the countries by ISO 3166-1 alpha-2 code."""
    return json.decode(FILE.read_bytes(), type=dict[str, Country])


@cache
def place_of_country(code: str, *, weight: int = 0) -> Place | None:
    """Return the place of which only the country is known, None for an unknown code."""
    country = load_countries().get(code)
    if country is None:
        return None
    return Place(
        country=code,
        country_name=country.name,
        region_code="",
        region="",
        city="",
        latitude=country.latitude,
        longitude=country.longitude,
        time_zone=country.time_zone,
        language=country.language,
        weight=weight,
    )


@cache
def country_codes() -> dict[str, str]:
    """Return the code of each country by its name."""
    return {country.name: code for code, country in load_countries().items()}
