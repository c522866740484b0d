"""Sessions from a file: rows of a vendor, or definitions of sessions, as NDJSON or CSV."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

import numpy as np
from msgspec import UNSET, DecodeError, Struct, ValidationError, convert, inspect, json

from mockserver._util.suggest import suggest
from mockserver._util.validation import explain_validation_error
from mockserver.contract.validation import row_model
from mockserver.server.tenancy.settings import TenantSettings
from mockserver.vendors.base import Vendor
from mockserver.vendors.row_formats import RowEntries, RowError
from mockserver.world.generator.added import NewSession
from mockserver.world.generator.imported.batch import ImportedSessions
from mockserver.world.generator.imported.data import ImportedData
from mockserver.world.generator.imported.people import PeopleReplacer
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.query_result import FAR
from mockserver.world.model.spec import WorldError
from mockserver.world.world import Site, World, with_imported

NEUTRAL: Final = "neutral"
"""Name of the format whose rows have the fields of an added session."""
MAX_ROWS: Final = 1_000_000
_MAX_LINE: Final = 1 << 20
_BATCH: Final = 1000
"""Number of rows that are compared with the file at a time."""
_NUMERAL: Final = re.compile(r"-?\d+(\.\d+)?")


class _Line(NamedTuple):
    """A row with the number of its first line in the file."""

    number: int
    row: dict[str, Any]


def formats(vendors: Mapping[str, Vendor]) -> list[str]:
    """Return the names of all formats of a file."""
    names = [f"{vendor.name}.{endpoint}" for vendor in vendors.values() for endpoint in vendor.row_formats]
    return [*names, NEUTRAL]


def import_sessions(
    settings: TenantSettings, path: Path, form: str, *, keep_people: bool, new_ids: bool
) -> World:
    """Return the world with the sessions of a file on its first site.

    Raise :class:`WorldError` for a file, a line or a value that is invalid.
    """
    world = settings.world
    site = world.sites[0]
    read = _find_reader(settings, site, form, new_ids=new_ids)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sessions = list(_read_sessions(file, path, read, site))
    except OSError as error:
        raise WorldError(f"{path}: cannot read the file: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise WorldError(f"{path}: {error.reason} at offset {error.start}; save the file as UTF-8") from None
    if not keep_people:
        people = PeopleReplacer(world.spec.seed, site.vocabulary)
        sessions = list(map(people.replace, sessions))
    starts = np.array([session.start for session in sessions], dtype=np.int64)
    steps = np.sign(np.diff(starts))
    if steps.sum() < 0:  # The newest is the first row, so among equal starts the last row is the oldest.
        sessions.reverse()
    world = with_imported(world, 0, sessions)
    imported = world.sites[0].imported
    if imported is not None and read.warm_up is not None:
        read.warm_up(imported)
    return world


class _Reader(NamedTuple):
    model: type[Struct]
    """The type of a row."""
    read: Callable[[Any], ImportedSession]
    """Return the session of a row."""
    write: Callable[[Sequence[ImportedSession]], list[dict[str, Any]]] | None
    """Return the rows of sessions; None if they need not be equal to those of the file."""
    omits_none: bool
    ids: tuple[str, ...] = ()
    """The fields whose values may differ from the file's."""
    warm_up: Callable[[ImportedData], None] | None = None
    """Encode all rows once, so that the first crawl is as fast as later ones."""


def _find_reader(settings: TenantSettings, site: Site, form: str, *, new_ids: bool) -> _Reader:
    if form == NEUTRAL:
        return _Reader(NewSession, lambda row: _read_definition(row, site), None, omits_none=True)
    names = formats(settings.vendors)
    if form not in names:
        endpoints = [
            f"{vendor.name}.{each.name}"
            for vendor in settings.vendors.values()
            for each in vendor.contract.endpoints
        ]
        if form in endpoints:
            raise WorldError(
                f"{form} does not return a list of sessions; use {', '.join(names)}", path=("sessions_as",)
            )
        raise WorldError(
            f"unknown format {form!r} of a file with sessions; {suggest(form, names)}", path=("sessions_as",)
        )
    vendor_name, _, name = form.partition(".")
    vendor = settings.vendors[vendor_name]
    endpoint = vendor.endpoint(name)
    row_format = vendor.row_formats[name]
    encoder = row_format.encoder(settings.behaviors[vendor_name])
    entries = RowEntries(encoder, site.vocabulary, new_ids=new_ids)

    def write(sessions: Sequence[ImportedSession]) -> list[dict[str, Any]]:
        data = ImportedData(site.key, site.vocabulary, sessions)
        batch = ImportedSessions(data, np.arange(len(sessions)), {})
        written = json.decode(json.encode(encoder.rows(batch)))
        order = sorted(range(len(sessions)), key=lambda position: sessions[position].start)
        return [row for _, row in sorted(zip(order, written, strict=True), key=lambda pair: pair[0])]

    def warm_up(data: ImportedData) -> None:
        for first in range(0, len(data.sessions), _BATCH):
            index = np.arange(first, min(first + _BATCH, len(data.sessions)))
            encoder.rows(ImportedSessions(data, index, {}))

    return _Reader(
        row_model(endpoint.response, endpoint.rows_path or ""),
        lambda row: row_format.read(row, entries),
        write,
        omits_none=encoder.omit_none,
        ids=row_format.ids if new_ids else (),
        warm_up=warm_up,
    )


def _read_definition(row: Mapping[str, Any], site: Site) -> ImportedSession:
    """Return the session that a row of the neutral format defines."""
    definition = convert(row, NewSession)
    if definition.site:
        raise RowError("site", "sessions of a file belong to the first site; expected 0, or no `site`")
    events = site.make_events(definition)
    identity = definition.identity()
    attributes = events[0].attributes
    if attributes is None:  # pragma: no cover -- every event of a definition has attributes
        raise RowError("events", "unknown attributes")
    return ImportedSession(
        start=events[0].at,
        end=events[-1].at,
        user_id=definition.user_id,
        anonymous_id=definition.anonymous_id,
        name=definition.name,
        email=definition.email,
        tags=definition.tags or (),
        traits=identity.traits if identity else None,
        place=attributes.place,
        agent=attributes.agent,
        acquisition=attributes.acquisition,
        language=attributes.language,
        hostname=attributes.hostname,
        pages=tuple(event.page for event in events if event.page and event.is_pageview),
        custom_events=sum(not event.is_pageview for event in events),
        events=tuple(events),
    )


def _read_sessions(file: TextIO, path: Path, reader: _Reader, site: Site) -> Iterator[ImportedSession]:
    lines = _read_csv(file, path, reader.model) if path.suffix == ".csv" else _read_ndjson(file, path)
    seen: dict[int, int] = {}
    count = 0
    while batch := list(islice(lines, _BATCH)):
        count += len(batch)
        if count > MAX_ROWS:
            raise WorldError(f"{path}:{batch[-1].number}: too many rows; expected at most {MAX_ROWS:,}")
        sessions = [_read_session(line, path, reader) for line in batch]
        for line, session in zip(batch, sessions, strict=True):
            _check_number(f"{path}:{line.number}", line.number, session.number, seen, site)
        if reader.write is not None:
            for line, row in zip(batch, reader.write(sessions), strict=True):
                given = {**line.row, **{name: row[name] for name in reader.ids}}
                _check_same(f"{path}:{line.number}", given, row, omits_none=reader.omits_none)
        yield from sessions


def _read_session(line: _Line, path: Path, reader: _Reader) -> ImportedSession:
    try:
        convert(line.row, reader.model)
        return reader.read(line.row)
    except ValidationError as error:
        problem = explain_validation_error(line.row, reader.model) or error
        raise WorldError(f"{path}:{line.number}: {problem}") from None
    except (RowError, WorldError) as error:
        raise WorldError(f"{path}:{line.number}: {error}") from None


def _check_number(place: str, line: int, number: int | None, seen: dict[int, int], site: Site) -> None:
    """Raise :class:`WorldError` if another session has the same id."""
    if number is None:
        return
    if number in seen:
        raise WorldError(f"{place}: the session id is that of line {seen[number]}; expected a unique one")
    seen[number] = line
    if any(population.session_index(number, FAR) is not None for population in (site.people, site.bots)):
        raise WorldError(
            f"{place}: a generated session has the same id; leave out --sessions, or use another --seed"
        )


def _check_same(place: str, given: dict[str, Any], written: dict[str, Any], *, omits_none: bool) -> None:
    """Raise :class:`WorldError` unless a row would be served as it is in the file."""
    if omits_none:
        given = {name: value for name, value in given.items() if value is not None}
    if given == written:
        return
    for name, value in written.items():
        if name not in given:
            raise WorldError(f"{place}: {name}: missing; it would be served as {value!r}")
        if given[name] != value:
            raise WorldError(
                f"{place}: {name}: no session can have {given[name]!r} together with the other values of the"
                f" row; expected {value!r}"
            )
    [unknown, *_] = given.keys() - written.keys()
    raise WorldError(f"{place}: {unknown}: no row has this field with the tenant's dialect and behaviors")


def _read_ndjson(file: TextIO, path: Path) -> Iterator[_Line]:
    number = 0
    while text := file.readline(_MAX_LINE + 1):
        number += 1
        if len(text) > _MAX_LINE:
            raise WorldError(f"{path}:{number}: the line is longer than {_MAX_LINE:,} characters")
        if not text.strip():
            continue
        try:
            row = json.decode(text)
        except (DecodeError, RecursionError) as error:
            hint = "" if text.lstrip().startswith("{") else "; name a file with CSV *.csv"
            raise WorldError(f"{path}:{number}: invalid JSON: {error}{hint}") from None
        if not isinstance(row, dict):
            raise WorldError(f"{path}:{number}: expected an object with the fields of a row")
        yield _Line(number, row)


def _read_csv(file: TextIO, path: Path, model: type[Struct]) -> Iterator[_Line]:
    """Yield rows of CSV as `session-mock export` writes it: nested and boolean values are JSON."""
    parsers = _text_parsers(model)
    reader = csv.reader(file, strict=True)
    number = 1
    header: list[str] | None = None
    try:
        for texts in reader:
            if header is None:
                header = texts
                for name in header:
                    if name not in parsers:
                        raise WorldError(f"{path}:1: unknown column {name!r}; {suggest(name, parsers)}")
            elif len(texts) != len(header):
                raise WorldError(f"{path}:{number}: expected {len(header)} values, got {len(texts)}")
            else:
                row = {name: parsers[name](text) for name, text in zip(header, texts, strict=True)}
                yield _Line(number, {name: value for name, value in row.items() if value is not UNSET})
            number = reader.line_num + 1
    except csv.Error as error:
        raise WorldError(f"{path}:{number}: invalid CSV: {error}") from None


@cache
def _text_parsers(model: type[Struct]) -> dict[str, Callable[[str], Any]]:
    """Return for each field of a row the function that reads its text in a table."""
    info = inspect.type_info(model)
    assert isinstance(info, inspect.StructType)  # noqa: S101 -- of a struct
    return {field.encode_name: _text_parser(field.type) for field in info.fields}


def _text_parser(expected: inspect.Type) -> Callable[[str], Any]:
    options = expected.types if isinstance(expected, inspect.UnionType) else (expected,)
    plain = [option.type if isinstance(option, inspect.Metadata) else option for option in options]
    kinds = set(map(type, plain))
    is_optional = inspect.NoneType in kinds
    is_text = inspect.StrType in kinds
    numbers = {inspect.IntType, inspect.FloatType} & kinds

    def parse(text: str) -> Any:
        if not text and is_optional:
            return None
        if not text and not is_text:
            return UNSET  # The row does not have the field.
        if is_text and not (numbers and _NUMERAL.fullmatch(text)):
            return text
        try:
            return json.decode(text)
        except DecodeError:
            return text

    return parse
