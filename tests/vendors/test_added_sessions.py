"""A session that a test adds is returned by every endpoint of every vendor that returns sessions."""

import json
from typing import Any

import pytest
from msgspec import convert

from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.validation import fields
from mockserver.rows.datetimes import DAY, format_seconds
from mockserver.server.expected.rows import all_rows_params, row_of_session, rows
from mockserver.world.generator.added import NewSession
from mockserver.world.generator.tracked import TrackedEvent, TrackedSession
from mockserver.world.model.query import Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START
from mockserver.world.world import with_events, with_session
from tests.vendors.test_every_endpoint import ENDPOINTS, LISTS, SESSION_LISTS, Pair, name

START = DEFAULT_START + 9 * DAY
FIELDS: dict[str, Any] = {
    "start": START,
    "country": "DE",
    "city": "Munich",
    "device": "mobile",
    "channel": "Email",
    "utm_source": "news",
    "utm_medium": "email",
    "utm_campaign": "june",
    "utm_term": "term",
    "utm_content": "content",
    "referrer": "https://mail.example/",
    "pages": ["/pricing?x=1", "/docs"],
    "events": [["signup", {"plan": "pro"}]],
    "user_id": "u-1",
}
PROFILES = ["default", "empty"]


def field_names(endpoint: Endpoint) -> set[str]:
    """Return the names of the parameters in query and body."""
    return {field.name for model in (endpoint.query, endpoint.body) for field in fields(model)}


DAY_FIELDS = {"start_date", "end_date"}
SEGMENT_FIELDS = {"segmentId", "segment_id"}
FILTERED = [pair for pair in ENDPOINTS if pair[1].filtered_example]
SEGMENTED = [pair for pair in LISTS if SEGMENT_FIELDS & field_names(pair[1]) - {*pair[1].ignored_params}]
VALUES = {
    "country": "DE",
    "region": "Bavaria",
    "city": "Munich",
    "language": "de-DE",
    "device": "mobile",
    "os": "iOS",
    "browser": "Safari",
    "channel": "Email",
    "referrer": "https://mail.example/",
    "utm_source": "news",
    "utm_medium": "email",
    "utm_campaign": "june",
    "entry_page": "/pricing",
    "exit_page": "/docs",
    "page": "/docs",
    "event": "signup",
    "identified": True,
    "returning": False,
    "bounce": False,
}
OTHERS = {
    field: not value if isinstance(value, bool) else f"{value}-other" for field, value in VALUES.items()
}


def add(mock: Any, **fields: Any) -> TrackedSession:
    """Add a session to the first site of the first tenant."""
    mock.tenant.world, session = with_session(mock.tenant.world, convert({**FIELDS, **fields}, NewSession))
    return session


def expect(mock: Any, pair: Pair, parameters: dict[str, Any] | None = None) -> list[Any]:
    """Return the expected rows of a list, by default all."""
    params = all_rows_params(mock.tenant, pair[1]) | (parameters or {})
    return [row for _, row in rows(mock.tenant, *pair, params)]


async def ask(mock: Any, pair: Pair, parameters: dict[str, Any]) -> list[Any]:
    """Return the rows of the first page of a list."""
    status, body = await mock.ask(*pair, all_rows_params(mock.tenant, pair[1]) | parameters)
    assert status == 200, body
    found: list[Any] = get_at(json.loads(body), pair[1].rows_path)
    return found


def window(endpoint: Endpoint, start: int, end: int) -> dict[str, Any]:
    """Return the parameters of the first time window of an endpoint."""
    names = endpoint.time_windows[0]
    first, last, ending = format_seconds([start, end - DAY, end], suffix="Z")
    if names.length is not None:
        return {str(names.end): ending, names.length: (end - start) // DAY}
    if names.start in DAY_FIELDS:
        return {names.start: first[:10], str(names.end): last[:10], **_zone(endpoint)}
    return {str(names.start): start // 1000, str(names.end): end // 1000}


def _zone(endpoint: Endpoint) -> dict[str, str]:
    return dict.fromkeys({"time_zone", "timezone"} & field_names(endpoint), "UTC")


def count(pair: Pair, found: list[Any]) -> int:
    """Return the number of sessions that rows represent."""
    return sum(row[pair[1].count_field] for row in found) if pair[1].count_field else len(found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_added_session_is_one_more_row_of_every_list(serve: Any, pair: Pair, profile: str) -> None:
    mock = await serve(pair[0], profile=profile)
    before = expect(mock, pair)
    session = add(mock)
    row = row_of_session(mock.tenant, pair, 0, session)
    after = expect(mock, pair)

    assert row in after
    assert [each for each in after if each != row] == before
    if pair[1].time_windows:
        assert row in await ask(mock, pair, window(pair[1], START, START + DAY))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].time_windows], ids=name)
async def test_added_session_counts_only_within_its_window(serve: Any, pair: Pair, profile: str) -> None:
    mock = await serve(pair[0], profile=profile)
    windows = [window(pair[1], START + days * DAY, START + (days + 1) * DAY) for days in (-1, 0, 1)]
    before = [count(pair, await ask(mock, pair, each)) for each in windows]
    add(mock)
    after = [count(pair, await ask(mock, pair, each)) for each in windows]

    assert [now - then for now, then in zip(after, before, strict=True)] == [0, 1, 0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("pair", FILTERED, ids=name)
async def test_added_session_is_found_by_filters_that_it_meets(serve: Any, pair: Pair, profile: str) -> None:
    """The filters are a country or region, a browser and a page."""
    mock = await serve(pair[0], profile=profile)
    meeting: dict[str, Any] = {
        "country": "US",
        "region": "California",
        "city": None,
        "browser": "Chrome",
        "device": None,
    }
    meeting["pages"] = ["/pricing"]
    counts = [count(pair, expect(mock, pair, dict(pair[1].filtered_example)))]
    others: tuple[dict[str, Any], ...] = (
        {},
        {"country": "CA", "region": None},
        {"browser": "Firefox"},
        {"pages": ["/docs"]},
    )
    for number, other in enumerate(others):
        add(mock, **{**meeting, **other}, user_id=f"u-{number}")
        counts.append(count(pair, expect(mock, pair, dict(pair[1].filtered_example))))

    assert [each - counts[0] for each in counts] == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("pair", SEGMENTED, ids=name)
async def test_added_session_is_in_segments_that_it_meets(serve: Any, pair: Pair, profile: str) -> None:
    segments = {field: {field: value} for field, value in VALUES.items()}
    segments |= {f"other-{field}": {field: value} for field, value in OTHERS.items()}
    mock = await serve(pair[0], profile=profile, world={"segments": segments})
    identifiers = mock.tenant.identifiers[pair[0].name].segments
    [field] = SEGMENT_FIELDS & field_names(pair[1])

    def count_each() -> dict[str, int]:
        return {
            segment: count(pair, expect(mock, pair, {field: identifiers[segment]})) for segment in segments
        }

    before = count_each()
    add(mock)
    after = count_each()

    assert {segment: after[segment] - before[segment] for segment in segments} == {
        **dict.fromkeys(VALUES, 1),
        **{f"other-{field}": 0 for field in OTHERS},
    }


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if set(pair[1].path) - {pair[1].site}], ids=name)
async def test_added_session_has_details(serve: Any, pair: Pair, profile: str) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor, profile=profile)
    session = add(mock)
    listing = next(each for each in vendor.contract.endpoints if each.start_field)
    row = row_of_session(mock.tenant, (vendor, listing), 0, session)
    parameters = dict.fromkeys(set(endpoint.path) - {endpoint.site}, row[listing.row_key[0]])
    status, body = await mock.ask(vendor, endpoint, parameters)

    assert status == 200, body
    assert json.dumps(row[listing.row_key[0]]) in body.decode()
    if any("events." in field.name for field in fields(endpoint.response, deep=True)):
        assert [body.count(text) > 0 for text in (b'"signup"', b"pro", b"/pricing", b"/docs")] == [True] * 4
    mock.tenant.clock.freeze(START - 1)
    assert (await mock.ask(vendor, endpoint, parameters))[0] == 404


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].count_field], ids=name)
async def test_added_session_is_counted_by_every_list_of_numbers(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    before = count(pair, expect(mock, pair))
    add(mock)

    assert count(pair, expect(mock, pair)) == before + 1


@pytest.mark.parametrize("start", [DEFAULT_START - 400 * DAY, DEFAULT_END + 400 * DAY])
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_session_outside_of_world_is_in_all_rows_once_it_has_started(
    serve: Any, pair: Pair, start: int
) -> None:
    mock = await serve(pair[0], profile="single")
    session = add(mock, start=start)
    row = row_of_session(mock.tenant, pair, 0, session)

    assert (row in expect(mock, pair)) == (start < DEFAULT_END)
    mock.tenant.clock.freeze(DEFAULT_END + 401 * DAY)
    assert row in expect(mock, pair)


def test_filter_values_cover_every_filter_but_host() -> None:
    """The hosts of a site depend on the seed."""
    assert {*VALUES, "hostname"} == set(FILTERS)


PREFIX = "filter_"
PREFIXED = [
    (pair, field)
    for pair in SESSION_LISTS
    for field in sorted(field_names(pair[1]))
    if field.startswith(PREFIX)
]


@pytest.mark.parametrize(("pair", "field"), PREFIXED, ids=name)
async def test_added_session_is_found_by_every_filter_of_the_query(
    serve: Any, pair: Pair, field: str
) -> None:
    """Dialects have other names of devices, browsers and systems, which their rows show."""
    mock = await serve(pair[0], profile="empty")
    filtered = field.removeprefix(PREFIX)
    host = mock.tenant.world.sites[0].hostnames[0]
    row = row_of_session(mock.tenant, pair, 0, add(mock))
    texts = {**VALUES, "hostname": host, "referrer": "mail.example", "page": "/pricing"}
    value = str(row.get(filtered) or row.get(f"{filtered}_type") or texts[filtered])
    found = [await ask(mock, pair, {field: text}) for text in (value, f"{value}-other")]

    assert found == [[row], []]


@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_event_of_generated_visitor_is_that_visitor_at_every_vendor(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    batch = mock.tenant.world.sites[0].find(Query(), DEFAULT_END).page(0, 100).batches[0]
    position, user = next(item for item in enumerate(batch.user_ids) if item[1])
    before = expect(mock, pair)
    event = TrackedEvent(DEFAULT_START - DAY, "sent", user_id=user)
    mock.tenant.world = with_events(mock.tenant.world, 0, [event])
    [tracked] = [row for row in expect(mock, pair) if row not in before]
    mock.tenant.world = mock.tenant.world.replace_site(
        mock.tenant.world.sites[0].with_only(batch.ids[position])
    )
    [generated] = expect(mock, pair)

    assert pair[1].visitor_field in generated
    for field in {str(pair[1].visitor_field), *VISITOR_FIELDS} & generated.keys():
        assert tracked[field] == generated[field], field


@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_generated_session_grows_by_event_of_its_visitor(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    batch = mock.tenant.world.sites[0].find(Query(), DEFAULT_END).page(0, 100).batches[0]
    position, user = next(item for item in enumerate(batch.user_ids) if item[1])
    before = expect(mock, pair)
    event = TrackedEvent(batch.end[position] + 60_000, "sent", user_id=user)
    mock.tenant.world = with_events(mock.tenant.world, 0, [event])
    after = expect(mock, pair)
    old_row, new_row = (
        [row for row in some if row not in others] for some, others in ((before, after), (after, before))
    )

    assert len(after) == len(before)
    assert len(old_row) == len(new_row) == 1
    for field in (*pair[1].row_key, pair[1].start_field, pair[1].visitor_field):
        assert old_row[0][field] == new_row[0][field]


VISITOR_FIELDS = ("name", "email", "tags", "traits", "identified_user_id", "ip", "country", "city", "browser")
