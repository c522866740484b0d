"""Where the admin API is, and who may use it: the options of `session-mock serve`, and those of `session-mock admin`."""

import json
import re
import subprocess
from typing import Any

import pytest

from mockserver.server.config import TenantConfig, make_tenant
from tests.cli.conftest import COMMAND, Serve, Shell

TOKEN = "open-sesame"


def started(*words: str, env: dict[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """What `session-mock serve` prints until it serves, for people and for programs."""
    told = []
    for more, last in (((), "session-mock serves"), (("--json",), "{")):
        command = [*COMMAND, "serve", "--port", "0", *more, *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            while lines[-1] and not lines[-1].startswith(last):
                lines.append(process.stdout.readline())
            process.terminate()
        told.append("".join(lines))
    return told[0], json.loads(told[1])


def test_serve_says_where_the_admin_api_is_and_keeps_its_token(served: Shell) -> None:
    """Its URL is printed for people and for programs; the token, given as an option or a variable, is not."""
    people, machine = started("--admin-token", TOKEN)
    again, _ = started(env={"SESSION_MOCK_ADMIN_TOKEN": TOKEN})

    assert "The admin API is at http://127.0.0.1:" in people
    assert "it asks for the admin token" in people
    assert "it asks for the admin token" in again
    assert machine["admin"] == {"url": machine["url"]}
    assert TOKEN not in people + again + json.dumps(machine)
    assert served.url.startswith("http://127.0.0.1:")


def test_a_seed_that_is_made_up_is_told() -> None:
    """People and programs read it, and with it the same world comes again."""
    people, machine = started("--seed", "random")
    shown = re.search(r"^  seed +(\d+)$", people, re.MULTILINE)
    again = make_tenant("default", TenantConfig(world={"seed": machine["seed"]}))

    assert shown
    assert int(shown[1]) != machine["seed"]
    assert {name: each["credentials"] for name, each in machine["vendors"].items()} == {
        name: dict(names.credentials) for name, names in again.names.items()
    }


def test_the_admin_api_has_a_port_of_its_own_or_none(serve: Serve) -> None:
    """--admin-port moves it, and --no-admin leaves it out."""
    people, machine = started("--no-admin")
    apart, own = started("--admin-port", "0")

    assert "admin API" not in people
    assert "admin" not in machine
    assert own["admin"]["url"] != own["url"]
    assert "The admin API is at" in apart
    assert serve("--admin-port", "0").json("health")["status"] == "healthy"


def test_a_token_is_an_option_or_a_variable(serve: Serve) -> None:
    """Without it, or with another, the command says how to give it."""
    admin = serve("--admin-token", TOKEN)

    assert admin.json("health", "--token", TOKEN)["status"] == "healthy"
    assert "healthy" in admin.ran("health", env={"SESSION_MOCK_ADMIN_TOKEN": TOKEN}).stdout
    for words in (["health"], ["health", "--token", "other"]):
        assert "(here: --token, or SESSION_MOCK_ADMIN_TOKEN)" in admin.refusal(*words)


def test_what_all_commands_take_stands_before_the_command_too(admin: Shell) -> None:
    """What stands behind it wins, both win over the environment, and a tenant is not said where none is meant."""
    admin("mint", "acme", "--seed", "3")
    away = {"SESSION_MOCK_URL": "http://127.0.0.1:1", "SESSION_MOCK_TENANT": "nobody"}
    for words in (
        ["--url", admin.url, "--tenant", "acme", "--json", "world"],
        ["--url", "127.0.0.1:1", "-t", "default", "world", "--url", admin.url, "-t", "acme", "--json"],
    ):
        assert json.loads(admin.ran(*words, env=away).stdout)["spec"]["seed"] == 3

    assert "http://127.0.0.1:1 " in admin.ran("health", code=1, env=away).stderr
    assert "is of no tenant; leave it out" in admin.refusal("--tenant", "acme", "health", code=2)


def test_a_server_that_is_no_session_mock_is_told(serve: Serve) -> None:
    """Where something else answers, the URL is what is wrong."""
    admin = serve()

    assert "is the URL right?" in Shell(f"{admin.url}/elsewhere").refusal("health")


def test_a_host_that_others_reach_needs_a_token() -> None:
    """Without one, the server does not start, and says what would be right."""
    told = subprocess.run([*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S104 -- it must not start

    assert told.returncode == 2
    assert "--admin-token, or SESSION_MOCK_ADMIN_TOKEN" in told.stderr


@pytest.mark.parametrize("pasted", ["{0}/__admin", "{1}"])
def test_the_url_may_have_a_path_and_needs_no_scheme(pasted: str, admin: Shell) -> None:
    """What somebody pastes is understood: with /__admin, or as host and port."""
    url = pasted.format(admin.url, admin.url.removeprefix("http://"))

    assert Shell(url).json("health")["status"] == "healthy"
