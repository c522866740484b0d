"""Access to the admin API: options of `session-mock serve` and of `session-mock admin`."""

import json
import re
import subprocess
from typing import Any

import pytest

from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from tests.cli.conftest import COMMAND, Serve, Shell

TOKEN = "open-sesame"


def start_twice(*words: str, env: dict[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """Return what `session-mock serve` prints for people, and for programs."""
    printed = []
    for more, last in (((), "session-mock is running"), (("--json",), "{")):
        command = [*COMMAND, "serve", "--port", "0", *more, *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            while lines[-1] and not lines[-1].startswith(last):
                lines.append(process.stdout.readline())
            process.terminate()
        printed.append("".join(lines))
    return printed[0], json.loads(printed[1])


def test_serve_prints_url_of_admin_api_but_not_its_token(served: Shell) -> None:
    """The token is given as an option or as a variable."""
    people, machine = start_twice("--admin-token", TOKEN)
    again, _ = start_twice(env={"SESSION_MOCK_ADMIN_TOKEN": TOKEN})

    assert "The admin API is at http://127.0.0.1:" in people
    assert "it requires the admin token" in people
    assert "it requires the admin token" in again
    assert machine["admin"] == {"url": machine["url"]}
    assert TOKEN not in people + again + json.dumps(machine)
    assert served.url.startswith("http://127.0.0.1:")


def test_serve_with_random_seed_prints_it() -> None:
    """The printed seed reproduces the world."""
    people, machine = start_twice("--seed", "random")
    shown = re.search(r"^  seed +(\d+)$", people, re.MULTILINE)
    again = make_tenant("default", TenantConfig(world={"seed": machine["seed"]}))

    assert shown
    assert int(shown[1]) != machine["seed"]
    assert {name: vendor["credentials"] for name, vendor in machine["vendors"].items()} == {
        name: dict(names.credentials) for name, names in again.identifiers.items()
    }


def test_admin_api_can_be_moved_or_left_out(serve: Serve) -> None:
    """--admin-port moves it, --no-admin leaves it out."""
    people, machine = start_twice("--no-admin")
    apart, own = start_twice("--admin-port", "0")

    assert "admin API" not in people
    assert "admin" not in machine
    assert own["admin"]["url"] != own["url"]
    assert "The admin API is at" in apart
    assert serve("--admin-port", "0").json("health")["status"] == "healthy"


def test_admin_token_missing_or_wrong_names_option_and_variable(serve: Serve) -> None:
    admin = serve("--admin-token", TOKEN)

    assert admin.json("health", "--token", TOKEN)["status"] == "healthy"
    assert "healthy" in admin.run("health", env={"SESSION_MOCK_ADMIN_TOKEN": TOKEN}).stdout
    for words in (["health"], ["health", "--token", "other"]):
        assert "(option --token or SESSION_MOCK_ADMIN_TOKEN)" in admin.error(*words)


def test_common_options_before_and_after_command_are_merged(admin: Shell) -> None:
    """One after the command wins; both win over the environment."""
    admin("tenant", "create", "acme", "--seed", "3")
    elsewhere = {"SESSION_MOCK_URL": "http://127.0.0.1:1", "SESSION_MOCK_TENANT": "other"}
    for words in (
        ["--url", admin.url, "--tenant", "acme", "--json", "world", "show"],
        [
            "--url",
            "127.0.0.1:1",
            "-t",
            "default",
            "world",
            "show",
            "--url",
            admin.url,
            "-t",
            "acme",
            "--json",
        ],
    ):
        assert json.loads(admin.run(*words, env=elsewhere).stdout)["spec"]["seed"] == 3

    assert "http://127.0.0.1:1 " in admin.run("health", code=1, env=elsewhere).stderr


@pytest.mark.parametrize("words", ["health", "tenant list", "tenant delete acme", "fault kinds"])
def test_tenant_option_before_command_without_tenant_is_misuse(words: str, admin: Shell) -> None:
    assert "leave it out" in admin.error("--tenant", "acme", *words.split(), code=2)


def test_admin_command_with_url_of_other_server_asks_for_url(serve: Serve) -> None:
    admin = serve()

    assert "is the URL right?" in Shell(f"{admin.url}/elsewhere").error("health")


def test_serve_on_public_host_without_token_is_misuse() -> None:
    done = subprocess.run(
        [*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104 -- it must not start
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 2
    assert "--admin-token, or SESSION_MOCK_ADMIN_TOKEN" in done.stderr


@pytest.mark.parametrize("pasted", ["{0}/__admin", "{1}"])
def test_url_with_admin_path_or_without_scheme_is_accepted(pasted: str, admin: Shell) -> None:
    url = pasted.format(admin.url, admin.url.removeprefix("http://"))

    assert Shell(url).json("health")["status"] == "healthy"
