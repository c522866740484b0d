"""What holds for every endpoint of every vendor, swept from the registry."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import msgspec
import pytest
from msgspec.structs import fields as struct_fields

from mockserver.contract.behaviors import DOCUMENTED, ByBehavior
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.contract.validation import fields
from mockserver.rows.datetimes import instant, seconds
from mockserver.rows.encoder import RowEncoder
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.server.tenancy.config import TenantConfig, make_tenant, tenant_spec
from mockserver.vendors import every
from mockserver.vendors.base import OBSERVED, Vendor
from mockserver.world.generator.tracked import Identity
from mockserver.world.world import with_identity

Pair = tuple[Vendor, Endpoint]
ENDPOINTS = [(vendor, endpoint) for vendor in every() for endpoint in vendor.contract.endpoints]
LISTS = [(vendor, endpoint) for vendor, endpoint in ENDPOINTS if endpoint.rows_path is not None]
SESSION_LISTS = [(vendor, endpoint) for vendor, endpoint in LISTS if endpoint.start_field is not None]


def name(value: Any) -> str:
    """A test id a person can read."""
    return f"{value[0].label}.{value[1].name}" if isinstance(value, tuple) else str(value)


async def session_of(mock: Any, vendor: Vendor, endpoint: Endpoint) -> dict[str, str]:
    """Values for the path parameters of an endpoint that are not its site: an existing session's id."""
    wanted = [each for each in endpoint.path if each != endpoint.site]
    if not wanted:
        return {}
    listed = next(each for each in vendor.contract.endpoints if each.start_field is not None)
    row = next(rows(mock.tenant, vendor, listed, all_rows_params(mock.tenant, listed)))[1]
    return dict.fromkeys(wanted, row["session_id"])


def instant_of(milliseconds: int) -> str:
    """A text that the setting ``now`` takes."""
    return f"{seconds([milliseconds])[0]}Z"


def unknown_keys(raw: Any, typed: Any, path: str = "$") -> Iterator[str]:
    """Where raw JSON has keys that the struct it was decoded to has not."""
    if isinstance(typed, msgspec.Struct):
        known = {field.encode_name: field.name for field in struct_fields(typed)}
        yield from (f"{path}.{key}" for key in raw if key not in known)
        for key, attribute in known.items():
            if key in raw:
                yield from unknown_keys(raw[key], getattr(typed, attribute), f"{path}.{key}")
    elif isinstance(typed, list):
        for number, (each, inner) in enumerate(zip(raw, typed, strict=True)):
            yield from unknown_keys(each, inner, f"{path}[{number}]")


def refused(vendor: Vendor, error: str) -> int:
    """The status of an error shape under the default behaviors."""
    status = vendor.contract.errors[error].status
    return (
        status.statuses[str(vendor.contract.behavior(status.behavior).default)]
        if isinstance(status, ByBehavior)
        else status
    )


def has_shape(template: Any, body: Any) -> bool:
    """Whether a body is a template with its placeholders filled in."""
    if isinstance(template, dict):
        return (
            isinstance(body, dict)
            and list(template) == list(body)
            and all(has_shape(template[key], body[key]) for key in template)
        )
    return isinstance(body, str | int) if isinstance(template, str) and "{" in template else body == template


def assert_refused(vendor: Vendor, error: str, status: int, body: bytes) -> None:
    """The answer is this error in the vendor's own shape."""
    shape = vendor.contract.errors[error]

    assert status == refused(vendor, error), body
    assert (
        body == b"" if shape.body is None else shape.text or has_shape(shape.body, msgspec.json.decode(body))
    ), body


@pytest.mark.parametrize("profile", ["default", "empty", "single", "awkward", "flowing"])
@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_answers_what_its_contract_promises(serve: Any, pair: Pair, profile: str) -> None:
    """Every answer decodes as the response struct, and has no key the struct does not know."""
    vendor, endpoint = pair
    mock = await serve(vendor, profile=profile, now="2026-10-01" if profile == "flowing" else None)
    if profile == "empty" and set(endpoint.path) - {endpoint.site}:
        return
    status, body = await mock.ask(
        vendor, endpoint, {**endpoint.example, **await session_of(mock, vendor, endpoint)}
    )
    typed: Any = msgspec.json.decode(body, type=endpoint.response)

    assert status == 200, body
    assert list(unknown_keys(msgspec.json.decode(body), typed)) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_refuses_missing_and_wrong_credentials(serve: Any, pair: Pair) -> None:
    """Without credentials, and with wrong ones, the answer is the vendor's refusal."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, arguments = mock.parts(
        vendor, endpoint, {**endpoint.example, **await session_of(mock, vendor, endpoint)}
    )
    for value, error in ((None, "missing_credential"), ("nobody's", "wrong_credential")):
        changed = {**arguments}
        if isinstance(endpoint.credentials, BodyKeys):
            key = endpoint.credentials.secret or endpoint.credentials.key
            changed["json"] = {
                each: content for each, content in arguments["json"].items() if each != key
            } | ({key: value} if value else {})
        else:
            changed["headers"] = {"Authorization": f"Bearer {value}"} if value else {}
        async with mock.client.request(endpoint.method, path, **changed) as response:
            assert_refused(vendor, error, response.status, await response.read())


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].site], ids=name)
async def test_tells_a_foreign_site_from_an_unknown_one(serve: Any, pair: Pair) -> None:
    """Another tenant's site is forbidden, one of nobody does not exist."""
    vendor, endpoint = pair
    mock = await serve(vendor, tenants={"other": {"world": {"seed": 8}}})
    session = await session_of(mock, vendor, endpoint)
    for site, error in (
        (mock.tenants["other"].names[vendor.name].sites[0][0], "forbidden"),
        ("no-such-site", "unknown_site"),
    ):
        status, body = await mock.ask(vendor, endpoint, {**session, str(endpoint.site): site})
        assert_refused(vendor, error, status, body)


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_answers_under_prefix_host_and_own_port(serve: Any, pair: Pair) -> None:
    """The same endpoint answers at the root, under the vendor's prefix, for its real host, and on its own port, on every path."""
    vendor, endpoint = pair
    mock, own = await serve(vendor), await serve(vendor, only=vendor.name)
    path, arguments = mock.parts(
        vendor, endpoint, {**endpoint.example, **await session_of(mock, vendor, endpoint)}
    )
    headers = {**arguments.pop("headers", {}), "Host": vendor.contract.hosts[0]}
    plain = {each: value for each, value in headers.items() if each != "Host"}
    bodies = []
    for client, target, sent in (
        (mock, path, plain),
        (mock, f"/{vendor.name}{path}", plain),
        (mock, path, headers),
        (own, path, plain),
    ):
        async with client.client.request(endpoint.method, target, headers=sent, **arguments) as response:
            bodies.append((response.status, await response.read()))

    assert bodies[0][0] == 200
    assert len(set(bodies)) == 1


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_wrong_method_trailing_slash_and_unknown_path_are_the_vendors(serve: Any, pair: Pair) -> None:
    """What is off the contract gets the vendor's own answer, never a bare error page."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, _ = mock.parts(vendor, endpoint, await session_of(mock, vendor, endpoint))
    for method, target, error in (
        ("DELETE", path, "wrong_method"),
        (endpoint.method, f"{path}/", "unknown_path"),
        (endpoint.method, f"/{vendor.name}/no/such/path", "unknown_path"),
    ):
        async with mock.client.request(method, target) as response:
            assert_refused(vendor, error, response.status, await response.read())


@pytest.mark.parametrize(
    ("pair", "where"),
    [*((pair, "view") for pair in ENDPOINTS), *((pair, "rows") for pair in SESSION_LISTS)],
    ids=name,
)
async def test_unexpected_exception_is_a_logged_500_in_the_vendors_shape(
    serve: Any, pair: Pair, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in a view or in the encoder of rows is a response, a log entry and a journal entry; the next request succeeds."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    parameters = {**endpoint.example, **await session_of(mock, vendor, endpoint)}

    def fail(*_: object) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        if where == "view":
            patched.setattr(vendor, "answer", fail)
        else:
            patched.setattr(RowEncoder, "encode", fail)
        status, body = await mock.ask(vendor, endpoint, parameters)
    after, _ = await mock.ask(vendor, endpoint, parameters)

    assert_refused(vendor, "internal", status, body)
    assert "ZeroDivisionError" in caplog.text
    assert [exchange.failed for exchange in mock.tenant.journal] == [True, False]
    assert after == 200


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].body], ids=name)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b'"text"', b"\xff\xfe", b"a=1&b=2", b"[" * 100_000],
    ids=range(9),
)
async def test_body_that_is_no_object_is_a_violation(serve: Any, pair: Pair, body: bytes) -> None:
    """Malformed JSON and JSON of another kind are refused in the vendor's words."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    async with mock.client.request(endpoint.method, endpoint.paths[0], data=body) as response:
        assert_refused(vendor, "violation", response.status, await response.read())


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].body], ids=name)
async def test_body_over_a_mebibyte_is_refused(serve: Any, pair: Pair) -> None:
    """413 in the vendor's shape, and the next request is answered."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    async with mock.client.request(
        endpoint.method, endpoint.paths[0], data=BytesIO(b'{"x":"' + b"x" * (1 << 20) + b'"}')
    ) as response:
        assert_refused(vendor, "too_large", response.status, await response.read())
    status, _ = await mock.ask(vendor, endpoint, dict(endpoint.example))

    assert status == 200


def wrong_values() -> Iterator[Any]:
    """Every parameter that takes a number, an object or a list, with something it is not; servers that do not check are let be."""
    for vendor, endpoint in ENDPOINTS:
        for place, model in (("query", endpoint.query), ("body", endpoint.body)):
            for field in fields(model):
                kind = str(field.type)
                wrong = "text" if "int" in kind else 5 if place == "body" else None
                if wrong is not None and not (field.lenient and field.lenient.otherwise is not None):
                    yield pytest.param(
                        (vendor, endpoint),
                        field.name,
                        wrong,
                        id=f"{vendor.label}.{endpoint.name}.{field.name}",
                    )


@pytest.mark.parametrize(("pair", "parameter", "wrong"), list(wrong_values()))
async def test_parameter_of_the_wrong_type_is_refused_by_name(
    serve: Any, pair: Pair, parameter: str, wrong: Any
) -> None:
    """The message says which parameter is wrong, where the vendor tells one."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    parameters = {**endpoint.example, **await session_of(mock, vendor, endpoint), parameter: wrong}
    status, body = await mock.ask(vendor, endpoint, parameters)

    assert_refused(vendor, endpoint.validation_error, status, body)
    assert parameter.encode() in body or "{message}" not in str(
        vendor.contract.errors[endpoint.validation_error].body
    )


def turned(
    endpoint: Endpoint, page: dict[str, Any], answer: Any, count: int, size: int
) -> dict[str, Any] | None:
    """The parameters of the next page as a careful client makes them, none after the last."""
    match endpoint.pagination:
        case OffsetPagination(offset=offset, total=str() as total) if page.get(offset, 0) + count < at(
            answer, total
        ):
            return {**page, offset: page.get(offset, 0) + count}
        case PageNumberPagination(page=number, first=first) if count == size:
            return {**page, number: page.get(number, first) + 1}
        case CursorPagination(cursor=cursor, next=path) if at(answer, path) is not None:
            return {**page, cursor: at(answer, path)}
    return None


def at(answer: Any, path: str) -> Any:
    """What stands at a dotted path."""
    for each in path.split("."):
        answer = answer[each]
    return answer


async def crawled(mock: Any, pair: Pair, size: int, site: int = 0) -> list[Any]:
    """Every row of a list, page by page over HTTP."""
    vendor, endpoint = pair
    limit = getattr(endpoint.pagination, "limit", None)
    page: dict[str, Any] | None = {
        **all_rows_params(mock.tenant, endpoint),
        **({limit: size} if limit else {}),
    }
    found: list[Any] = []
    while page is not None:
        status, body = await mock.ask(vendor, endpoint, page, site)
        assert status == 200, body
        answer = msgspec.json.decode(body)
        got = at(answer, str(endpoint.rows_path))
        found += got
        page = turned(endpoint, page, answer, len(got), size)
    return found


@pytest.mark.parametrize("profile", ["empty", "single", "page-exact", "page-plus-one", "awkward"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_pages_of_any_size_give_the_same_rows(serve: Any, pair: Pair, profile: str) -> None:
    """A crawl in pages of 100 and of 7 loses nothing, repeats nothing, and equals the expected rows."""
    vendor, endpoint = pair
    mock = await serve(vendor, profile=profile)
    expected = [row for _, row in rows(mock.tenant, vendor, endpoint, all_rows_params(mock.tenant, endpoint))]
    crawls = [await crawled(mock, pair, size) for size in (100, 7)]

    assert crawls[0] == expected
    assert crawls[1] == expected


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_pages_of_one_give_the_same_rows(serve: Any, pair: Pair) -> None:
    """A crawl row by row equals the crawl in large pages."""
    mock = await serve(pair[0], world={"sessions": 40})

    assert await crawled(mock, pair, 1) == await crawled(mock, pair, 100)


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_pages_asked_for_side_by_side_are_the_same(serve: Any, pair: Pair, profile: str) -> None:
    """Twenty pages asked for at once, here and there in the list, equal the same pages asked for one by one."""
    vendor, endpoint = pair
    queued = {behavior.name: "queue" for behavior in vendor.contract.behaviors if "queue" in behavior.options}
    here, there = [await serve(vendor, profile=profile, behaviors=queued) for _ in range(2)]
    limit = getattr(endpoint.pagination, "limit", "")
    pages = [{**all_rows_params(here.tenant, endpoint), limit: size} for size in range(1, 11)]
    match endpoint.pagination:
        case OffsetPagination(offset=number) | PageNumberPagination(page=number):
            pages += [
                {**page, number: place}
                for page, place in zip(pages, (7, 3, 60, 22, 4, 5, 1, 2, 9, 8), strict=True)
            ]
    alone = [await there.ask(vendor, endpoint, page) for page in pages]

    assert all(status == 200 for status, _ in alone)
    assert await asyncio.gather(*(here.ask(vendor, endpoint, page) for page in pages)) == alone


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("share", [1, 3])
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
def test_the_quick_way_to_a_row_says_what_the_long_one_says(pair: Pair, profile: str, share: int) -> None:
    """Rows of the seeded world are put together from ready texts; once anybody was identified they are encoded field by field: the same."""
    vendor, endpoint = pair
    made = tenant_spec(TenantConfig(profile=profile))
    now = instant_of(made.start + ((made.end or 0) - made.start) // share)
    before = make_tenant("before", TenantConfig(profile=profile, now=now))
    after = make_tenant("before", TenantConfig(profile=profile, now=now))
    for site in range(len(after.world.sites)):
        after.world = with_identity(after.world, site, Identity({"name": "Nobody"}, "nobody-we-know"))

    quick = list(rows(before, vendor, endpoint, all_rows_params(before, endpoint)))
    assert quick
    assert quick == list(rows(after, vendor, endpoint, all_rows_params(after, endpoint)))


def vendor_for(mock: Any, pairs: list[Pair]) -> list[Pair]:
    """The pairs whose dialect a tenant's vendors speak."""
    return [(vendor, endpoint) for vendor, endpoint in pairs if mock.tenant.vendors[vendor.name] is vendor]


def starts(pair: Pair, found: list[Any]) -> Counter[int]:
    """The Unix seconds at which the sessions of a list start."""
    told = [row[pair[1].start_field] for row in found]
    return Counter((instant(each) or 0) // 1000 if isinstance(each, str) else each // 1000 for each in told)


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("site", [0, 1])
@pytest.mark.parametrize("dialect", [DOCUMENTED, OBSERVED])
async def test_vendors_agree(serve: Any, profile: str, site: int, dialect: str) -> None:
    """Every list tells the same sessions of a site, and every count adds up to their number, whatever the vendors resemble."""
    mock = await serve(profile=profile, dialect=dialect)
    lists = {
        name(pair): starts(pair, await crawled(mock, pair, 100, site))
        for pair in vendor_for(mock, SESSION_LISTS)
    }
    expected = mock.tenant.world.spec.sessions
    # A series without a site counts all of them.
    for vendor, endpoint in vendor_for(mock, LISTS):
        if endpoint.count_field is not None:
            counted = sum(
                row[endpoint.count_field] for row in await crawled(mock, (vendor, endpoint), 100, site)
            )

            assert counted == expected * (1 if endpoint.site else len(mock.tenant.world.sites)), endpoint.name
    first, *others = lists.values()

    assert sum(first.values()) == expected
    assert others
    assert all(other == first for other in others)


@pytest.mark.parametrize("dialect", [DOCUMENTED, OBSERVED])
async def test_tracked_events_appear_in_every_list(serve: Any, dialect: str) -> None:
    """What one vendor takes, every vendor tells at once."""
    mock = await serve(world={"sessions": 30}, dialect=dialect)
    before = {name(pair): len(await crawled(mock, pair, 100)) for pair in vendor_for(mock, SESSION_LISTS)}
    taking = [
        (vendor, endpoint)
        for vendor, endpoint in vendor_for(mock, ENDPOINTS)
        if endpoint.method == "POST" and endpoint.rows_path is None
    ]
    for vendor, endpoint in taking:
        status, _ = await mock.ask(vendor, endpoint, dict(endpoint.example))
        assert status == 200
    after = {name(pair): len(await crawled(mock, pair, 100)) for pair in vendor_for(mock, SESSION_LISTS)}

    assert taking
    assert all(after[each] == before[each] + 1 for each in before)
