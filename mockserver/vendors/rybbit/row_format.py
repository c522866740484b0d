"""Reading of rows of the list of sessions."""

from collections.abc import Mapping
from typing import Final

from mockserver.rows.columns import Column
from mockserver.rows.datetimes import parse_instant
from mockserver.vendors.row_formats import Row, RowEntries, RowError, RowFormat, check_events
from mockserver.vendors.rybbit.rows import FORMAT_BEHAVIORS, build_encoder
from mockserver.vendors.rybbit.values.formatting import is_device_id, parse_session_id
from mockserver.world.generator.imported.session import ImportedSession, walk_pages
from mockserver.world.model.countries import place_of_country
from mockserver.world.model.vocabulary import Acquisition, Agent, Place

_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def _read(row: Row, entries: RowEntries) -> ImportedSession:
    number = parse_session_id(row["session_id"])
    visitor = int(row["user_id"], 16) if is_device_id(row["user_id"]) else None
    start, end = _parse_time(row, "session_start"), _parse_time(row, "session_end")
    pageviews = row["pageviews"]
    count = pageviews + row["events"] + row["errors"] + row["outbound"]
    check_events("pageviews, events, errors, outbound", count, start, end)
    entry, last = (entries.page(row[name]) for name in ("entry_page", "exit_page"))
    traits = row["traits"]
    return ImportedSession(
        start=start,
        end=end,
        number=entries.number(row, "session_id", number, "14 hexadecimal digits", 56),
        visitor=entries.number(row, "user_id", visitor, "12 hexadecimal digits", 48),
        user_id=row["identified_user_id"] or None,
        name=_text(traits, "name"),
        email=_text(traits, "email"),
        traits=traits,
        ip=row["ip"],
        place=entries.place(row, _make_place),
        agent=entries.agent(row, _make_agent),
        acquisition=entries.acquisition(row, _make_acquisition),
        language=row["language"],
        hostname=row["hostname"],
        pages=walk_pages(entries.vocabulary, pageviews, entry, last),
        custom_events=row["events"],
        errors=row["errors"],
        outbounds=row["outbound"],
    )


def _text(traits: Mapping[str, object] | None, name: str) -> str | None:
    value = (traits or {}).get(name)
    return None if value is None else str(value)


def _parse_time(row: Row, field: str) -> int:
    instant = parse_instant(row[field])
    if instant is None:
        raise RowError(field, f"{row[field]!r} is not a time; expected one such as 2026-09-10T08:00:00.000Z")
    return instant


def _make_place(row: Row) -> Place:
    """Return a place outside of the vocabularies, of which the name of the region is known, or its code."""
    code = row["country"].strip("\0")
    known = place_of_country(code)
    if code and known is None:
        raise RowError("country", f"unknown code {code!r}; expected one of ISO 3166-1 alpha-2")
    return Place(
        country=code,
        country_name=known.country_name if known else "",
        region_code=row["region"],
        region=row["region"],
        city=row["city"],
        latitude=row["lat"],
        longitude=row["lon"],
        time_zone=row.get("timezone") or (known.time_zone if known else ""),
        language=row["language"],
        weight=0,
    )


def _make_agent(row: Row) -> Agent:
    return Agent(
        device=row["device_type"].lower(),
        os=row["operating_system"],
        os_version=str(row["operating_system_version"]),
        browser=row["browser"],
        browser_version=str(row["browser_version"]),
        screen_width=row["screen_width"],
        screen_height=row["screen_height"],
        weight=0,
    )


def _make_acquisition(row: Row) -> Acquisition:
    utm = {name: row[name] for name in _UTM}
    return Acquisition(row["channel"], row["referrer"], **utm, weight=0)


def build_row_formats(extra_columns: tuple[Column, ...]) -> Mapping[str, RowFormat]:
    """Return the formats of a dialect, whose rows have *extra_columns*."""
    return {
        "list_sessions": RowFormat(
            lambda behaviors: build_encoder(FORMAT_BEHAVIORS(behaviors), extra_columns),
            ("session_id", "user_id"),
            _read,
        )
    }
