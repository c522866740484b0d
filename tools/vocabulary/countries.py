"""Write the table of all countries: codes, coordinates and zones of the IANA database, names of the CLDR.

``make vocabulary`` runs it.
"""

import re
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from msgspec import json

from mockserver.world.model.countries import FILE, Country

_DEGREES = re.compile(r"([+-])(\d{2,3})(\d\d)(\d\d)?")


def _read_degrees(text: str) -> list[float]:
    """Return latitude and longitude of a text such as ``+5230+01322``."""
    return [
        round(float(f"{sign}1") * (int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600), 4)
        for sign, degrees, minutes, seconds in _DEGREES.findall(text)
    ]


def _find_language(code: str) -> str:
    try:
        return f"{Locale.parse(f'und_{code}').language}-{code}"
    except (UnknownLocaleError, ValueError):
        return f"en-{code}"


def main() -> None:
    """Write one country per line."""
    names = {**Locale("en").territories, "TR": "Turkey"}  # As in the vocabularies.
    countries: dict[str, Country] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, place, zone = line.split("\t")[:3]
        latitude, longitude = _read_degrees(place)
        countries.setdefault(code, Country(names[code], latitude, longitude, zone, _find_language(code)))
    lines = [f'"{code}": {json.encode(country).decode()}' for code, country in sorted(countries.items())]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
