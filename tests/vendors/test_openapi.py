"""OpenAPI documents: valid, true, and complete for every vendor."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import json
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from mockserver.cli.main import cli
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.provenance import Basis
from mockserver.contract.validation import fields, structs
from mockserver.server.expected.examples import openapi
from mockserver.server.expected.rows import all_rows_params, answer
from mockserver.server.tenancy.config import TenantConfig, make_tenant
from mockserver.vendors import every
from mockserver.vendors.base import Vendor

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi"
VENDORS = list(every())
ALL = [(vendor, endpoint) for vendor in VENDORS for endpoint in vendor.contract.endpoints]
LABELS = {vendor.label: vendor for vendor in VENDORS}


def pair_name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].label}.{pair[1].name}"


def described(vendor: Vendor) -> dict[str, Any]:
    """The document of a vendor in a dialect."""
    return openapi(vendor.name, vendor.dialect)


def operations(vendor: Vendor) -> list[dict[str, Any]]:
    """Every operation of a vendor's document."""
    return [operation for path in described(vendor)["paths"].values() for operation in path.values()]


def operation_of(vendor: Vendor, endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint's operation at its documented path."""
    found: dict[str, Any] = described(vendor)["paths"][endpoint.paths[0]][endpoint.method.lower()]
    return found


def checked(vendor: Vendor, schema: Any, value: Any) -> list[str]:
    """What is wrong with a value by a schema of a vendor's document."""
    validator = OAS31Validator({**schema, "components": described(vendor)["components"]})
    return [error.message for error in validator.iter_errors(value)]


@pytest.mark.parametrize("label", LABELS)
def test_document_is_valid(label: str) -> None:
    """A well-kept validator finds nothing."""
    validate(described(LABELS[label]))


@pytest.mark.parametrize("label", LABELS)
async def test_document_is_served_printed_and_committed(serve: Any, label: str) -> None:
    """All three are the same, and asking for it stands in no journal."""
    mock, vendor = await serve(), LABELS[label]
    async with mock.client.get(
        f"/{vendor.name}/openapi.json", params={"dialect": vendor.dialect}
    ) as response:
        served = await response.json()
    printed = CliRunner().invoke(cli, ["openapi", vendor.name, "--dialect", vendor.dialect])

    assert served == json.decode(printed.output) == json.decode((COMMITTED / f"{label}.json").read_bytes())
    assert (len(mock.tenant.journal), len(mock.served.unmatched)) == (0, 0)


@pytest.mark.parametrize("label", LABELS)
async def test_document_is_of_the_dialect_that_is_spoken(serve: Any, label: str) -> None:
    """Where a request names none, it is the first tenant's; one that the vendor has not is refused with the list."""
    vendor = LABELS[label]
    mock = await serve(vendor)
    async with mock.client.get(f"/{vendor.name}/openapi.json") as response:
        assert await response.json() == described(vendor)
    for page in ("openapi.json", "docs"):
        async with mock.client.get(f"/{vendor.name}/{page}", params={"dialect": "unheard-of"}) as response:
            told = await response.text()

        assert response.status == 404
        assert all(name in told for name in vendor.dialects)


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
def test_operation_tells_every_parameter_and_error(pair: tuple[Vendor, Endpoint]) -> None:
    """Each with what it rests on; every path of an endpoint is told."""
    vendor, endpoint = pair
    told = operation_of(vendor, endpoint)
    parameters = {each["name"]: each for each in told.get("parameters", [])}
    errors = {name for response in told["responses"].values() for name in response.get("x-errors", {})}

    assert set(parameters) == {*endpoint.path, *(field.name for field in fields(endpoint.query))}
    assert all(each["x-basis"] in set(Basis) and each["description"] for each in parameters.values())
    assert {"missing_credential", "violation", *endpoint.errors} <= errors
    assert all(path in described(vendor)["paths"] for path in endpoint.paths)


@pytest.mark.parametrize("label", LABELS)
def test_every_field_says_what_it_rests_on(label: str) -> None:
    """Of requests and answers, however deep."""
    vendor = LABELS[label]
    models = [
        model
        for endpoint in vendor.contract.endpoints
        for model in (endpoint.body, endpoint.response)
        if model is not None
    ]
    schemas = described(vendor)["components"]["schemas"]

    for model in structs(models):
        told = schemas[model.__name__]["properties"]

        assert {field: told[field]["x-basis"] for field in told} == {
            field.name: field.fact.basis.value for field in fields(model)
        }


@pytest.mark.parametrize("label", LABELS)
def test_operations_have_names_of_their_own(label: str) -> None:
    """The endpoint's name where it is documented."""
    vendor = LABELS[label]
    names = [operation["operationId"] for operation in operations(vendor)]

    assert len(set(names)) == len(names)
    assert {endpoint.name for endpoint in vendor.contract.endpoints} <= set(names)


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
def test_examples_are_real_answers_that_the_schema_allows(pair: tuple[Vendor, Endpoint]) -> None:
    """The schema also refuses what the endpoint never answers."""
    vendor, endpoint = pair
    content = operation_of(vendor, endpoint)["responses"]["200"]["content"]["application/json"]

    assert checked(vendor, content["schema"], content["example"]) == []
    assert checked(vendor, content["schema"], {"unlike": 1})


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].rows_path], ids=pair_name)
@pytest.mark.parametrize("profile", ["awkward", "empty"])
def test_answers_are_what_the_schema_allows(pair: tuple[Vendor, Endpoint], profile: str) -> None:
    """A page of every list, nulls and silence included."""
    vendor, endpoint = pair
    tenant = make_tenant("default", TenantConfig(profile=profile, dialect={vendor.name: vendor.dialect}))
    content = operation_of(vendor, endpoint)["responses"]["200"]["content"]["application/json"]

    assert (
        checked(
            vendor, content["schema"], answer(tenant, vendor, endpoint, all_rows_params(tenant, endpoint))
        )
        == []
    )


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
async def test_example_of_a_request_gets_the_example_of_an_answer(
    serve: Any, pair: tuple[Vendor, Endpoint]
) -> None:
    """From the default tenant, and the schema allows its body."""
    vendor, endpoint = pair
    mock, told = await serve(vendor), operation_of(vendor, endpoint)
    said = {
        each["name"]: (each["in"], each["example"])
        for each in told.get("parameters", [])
        if "example" in each
    }
    query = {name: str(value) for name, (place, value) in said.items() if place == "query"}
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    headers = {"Authorization": f"Bearer {mock.tenant.names[vendor.name].credentials.get('token')}"}
    path = endpoint.paths[0].format_map({name: value for name, (_, value) in said.items()})
    async with mock.client.request(
        endpoint.method, path, params=query, headers=headers, json=body.get("example")
    ) as response:
        answered = json.decode(await response.read())

    assert answered == told["responses"]["200"]["content"]["application/json"]["example"]
    assert not body or checked(vendor, body["schema"], body["example"]) == []


async def test_refusals_are_what_the_schema_allows(serve: Any) -> None:
    """An answer without a credential has the status and the body that the document tells."""
    for vendor, endpoint in ALL:
        mock = await serve(vendor)
        path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
        bare = {name: value for name, value in arguments.items() if name == "params"} | (
            {"json": {}} if "json" in arguments else {}
        )
        async with mock.client.request(endpoint.method, path, **bare) as response:
            told = operation_of(vendor, endpoint)["responses"][str(response.status)]
            content = told["content"][response.content_type]

            assert checked(vendor, content["schema"], json.decode(await response.read())) == []
