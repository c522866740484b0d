"""OpenAPI documents of all vendors are valid, true and complete."""

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
from mockserver.contract.validation import fields, nested_structs
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.expected.examples import openapi
from mockserver.server.expected.rows import all_rows_params, answer
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.support.generated import stale

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi"
VENDORS = list(load_dialects())
ALL = [(vendor, endpoint) for vendor in VENDORS for endpoint in vendor.contract.endpoints]
LABELS = {vendor.label: vendor for vendor in VENDORS}


def pair_name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].label}.{pair[1].name}"


def build_document(vendor: Vendor) -> dict[str, Any]:
    """Return the document of a vendor in a dialect."""
    return openapi(vendor.name, vendor.dialect)


def operations(vendor: Vendor) -> list[dict[str, Any]]:
    """Return every operation of a vendor's document."""
    return [operation for path in build_document(vendor)["paths"].values() for operation in path.values()]


def operation_of(vendor: Vendor, endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint's operation at its documented path."""
    operation: dict[str, Any] = build_document(vendor)["paths"][endpoint.paths[0]][endpoint.method.lower()]
    return operation


def schema_errors(vendor: Vendor, schema: Any, value: Any) -> list[str]:
    """Return the errors of a value under a schema of a vendor's document."""
    validator = OAS31Validator({**schema, "components": build_document(vendor)["components"]})
    return [error.message for error in validator.iter_errors(value)]


@pytest.mark.parametrize("label", LABELS)
def test_document_is_valid(label: str) -> None:
    validate(build_document(LABELS[label]))


@pytest.mark.parametrize("label", LABELS)
async def test_document_is_equal_served_printed_and_committed(serve: Any, label: str) -> None:
    mock = await serve()
    vendor = LABELS[label]
    async with mock.client.get(
        f"/{vendor.name}/openapi.json", params={"dialect": vendor.dialect}
    ) as response:
        served = await response.json()
    printed = CliRunner().invoke(cli, ["openapi", vendor.name, "--dialect", vendor.dialect])

    path = COMMITTED / f"{label}.json"

    assert served == json.decode(printed.output)
    assert served == json.decode(path.read_bytes()), stale(path)
    assert (len(mock.tenant.journal), len(mock.served.unmatched)) == (0, 0)


@pytest.mark.parametrize("label", LABELS)
async def test_document_without_dialect_is_that_of_first_tenant_and_unknown_dialect_is_404(
    serve: Any, label: str
) -> None:
    vendor = LABELS[label]
    mock = await serve(vendor)
    async with mock.client.get(f"/{vendor.name}/openapi.json") as response:
        assert await response.json() == build_document(vendor)
    for page in ("openapi.json", "docs"):
        async with mock.client.get(
            f"/{vendor.name}/{page}", params={"dialect": "no-such-dialect"}
        ) as response:
            text = await response.text()

        assert response.status == 404
        assert all(name in text for name in vendor.dialects)


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
def test_operation_contains_every_parameter_error_and_path(pair: tuple[Vendor, Endpoint]) -> None:
    vendor, endpoint = pair
    operation = operation_of(vendor, endpoint)
    parameters = {each["name"]: each for each in operation.get("parameters", [])}
    errors = {name for response in operation["responses"].values() for name in response.get("x-errors", {})}

    assert set(parameters) == {*endpoint.path, *(field.name for field in fields(endpoint.query))}
    assert all(each["x-basis"] in set(Basis) and each["description"] for each in parameters.values())
    assert {"missing_credential", "violation", *endpoint.errors} <= errors
    assert all(path in build_document(vendor)["paths"] for path in endpoint.paths)


@pytest.mark.parametrize("label", LABELS)
def test_schema_has_basis_of_every_field(label: str) -> None:
    vendor = LABELS[label]
    models = [
        model
        for endpoint in vendor.contract.endpoints
        for model in (endpoint.body, endpoint.response)
        if model is not None
    ]
    schemas = build_document(vendor)["components"]["schemas"]

    for model in nested_structs(models):
        properties = schemas[model.__name__]["properties"]

        assert {field: properties[field]["x-basis"] for field in properties} == {
            field.name: field.fact.basis.value for field in fields(model)
        }


@pytest.mark.parametrize("label", LABELS)
def test_operation_ids_are_distinct_and_include_endpoint_names(label: str) -> None:
    vendor = LABELS[label]
    names = [operation["operationId"] for operation in operations(vendor)]

    assert len(set(names)) == len(names)
    assert {endpoint.name for endpoint in vendor.contract.endpoints} <= set(names)


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
def test_schema_allows_example_and_rejects_other_objects(pair: tuple[Vendor, Endpoint]) -> None:
    vendor, endpoint = pair
    content = operation_of(vendor, endpoint)["responses"]["200"]["content"]["application/json"]

    assert schema_errors(vendor, content["schema"], content["example"]) == []
    assert schema_errors(vendor, content["schema"], {"unlike": 1})


@pytest.mark.parametrize("pair", [pair for pair in ALL if pair[1].rows_path], ids=pair_name)
@pytest.mark.parametrize("profile", ["awkward", "empty"])
def test_schema_allows_real_pages(pair: tuple[Vendor, Endpoint], profile: str) -> None:
    vendor, endpoint = pair
    tenant = make_tenant("default", TenantConfig(profile=profile, dialect={vendor.name: vendor.dialect}))
    content = operation_of(vendor, endpoint)["responses"]["200"]["content"]["application/json"]

    assert (
        schema_errors(
            vendor, content["schema"], answer(tenant, vendor, endpoint, all_rows_params(tenant, endpoint))
        )
        == []
    )


@pytest.mark.parametrize("pair", ALL, ids=pair_name)
async def test_example_request_gets_example_response(serve: Any, pair: tuple[Vendor, Endpoint]) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    operation = operation_of(vendor, endpoint)
    examples = {
        each["name"]: (each["in"], each["example"])
        for each in operation.get("parameters", [])
        if "example" in each
    }
    query = {name: str(value) for name, (place, value) in examples.items() if place == "query"}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    headers = {"Authorization": f"Bearer {mock.tenant.identifiers[vendor.name].credentials.get('token')}"}
    path = endpoint.paths[0].format_map({name: value for name, (_, value) in examples.items()})
    async with mock.client.request(
        endpoint.method, path, params=query, headers=headers, json=body.get("example")
    ) as response:
        answered = json.decode(await response.read())

    assert answered == operation["responses"]["200"]["content"]["application/json"]["example"]
    assert not body or schema_errors(vendor, body["schema"], body["example"]) == []


async def test_schema_allows_errors(serve: Any) -> None:
    for vendor, endpoint in ALL:
        mock = await serve(vendor)
        path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
        bare = {name: value for name, value in arguments.items() if name == "params"} | (
            {"json": {}} if "json" in arguments else {}
        )
        async with mock.client.request(endpoint.method, path, **bare) as response:
            operation = operation_of(vendor, endpoint)["responses"][str(response.status)]
            content = operation["content"][response.content_type]

            assert schema_errors(vendor, content["schema"], json.decode(await response.read())) == []
