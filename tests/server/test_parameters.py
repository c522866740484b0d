"""The finding unknown-parameter: names that an endpoint does not know."""

from typing import Any

import pytest

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.validation import fields
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.server.asking import Pair, name

ALL: list[Pair] = [(vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints]
WITH_PARAMETERS = [pair for pair in ALL if pair[1].query or pair[1].body]
SELECTING = [pair for pair in ALL if pair[1].select_fields]


def parameter_names(endpoint: Endpoint) -> list[str]:
    """Return the names of the parameters that a request can have in addition to credentials."""
    names = [field.name for model in (endpoint.query, endpoint.body) for field in fields(model)]
    return [each for each in names if each not in endpoint.credentials.fields]


def unknown(mock: Any) -> dict[str | None, str]:
    """Return the levels of the findings about unknown names of the last exchange, by name."""
    exchange = list(mock.tenant.journal)[-1]
    return {
        finding.parameter: finding.level
        for finding in exchange.findings
        if finding.name == "unknown-parameter"
    }


def message(mock: Any) -> str:
    exchange = list(mock.tenant.journal)[-1]
    return str(next(finding.message for finding in exchange.findings if finding.name == "unknown-parameter"))


async def send(mock: Any, pair: Pair, query: dict[str, str], parameters: dict[str, Any]) -> int:
    """Send the example of an endpoint with other parameters, and return the status."""
    path, arguments = mock.parts(*pair, {**pair[1].example, **parameters})
    arguments["params"] = {**arguments.get("params", {}), **query}
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        await response.read()
        return int(response.status)


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_known_parameters_are_not_found(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    for each in parameter_names(endpoint):
        await send(mock, pair, {}, {each: endpoint.example.get(each, "1")})

        assert unknown(mock) == {}


@pytest.mark.parametrize("pair", WITH_PARAMETERS, ids=name)
async def test_mistyped_parameter_is_error_with_nearest_name(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    known = max(parameter_names(endpoint), key=len)
    mistyped = f"{known[:2]}{known[3:]}"
    status = await send(mock, pair, {}, {mistyped: "1"})

    assert status in {200, 404}
    assert unknown(mock) == {mistyped: "error"}
    assert message(mock).endswith(f"; did you mean {known!r}?")


@pytest.mark.parametrize("pair", WITH_PARAMETERS, ids=name)
async def test_parameter_in_other_case_is_error(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    known = max(parameter_names(endpoint), key=len)
    other = known.upper()
    await send(mock, pair, {}, {other: "1"})

    assert unknown(mock) == {other: "error"}


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_parameter_that_resembles_nothing_is_warning(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    status = await send(mock, pair, {"_": "1790000000"}, {"xyzzy": "1"})

    assert status in {200, 404}
    assert unknown(mock) == {"_": "warning", "xyzzy": "warning"}


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].body], ids=name)
async def test_body_field_in_query_is_error(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    field = parameter_names(pair[1])[0]
    await send(mock, pair, {field: "1"}, {})

    assert unknown(mock) == {field: "error"}
    assert message(mock).endswith("it belongs in the body.")


def other_names(vendor: Vendor, endpoint: Endpoint) -> list[str]:
    """Return the parameters of other endpoints and dialects that the endpoint does not have."""
    found = [
        each
        for dialect in vendor.dialects.values()
        for other in dialect.contract.endpoints
        for each in parameter_names(other)
    ]
    return [each for each in found if each not in (*parameter_names(endpoint), *endpoint.path)]


@pytest.mark.parametrize("pair", [pair for pair in ALL if other_names(*pair)], ids=name)
async def test_parameter_of_other_endpoint_or_dialect_is_error(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    other = other_names(*pair)[0]
    await send(mock, pair, {}, {other: "1"})

    assert unknown(mock) == {other: "error"}
    assert "it is a parameter of" in message(mock)


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].pagination.next], ids=name)
async def test_response_field_as_parameter_is_error(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    field = str(pair[1].pagination.next).rpartition(".")[2]
    await send(mock, pair, {}, {field: "1"})

    assert unknown(mock) == {field: "error"}


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_credentials_in_other_places_are_not_unknown_parameters(serve: Any, pair: Pair) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    fields_elsewhere = {each for other in vendor.contract.endpoints for each in other.credentials.fields}
    key = mock.tenant.identifiers[vendor.name].sites[0][0]
    names = {*mock.tenant.identifiers[vendor.name].credentials, *fields_elsewhere}
    body = dict.fromkeys(fields_elsewhere, key) if not isinstance(endpoint.credentials, BodyKeys) else {}
    await send(mock, pair, dict.fromkeys(names, "x"), body)

    assert unknown(mock) == {}


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].ignored_params], ids=name)
async def test_documented_parameter_without_effect_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    await send(mock, pair, {}, dict.fromkeys(pair[1].ignored_params, "1"))

    assert unknown(mock) == {}


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].body and pair[1].example], ids=name)
async def test_arbitrary_properties_are_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    objects = {
        each: {"xyzzy": 1, "nested": {"more": [1]}}
        for each, value in pair[1].example.items()
        if isinstance(value, dict)
    }
    await send(mock, pair, {}, objects)

    assert objects
    assert unknown(mock) == {}


def select(path: str, names: list[str]) -> dict[str, Any]:
    """Return the body field that selects row fields."""
    outer, _, inner = path.rpartition(".")
    return {outer: {inner: names}} if outer else {inner: names}


@pytest.mark.parametrize("pair", SELECTING, ids=name)
async def test_unknown_selected_field_is_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    prefix = f"{pair[1].rows_path}."
    known = [
        field.name.removeprefix(prefix)
        for field in fields(pair[1].response, deep=True)
        if field.name.startswith(prefix)
    ]
    for path in pair[1].select_fields:
        await send(mock, pair, {}, select(path, known))
        every = unknown(mock)
        mistyped = f"{known[0]}s"
        await send(mock, pair, {}, select(path, [known[0], mistyped, "xyzzy"]))

        assert every == {}
        assert unknown(mock) == {mistyped: "error", "xyzzy": "warning"}
        assert path in message(mock)


@pytest.mark.parametrize("pair", [pair for pair in SELECTING if "." in pair[1].select_fields[0]], ids=name)
async def test_unknown_field_of_nested_object_is_found(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    path = pair[1].select_fields[0]
    mistyped = f"{path}s"
    await send(mock, pair, {}, select(mistyped, []))

    assert unknown(mock) == {mistyped: "error"}


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_many_and_hostile_names_are_bounded(serve: Any, pair: Pair) -> None:
    mock = await serve(pair[0])
    long = "é\x1b" * 500
    await send(mock, pair, {long: "1", **{f"xyzzy{number}": "" for number in range(50)}}, {})
    found = unknown(mock)

    assert len(found) == 10
    assert all(each is not None and each.isprintable() and len(each) < 80 for each in found)
