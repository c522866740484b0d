"""Properties of every endpoint of every vendor in the registry."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any, get_args

import msgspec
import pytest
from msgspec import to_builtins
from msgspec.structs import fields as struct_fields

from mockserver.contract.behaviors import DOCUMENTED, ByBehavior
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import Bearer, BodyKeys
from mockserver.contract.validation import Field, fields, read
from mockserver.rows.datetimes import format_seconds, parse_instant
from mockserver.rows.encoder import RowEncoder
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant, tenant_spec
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.expected.rows import rows as expected_rows
from mockserver.vendors import load_dialects
from mockserver.vendors.base import OBSERVED, Vendor
from mockserver.world.generator.tracked import Identity
from mockserver.world.world import with_identity
from tests.support.pages import walk_pages, with_page_number, with_page_size

Pair = tuple[Vendor, Endpoint]
ENDPOINTS = [(vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints]
LISTS = [(vendor, endpoint) for vendor, endpoint in ENDPOINTS if endpoint.rows_path is not None]
SESSION_LISTS = [(vendor, endpoint) for vendor, endpoint in LISTS if endpoint.start_field is not None]


def name(value: Any) -> str:
    """Return a readable test id."""
    return f"{value[0].label}.{value[1].name}" if isinstance(value, tuple) else str(value)


async def session_params(mock: Any, vendor: Vendor, endpoint: Endpoint) -> dict[str, str]:
    """Return an existing session's id for each path parameter of an endpoint that is not its site."""
    parameters = [parameter for parameter in endpoint.path if parameter != endpoint.site]
    if not parameters:
        return {}
    session_list = next(each for each in vendor.contract.endpoints if each.start_field is not None)
    params = all_rows_params(mock.tenant, session_list)
    _, row = next(expected_rows(mock.tenant, vendor, session_list, params))
    return dict.fromkeys(parameters, row[session_list.row_key[0]])


def format_now(milliseconds: int) -> str:
    """Return an instant in the format of the setting ``now``."""
    return f"{format_seconds([milliseconds])[0]}Z"


def unknown_keys(raw: Any, typed: Any, path: str = "$") -> Iterator[str]:
    """Yield the paths of keys in raw JSON that are not fields of the struct it was decoded to."""
    if isinstance(typed, msgspec.Struct):
        known = {field.encode_name: field.name for field in struct_fields(typed)}
        yield from (f"{path}.{key}" for key in raw if key not in known)
        for key, attribute in known.items():
            if key in raw:
                yield from unknown_keys(raw[key], getattr(typed, attribute), f"{path}.{key}")
    elif isinstance(typed, list):
        for number, (each, inner) in enumerate(zip(raw, typed, strict=True)):
            yield from unknown_keys(each, inner, f"{path}[{number}]")


def default_status(vendor: Vendor, error: str) -> int:
    """Return the status of an error under the default behaviors."""
    status = vendor.contract.errors[error].status
    if isinstance(status, ByBehavior):
        return status.statuses[str(vendor.contract.behavior(status.behavior).default)]
    return status


def matches_template(template: Any, body: Any) -> bool:
    """Return True if a body is a template with its placeholders filled in."""
    if isinstance(template, dict):
        return (
            isinstance(body, dict)
            and list(template) == list(body)
            and all(matches_template(template[key], body[key]) for key in template)
        )
    return isinstance(body, str | int) if isinstance(template, str) and "{" in template else body == template


def assert_error(vendor: Vendor, error: str, status: int, body: bytes) -> None:
    """Assert that a response is an error in the vendor's format."""
    template = vendor.contract.errors[error]

    assert status == default_status(vendor, error), body
    if template.body is None:
        assert body == b""
    elif not template.text:
        assert matches_template(template.body, msgspec.json.decode(body)), body


@pytest.mark.parametrize("profile", ["default", "empty", "single", "awkward", "flowing"])
@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_response_of_every_endpoint_has_exactly_the_fields_of_its_struct(
    serve: Any, pair: Pair, profile: str
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor, profile=profile, now="2026-10-01" if profile == "flowing" else None)
    if profile == "empty" and set(endpoint.path) - {endpoint.site}:
        return
    status, body = await mock.ask(
        vendor, endpoint, {**endpoint.example, **await session_params(mock, vendor, endpoint)}
    )
    typed: Any = msgspec.json.decode(body, type=endpoint.response)

    assert status == 200, body
    assert list(unknown_keys(msgspec.json.decode(body), typed)) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_missing_and_wrong_credentials_get_vendor_error(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, arguments = mock.parts(
        vendor, endpoint, {**endpoint.example, **await session_params(mock, vendor, endpoint)}
    )
    for value, error in ((None, "missing_credential"), ("unknown", "wrong_credential")):
        changed = {**arguments}
        if isinstance(endpoint.credentials, BodyKeys):
            key = endpoint.credentials.secret or endpoint.credentials.key
            changed["json"] = {
                name: content for name, content in arguments["json"].items() if name != key
            } | ({key: value} if value else {})
        else:
            changed["headers"] = {"Authorization": f"Bearer {value}"} if value else {}
        async with mock.client.request(endpoint.method, path, **changed) as response:
            assert_error(vendor, error, response.status, await response.read())


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].site], ids=name)
async def test_site_of_another_tenant_is_forbidden_and_unknown_site_is_not_found(
    serve: Any, pair: Pair
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor, tenants={"other": {"world": {"seed": 8}}})
    session = await session_params(mock, vendor, endpoint)
    for site, error in (
        (mock.tenants["other"].identifiers[vendor.name].sites[0][0], "forbidden"),
        ("no-such-site", "unknown_site"),
    ):
        status, body = await mock.ask(vendor, endpoint, {**session, str(endpoint.site): site})
        assert_error(vendor, error, status, body)


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_endpoint_responds_the_same_at_root_prefix_host_and_own_port(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    own_port = await serve(vendor, only=vendor.name)
    path, arguments = mock.parts(
        vendor, endpoint, {**endpoint.example, **await session_params(mock, vendor, endpoint)}
    )
    headers = arguments.pop("headers", {})
    headers_with_host = {**headers, "Host": vendor.contract.hosts[0]}
    responses = []
    for client, target, sent_headers in (
        (mock, path, headers),
        (mock, f"/{vendor.name}{path}", headers),
        (mock, path, headers_with_host),
        (own_port, path, headers),
    ):
        async with client.client.request(
            endpoint.method, target, headers=sent_headers, **arguments
        ) as response:
            responses.append((response.status, await response.read()))

    assert responses[0][0] == 200
    assert len(set(responses)) == 1


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_wrong_method_trailing_slash_and_unknown_path_get_vendor_error(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, _ = mock.parts(vendor, endpoint, await session_params(mock, vendor, endpoint))
    wrong_method = "missing_credential" if vendor.contract.authenticates_first else "wrong_method"
    for method, target, error in (
        ("DELETE", path, wrong_method),
        (endpoint.method, f"{path}/", "unknown_path"),
        (endpoint.method, f"/{vendor.name}/no/such/path", "unknown_path"),
    ):
        async with mock.client.request(method, target) as response:
            assert_error(vendor, error, response.status, await response.read())


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_wrong_method_with_credential_is_refused_with_allowed_methods(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, arguments = mock.parts(vendor, endpoint, await session_params(mock, vendor, endpoint))
    async with mock.client.delete(path, **arguments) as response:
        assert_error(vendor, "wrong_method", response.status, await response.read())
        if response.status == 405:
            assert endpoint.method in response.headers["Allow"].split(",")


BEARERS = [pair for pair in ENDPOINTS if isinstance(pair[1].credentials, Bearer)]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
@pytest.mark.parametrize("pair", BEARERS, ids=name)
async def test_scheme_is_case_insensitive_unless_server_compares_it(
    serve: Any, pair: Pair, scheme: str
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    parameters = {**endpoint.example, **await session_params(mock, vendor, endpoint)}
    path, arguments = mock.parts(vendor, endpoint, parameters)
    token = mock.tenant.identifiers[vendor.name].credentials["token"]
    arguments["headers"] = {"Authorization": f"{scheme} {token}"}
    async with mock.client.request(endpoint.method, path, **arguments) as response:
        body = await response.read()
    if getattr(endpoint.credentials, "exact_scheme", False):
        assert_error(vendor, "missing_credential", response.status, body)
    else:
        assert (response.status, list(mock.served.unmatched)) == (200, [])


BODIES = [pair for pair in ENDPOINTS if pair[1].body is not None]


@pytest.mark.parametrize("pair", BODIES, ids=name)
async def test_null_means_default_of_optional_field(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    nulls = {
        field.name: None
        for field in fields(endpoint.body)
        if not field.required and field.name not in endpoint.example
    }

    with_nulls = await mock.ask(vendor, endpoint, {**endpoint.example, **nulls})

    assert nulls
    assert with_nulls[0] == 200
    assert with_nulls == await mock.ask(vendor, endpoint, dict(endpoint.example))


INTEGERS = [
    (pair, field)
    for pair in ENDPOINTS
    for field in (*fields(pair[1].query), *fields(pair[1].body))
    if int in (field.type, *get_args(field.type), *get_args(get_args(field.type)[0])) and not field.lenient
]


@pytest.mark.parametrize(
    ("pair", "field"), INTEGERS, ids=lambda value: getattr(value, "name", None) or name(value)
)
def test_integer_of_40_digits_is_refused_only_for_its_bounds(pair: Pair, field: Field) -> None:
    _, endpoint = pair
    model = endpoint.query or endpoint.body
    assert model is not None
    others = {**dict.fromkeys(endpoint.credentials.fields, "key"), **endpoint.example}
    for digits, number in (("1" + "0" * 39, 10**39), ("0" * 39 + "1", 1), ("+" + "0" * 39 + "7", 7)):
        parsed = read(model, {**others, field.name: digits}, "query")
        if isinstance(parsed, list):
            assert number == 10**39
            assert ["at most" in violation.reason for violation in parsed] == [True]
        else:
            assert to_builtins(parsed)[field.name] == number


@pytest.mark.parametrize(
    ("pair", "where"),
    [*((pair, "view") for pair in ENDPOINTS), *((pair, "rows") for pair in SESSION_LISTS)],
    ids=name,
)
async def test_unexpected_exception_is_logged_and_gets_vendor_error(
    serve: Any, pair: Pair, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    parameters = {**endpoint.example, **await session_params(mock, vendor, endpoint)}

    def fail(*_: object) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        if where == "view":
            patched.setattr(vendor, "respond", fail)
        else:
            patched.setattr(RowEncoder, "rows", fail)
        status, body = await mock.ask(vendor, endpoint, parameters)
    after, _ = await mock.ask(vendor, endpoint, parameters)

    assert_error(vendor, "internal", status, body)
    assert "ZeroDivisionError" in caplog.text
    assert [exchange.failed for exchange in mock.tenant.journal] == [True, False]
    assert after == 200


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].body], ids=name)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b'"text"', b"\xff\xfe", b"a=1&b=2", b"[" * 100_000],
    ids=range(9),
)
async def test_body_that_is_not_an_object_gets_violation(serve: Any, pair: Pair, body: bytes) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    async with mock.client.request(endpoint.method, endpoint.paths[0], data=body) as response:
        assert_error(vendor, "violation", response.status, await response.read())


@pytest.mark.parametrize("pair", [pair for pair in ENDPOINTS if pair[1].body], ids=name)
async def test_body_over_one_mebibyte_gets_vendor_error_and_next_request_succeeds(
    serve: Any, pair: Pair
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    async with mock.client.request(
        endpoint.method, endpoint.paths[0], data=BytesIO(b'{"x":"' + b"x" * (1 << 20) + b'"}')
    ) as response:
        assert_error(vendor, "too_large", response.status, await response.read())
    status, _ = await mock.ask(vendor, endpoint, dict(endpoint.example))

    assert status == 200


def wrong_values() -> Iterator[Any]:
    """Yield a value of the wrong type for every parameter that is not a text; skip lenient parameters."""
    for vendor, endpoint in ENDPOINTS:
        for place, model in (("query", endpoint.query), ("body", endpoint.body)):
            for field in fields(model):
                kind = str(field.type)
                wrong = "text" if "int" in kind else 5 if place == "body" else None
                if wrong is not None and not (field.lenient and field.lenient.fallback is not None):
                    yield pytest.param(
                        (vendor, endpoint),
                        field.name,
                        wrong,
                        id=f"{vendor.label}.{endpoint.name}.{field.name}",
                    )


@pytest.mark.parametrize(("pair", "parameter", "wrong"), list(wrong_values()))
async def test_parameter_of_wrong_type_is_named_in_error(
    serve: Any, pair: Pair, parameter: str, wrong: Any
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    parameters = {**endpoint.example, **await session_params(mock, vendor, endpoint), parameter: wrong}
    status, body = await mock.ask(vendor, endpoint, parameters)

    assert_error(vendor, endpoint.validation_error, status, body)
    assert parameter.encode() in body or "{message}" not in str(
        vendor.contract.errors[endpoint.validation_error].body
    )


async def crawl(mock: Any, pair: Pair, size: int, site: int = 0) -> list[Any]:
    """Return every row of a list, requested page by page over HTTP."""
    vendor, endpoint = pair

    async def fetch(params: dict[str, Any]) -> Any:
        status, body = await mock.ask(vendor, endpoint, params, site)
        assert status == 200, body
        return msgspec.json.decode(body)

    rows: list[Any] = []
    params = with_page_size(endpoint, all_rows_params(mock.tenant, endpoint), size)
    async for page in walk_pages(endpoint, params, fetch):
        rows += page.rows
    return rows


@pytest.mark.parametrize("profile", ["empty", "single", "page-exact", "page-plus-one", "awkward"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_pages_of_100_and_of_7_give_the_expected_rows(serve: Any, pair: Pair, profile: str) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor, profile=profile)
    params = all_rows_params(mock.tenant, endpoint)
    expected = [row for _, row in expected_rows(mock.tenant, vendor, endpoint, params)]
    crawls = [await crawl(mock, pair, size) for size in (100, 7)]

    assert crawls[0] == expected
    assert crawls[1] == expected


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_pages_of_1_give_the_same_rows_as_pages_of_100(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0], world={"sessions": 40})

    assert await crawl(mock, pair, 1) == await crawl(mock, pair, 100)


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
async def test_concurrent_requests_get_the_same_pages_as_sequential_ones(
    serve: Any, pair: Pair, profile: str
) -> None:
    vendor, endpoint = pair
    queued = {behavior.name: "queue" for behavior in vendor.contract.behaviors if "queue" in behavior.options}
    concurrent, sequential = [await serve(vendor, profile=profile, behaviors=queued) for _ in range(2)]
    first_page = all_rows_params(concurrent.tenant, endpoint)
    pages = [with_page_size(endpoint, first_page, size) for size in range(1, 11)]
    if endpoint.pagination.key_field and not endpoint.pagination.has_cursors:
        numbers = (6, 2, 59, 21, 3, 4, 0, 1, 8, 7)
        pages += [
            with_page_number(endpoint, page, number) for page, number in zip(pages, numbers, strict=True)
        ]
    expected = [await sequential.ask(vendor, endpoint, page) for page in pages]

    assert all(status == 200 for status, _ in expected)
    assert await asyncio.gather(*(concurrent.ask(vendor, endpoint, page) for page in pages)) == expected


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("share", [1, 3])
@pytest.mark.parametrize("pair", SESSION_LISTS, ids=name)
def test_cached_rows_equal_rows_without_cache(pair: Pair, profile: str, share: int) -> None:
    """Rows are cached only in a world where no visitor was identified."""
    vendor, endpoint = pair
    spec = tenant_spec(TenantConfig(profile=profile))
    now = format_now(spec.start + ((spec.end or 0) - spec.start) // share)
    cached = make_tenant("one", TenantConfig(profile=profile, now=now))
    uncached = make_tenant("one", TenantConfig(profile=profile, now=now))
    for site in range(len(uncached.world.sites)):
        identity = Identity({"name": "Robin"}, "unknown-user")
        uncached.world = with_identity(uncached.world, site, identity)

    rows = list(expected_rows(cached, vendor, endpoint, all_rows_params(cached, endpoint)))

    assert rows
    assert rows == list(expected_rows(uncached, vendor, endpoint, all_rows_params(uncached, endpoint)))


def select_dialects(mock: Any, pairs: list[Pair]) -> list[Pair]:
    """Return the pairs whose dialect the tenant uses."""
    return [(vendor, endpoint) for vendor, endpoint in pairs if mock.tenant.vendors[vendor.name] is vendor]


def count_starts(pair: Pair, rows: list[Any]) -> Counter[int]:
    """Count the rows of a list of sessions by their start in Unix seconds."""
    starts = [row[pair[1].start_field] for row in rows]
    return Counter(
        (parse_instant(start) or 0) // 1000 if isinstance(start, str) else start // 1000 for start in starts
    )


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("site", [0, 1])
@pytest.mark.parametrize("dialect", [DOCUMENTED, OBSERVED])
async def test_vendors_list_and_count_the_same_sessions(
    serve: Any, profile: str, site: int, dialect: str
) -> None:
    mock = await serve(profile=profile, dialect=dialect)
    lists = {
        name(pair): count_starts(pair, await crawl(mock, pair, 100, site))
        for pair in select_dialects(mock, SESSION_LISTS)
    }
    expected = mock.tenant.world.spec.sessions
    # A series without a site counts the sessions of all sites.
    for vendor, endpoint in select_dialects(mock, LISTS):
        if endpoint.count_field is not None:
            rows = await crawl(mock, (vendor, endpoint), 100, site)
            counted = sum(row[endpoint.count_field] for row in rows)
            sites = 1 if endpoint.site else len(mock.tenant.world.sites)

            assert counted == expected * sites, endpoint.name
    first, *others = lists.values()

    assert sum(first.values()) == expected
    assert others
    assert all(other == first for other in others)


@pytest.mark.parametrize("dialect", [DOCUMENTED, OBSERVED])
async def test_tracked_events_appear_in_every_list(serve: Any, dialect: str) -> None:
    mock = await serve(world={"sessions": 30}, dialect=dialect)
    lists = select_dialects(mock, SESSION_LISTS)
    before = {name(pair): len(await crawl(mock, pair, 100)) for pair in lists}
    tracking_endpoints = [
        (vendor, endpoint)
        for vendor, endpoint in select_dialects(mock, ENDPOINTS)
        if endpoint.method == "POST" and endpoint.rows_path is None
    ]
    for vendor, endpoint in tracking_endpoints:
        status, _ = await mock.ask(vendor, endpoint, dict(endpoint.example))
        assert status == 200
    after = {name(pair): len(await crawl(mock, pair, 100)) for pair in lists}

    assert tracking_endpoints
    assert all(after[key] == before[key] + 1 for key in before)
