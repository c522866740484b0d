"""The client meets threads, restarts, strangers and silence, and says what stood in the way."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.client import AdminClient, AdminError
from mockserver.server.runner import Running
from tests.client.live import live, saying
from tests.client.test_methods import CALLS, WANTED

TOKEN = "Örtlich-geheim:3"
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


def called(admin: AdminClient, name: str) -> Any:
    """What a method answers, to the last row."""
    arguments, named, _ = CALLS[name]
    told = getattr(admin, name)(*arguments, **named)
    return list(told) if isinstance(told, Iterator) else told


def test_threads_may_share_a_client(running: Running, admin: AdminClient) -> None:
    """Each is told what it asked for, while others ask for other things, read rows, or close what is kept."""

    def work(number: int) -> tuple[str, str, int]:
        created = admin.create_tenant(f"t{number}", world={"sessions": number})
        if number % 5 == 0:
            admin.close()
        return (
            created.id,
            admin.tenant(f"t{number}").id,
            len(list(admin.expected_rows(*WANTED, tenant=f"t{number}"))),
        )

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(work, range(30)))

    assert told == [(f"t{number}", f"t{number}", number) for number in range(30)]
    assert len(running.tenants) == 31


def test_client_outlives_its_server() -> None:
    """While there is none, it says so; once there is one again, it is asked without ado."""
    with live() as first:
        admin = AdminClient(first.url)
        list(admin.expected_rows(*WANTED))
        admin.create_tenant("client_disconnected")
    with pytest.raises(AdminError, match="is `session-mock serve` running there") as gone:
        admin.health()
    with live(first.port):
        admin.close()
        again = [admin.health().tenants, admin.health().tenants]
    with live(first.port):
        again.append(admin.health().tenants)  # The socket that was kept led to the server before.
    admin.close()

    assert gone.value.status == 0
    assert first.url in str(gone.value)
    assert again == [1, 1, 1]


STRANGERS = {
    "page": HTML,
    "missing": HTML.replace(b"200 OK", b"404 Not Found"),
    "json": HTML.replace(b"text/html", b"application/json"),
    "moved": b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_stranger_is_not_taken_for_session_mock(name: str) -> None:
    """Whatever is asked, a server of another kind is told as what it is, never believed."""
    # What says that it is JSON may be an archive for all that the client knows.
    for kind in STRANGERS.keys() - ({"json"} if name == "export" else set()):
        said = STRANGERS[kind]
        with saying(said) as url, AdminClient(url) as admin, pytest.raises(AdminError) as error:
            called(admin, name)

        assert error.value.status == int(said.split()[1])
        assert str(error.value).endswith("is the URL right?")
        assert url in str(error.value)


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "noise", "half"],
)
@pytest.mark.parametrize("silent", [False, True])
def test_what_does_not_answer_is_given_up(said: bytes, silent: bool) -> None:  # noqa: FBT001
    """A server that hangs up, speaks otherwise, or falls silent leaves nobody waiting."""
    with (
        saying(said, silent=silent) as url,
        AdminClient(url, timeout=0.2) as admin,
        pytest.raises(AdminError) as error,
    ):
        admin.health()

    assert error.value.status == 0
    assert f"no session-mock answers at {url} (" in str(error.value)


@pytest.mark.parametrize(
    "rest",
    [b"", b'5\r\n{"b"', b'8\r\n{"b": 1}\r\n', b"7\r\nnot it\n\r\n0\r\n\r\n"],
    ids=["end", "chunk", "row", "word"],
)
def test_half_a_truth_is_an_error(rest: bytes) -> None:
    """Rows that came are told; where the rest is missing, that is told too."""
    with saying(CHUNKED + b'9\r\n{"a": 1}\n\r\n' + rest) as url, AdminClient(url) as admin:
        rows = admin.expected_rows(*WANTED)

        assert next(rows) == {"a": 1}
        with pytest.raises(AdminError, match="broke off in the middle"):
            list(rows)


def test_whoever_has_enough_of_the_truth_may_go(running: Running, admin: AdminClient) -> None:
    """A row is taken and the rest is not; the next answers are whole."""
    admin.replace_world(sessions=20_000)
    for _ in range(3):
        rows = admin.expected_rows(*WANTED)
        assert next(rows)
        rows.close()

    assert admin.health().tenants == len(running.tenants)
    assert len(list(admin.expected_rows(*WANTED, site=1))) == 20_000


def test_a_refusal_says_what_would_be_right(admin: AdminClient) -> None:
    """The server's words, status and title are those of the error, which can be sent from process to process."""
    with pytest.raises(AdminError) as error:
        admin.clock("defalt")
    copy = pickle.loads(pickle.dumps(error.value))  # noqa: S301 -- our own

    assert (error.value.status, error.value.title) == (404, "Unknown tenant")
    assert str(error.value) == "Unknown tenant: there is no tenant 'defalt'; did you mean 'default'?"
    assert (copy.status, copy.title, copy.detail, str(copy)) == (
        404,
        "Unknown tenant",
        error.value.detail,
        str(error.value),
    )


@pytest.mark.parametrize(
    "form", ["{url}", "{url}/", "{url}/__admin", "{url}/__admin/", "{bare}", "http://localhost:{port}"]
)
def test_url_may_be_written_in_many_ways(running: Running, form: str) -> None:
    """With and without scheme, slash and `/__admin`."""
    with AdminClient(
        form.format(url=running.url, bare=running.url.removeprefix("http://"), port=running.port)
    ) as admin:
        assert admin.health().status == "healthy"
        assert admin.url in (running.url, f"http://localhost:{running.port}")


@pytest.mark.parametrize(
    "url",
    ["", "http://", "ftp://a.example", "http://a:b", "http://a:0", "http://a:70000", "http://[::1", "//:80"],
)
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValueError, match="is no URL of a server"):
        AdminClient(url)


@pytest.mark.parametrize(
    "url", ["http://a b", "http://" + "x" * 70 + ".example", "http://nowhere.invalid", "https://127.0.0.1:1"]
)
def test_what_is_no_host_is_told(url: str) -> None:
    """A name that leads nowhere, or can be none, is an error of the client's like any other."""
    with AdminClient(url, timeout=5) as admin, pytest.raises(AdminError) as error:
        admin.health()

    assert error.value.status == 0


@pytest.mark.parametrize("base", ["", "/mock"])
def test_url_is_told_as_it_leads_to_the_server(base: str) -> None:
    """Also below a path, where a proxy has it."""
    assert AdminClient(f"http://proxy.example{base}/__admin").url == f"http://proxy.example{base}"


def test_token_is_sent_as_it_is() -> None:
    """In letters of any script; a wrong one is refused by the server, and one that no header carries by the client."""
    with live(admin_token=TOKEN) as running:
        with AdminClient(running.url, TOKEN) as admin:
            assert len(list(admin.expected_rows(*WANTED))) > 1
        for wrong in (None, TOKEN + "x"):
            with (
                AdminClient(running.url, wrong) as admin,
                pytest.raises(AdminError, match="--admin-token") as error,
            ):
                admin.health()
            assert error.value.status == 401
    for impossible in ("", "a\nb", " a"):
        with pytest.raises(ValueError, match="control characters"):
            AdminClient(running.url, impossible)


def test_client_is_light() -> None:
    """Whoever imports it imports neither the server nor what only the server and the command line need."""
    heavy = {
        "aiohttp",
        "numpy",
        "click",
        "rich",
        "asyncio",
        "mockserver.server",
        "mockserver.world",
        "mockserver.vendors",
    }
    code = "import sys, mockserver.client; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "mockserver.client.client" in loaded
    assert heavy & set(loaded) == set()
