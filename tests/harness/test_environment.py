"""Variables and placeholders name every address and credential of a tenant."""

import pytest

from mockserver import SessionMock
from mockserver.harness.environment import Addresses, PlaceholderError


@pytest.fixture(name="addresses", scope="module")
def make_addresses() -> Addresses:
    with SessionMock() as mock:
        return Addresses(mock.admin.tenant())


def test_variables_have_every_credential_and_site() -> None:
    with SessionMock() as mock:
        variables = Addresses(mock.admin.tenant()).variables()

        assert (variables["SESSION_MOCK_URL"], variables["SESSION_MOCK_TENANT"]) == (mock.url, "default")
        assert variables["SESSION_MOCK_ADMIN_URL"] == mock.url
        for name in mock.vendors:
            vendor = mock.vendor(name)
            start = f"SESSION_MOCK_{name.upper()}_"
            own = {key: value for key, value in variables.items() if key.startswith(start)}
            assert own[f"{start}URL"] == vendor.base_url
            assert set(own.values()) >= set(vendor.credentials.values())
            assert own[f"{start}SITE"] == vendor.sites[0]
            assert own[f"{start}SITES"].split() == list(vendor.sites)
        assert variables["SESSION_MOCK_BROWSEE_SECRET_KEY"] == mock.vendor("browsee").credentials["secretKey"]


def test_placeholders_are_replaced_and_other_braces_stay(addresses: Addresses) -> None:
    values = addresses.values
    key = values["browsee"]["api_key"]

    assert (
        addresses.fill("{rybbit.url}/api?key={browsee.api_key}") == f"{values['rybbit']['url']}/api?key={key}"
    )
    assert addresses.fill("{browsee.apiKey}") == key
    assert addresses.fill("{session_mock.tenant}") == "default"
    for text in ('{"a": {"b": 1}}', "{{.Name}}", "${HOME}", "{other.url}", "{{ x.y }}", "{rybbit}", "{"):
        assert addresses.fill(text) == text
    assert addresses.fill("{{rybbit.url}} {{other.url}}") == "{rybbit.url} {{other.url}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x {rybbit.tokn}", r"unknown placeholder '\{rybbit\.tokn\}'; did you mean 'token'"),
        ("{rybit.url}", r"unknown placeholder '\{rybit\.url\}'; did you mean '\{rybbit\.url\}'"),
        ("{browse.apiKey}", r"did you mean '\{browsee\.apiKey\}'"),
    ],
)
def test_unknown_placeholder_names_the_nearest(addresses: Addresses, text: str, message: str) -> None:
    with pytest.raises(PlaceholderError, match=message):
        addresses.fill(text)
    assert addresses.fill(f"{{{text}}}".replace("{x {", "{{")) == text.removeprefix("x ")
