"""Reading of rows of an export."""

from collections.abc import Mapping
from typing import Any, Final

from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.browsee.views import build_encoder
from mockserver.vendors.row_formats import Row, RowEntries, RowError, RowFormat, check_events, make_agent
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.model.countries import country_codes, place_of_country
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place

_NEEDED: Final = ("timestamp", "duration", "urls", "eventCount")
_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def _encoder(behaviors: Mapping[str, Any]) -> RowEncoder:
    return build_encoder((), behaviors["country"], behaviors["no_value"])


def _read(row: Row, entries: RowEntries) -> ImportedSession:
    for name in _NEEDED:
        if row.get(name) is None:
            raise RowError(name, "missing; expected a row of an export without `select`")
    start, end = row["timestamp"], row["timestamp"] + row["duration"]
    check_events("urls, eventCount", len(row["urls"]) + row["eventCount"], start, end)
    host = row.get("domain") or ""
    place = entries.place(row, _make_place)
    traits = {name: row[name] for name in ("name", "email") if row.get(name) is not None}
    return ImportedSession(
        start=start,
        end=end,
        user_id=row.get("userId"),
        name=row.get("name"),
        email=row.get("email"),
        tags=row.get("tags") or (),
        traits=traits or None,
        ip=row.get("ip") or "",
        place=place,
        agent=entries.agent(row, _make_agent),
        acquisition=entries.acquisition(row, _make_acquisition),
        language=place.language,
        hostname=host,
        pages=tuple(_parse_url(url, host, entries) for url in row["urls"]),
        custom_events=row["eventCount"],
        inactive=row.get("inactiveTime"),
    )


def _parse_url(url: str, host: str, entries: RowEntries) -> Page:
    origin = f"https://{host}"
    path, mark, query = url.removeprefix(origin).partition("?")
    if not url.startswith(f"{origin}/"):
        raise RowError("urls", f"{url[:80]!r} does not begin with {origin}/, the domain of the row")
    return entries.page(path, mark + query)


def _make_place(row: Row) -> Place:
    """Return a place outside of the vocabularies; only its country and its city are known."""
    given = row.get("country") or ""
    known = place_of_country(country_codes().get(given, given))
    if known is None:
        raise RowError("country", f"unknown country {given!r}; expected a name of the CLDR, or an ISO code")
    return Place(
        country=known.country,
        country_name=known.country_name,
        region_code="",
        region="",
        city=row.get("city") or "",
        latitude=known.latitude,
        longitude=known.longitude,
        time_zone=known.time_zone,
        language=known.language,
        weight=0,
    )


def _make_agent(row: Row) -> Agent:
    return make_agent(row.get("device") or "", row.get("os") or "", row.get("browser") or "")


def _make_acquisition(row: Row) -> Acquisition:
    referrer = row.get("referrer")
    utm = {name: row.get(name) or "" for name in _UTM}
    channel = "Referral" if referrer and not any(utm.values()) else ""
    return Acquisition(channel, f"https://{referrer}/" if referrer else "", **utm, weight=0)


ROW_FORMATS: Final[Mapping[str, RowFormat]] = {"export_sessions": RowFormat(_encoder, (), _read)}
