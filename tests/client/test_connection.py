"""The client with threads, restarts, other servers and silence."""

import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.client import AdminClient, AdminError
from mockserver.server.runner import Running
from tests.client.live import serve_bytes, serve_in_thread
from tests.client.test_methods import CALLS, ROW_QUERY

TOKEN = "Örtlich-geheim:3"
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


def call_method(admin: AdminClient, name: str) -> Any:
    """Call a method; return its result, an iterator as a list."""
    arguments, named, _ = CALLS[name]
    result = getattr(admin, name)(*arguments, **named)
    return list(result) if isinstance(result, Iterator) else result


def test_threads_share_a_client(running: Running, admin: AdminClient) -> None:
    """Each gets its own response, even if another thread closes idle connections."""

    def work(number: int) -> tuple[str, str, int]:
        created = admin.create_tenant(f"t{number}", world={"sessions": number})
        if number % 5 == 0:
            admin.close()
        return (
            created.id,
            admin.tenant(f"t{number}").id,
            len(list(admin.expected_rows(*ROW_QUERY, tenant=f"t{number}"))),
        )

    with ThreadPoolExecutor(16) as pool:
        result = list(pool.map(work, range(30)))

    assert result == [(f"t{number}", f"t{number}", number) for number in range(30)]
    assert len(running.tenants) == 31


def test_client_survives_restart_of_server() -> None:
    with serve_in_thread() as first:
        admin = AdminClient(first.url)
        list(admin.expected_rows(*ROW_QUERY))
        admin.create_tenant("temporary")
    with pytest.raises(AdminError, match="is `session-mock serve` running there") as gone:
        admin.health()
    with serve_in_thread(first.port):
        admin.close()
        again = [admin.health().tenants, admin.health().tenants]
    with serve_in_thread(first.port):
        again.append(admin.health().tenants)  # The idle connection belonged to the previous server.
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
def test_response_of_other_server_is_an_error(name: str) -> None:
    # An export of the journal is not parsed, so any JSON is accepted.
    for kind in STRANGERS.keys() - ({"json"} if name == "export_journal" else set()):
        content = STRANGERS[kind]
        with serve_bytes(content) as url, AdminClient(url) as admin, pytest.raises(AdminError) as error:
            call_method(admin, name)

        assert error.value.status == int(content.split()[1])
        assert str(error.value).endswith("is the URL right?")
        assert url in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "noise", "half"],
)
@pytest.mark.parametrize("silent", [False, True])
def test_server_without_response_is_an_error(content: bytes, silent: bool) -> None:  # noqa: FBT001
    """It disconnects, sends something else, or stays silent."""
    with (
        serve_bytes(content, silent=silent) as url,
        AdminClient(url, timeout=0.2) as admin,
        pytest.raises(AdminError) as error,
    ):
        admin.health()

    assert error.value.status == 0
    assert f"no response from {url} (" in str(error.value)


@pytest.mark.parametrize(
    "rest",
    [b"", b'5\r\n{"b"', b'8\r\n{"b": 1}\r\n', b"7\r\nnot it\n\r\n0\r\n\r\n"],
    ids=["end", "chunk", "row", "word"],
)
def test_incomplete_stream_of_rows_is_an_error(rest: bytes) -> None:
    """Rows that arrived before are yielded."""
    with serve_bytes(CHUNKED + b'9\r\n{"a": 1}\n\r\n' + rest) as url, AdminClient(url) as admin:
        rows = admin.expected_rows(*ROW_QUERY)

        assert next(rows) == {"a": 1}
        with pytest.raises(AdminError, match="ended early"):
            list(rows)


def test_stream_of_rows_can_be_closed_early(running: Running, admin: AdminClient) -> None:
    """Later responses are complete."""
    admin.replace_world(sessions=20_000)
    for _ in range(3):
        rows = admin.expected_rows(*ROW_QUERY)
        assert next(rows)
        rows.close()

    assert admin.health().tenants == len(running.tenants)
    assert len(list(admin.expected_rows(*ROW_QUERY, site=1))) == 20_000


def test_error_has_status_title_and_remedy_and_can_be_pickled(admin: AdminClient) -> None:
    with pytest.raises(AdminError) as error:
        admin.clock("defalt")
    copy = pickle.loads(pickle.dumps(error.value))  # noqa: S301 -- our own

    assert (error.value.status, error.value.title) == (404, "Unknown tenant")
    assert str(error.value) == "Unknown tenant: no tenant with id 'defalt'; did you mean 'default'?"
    assert (copy.status, copy.title, copy.detail, str(copy)) == (
        404,
        "Unknown tenant",
        error.value.detail,
        str(error.value),
    )


@pytest.mark.parametrize(
    "form", ["{url}", "{url}/", "{url}/__admin", "{url}/__admin/", "{bare}", "http://localhost:{port}"]
)
def test_url_is_accepted_in_each_form(running: Running, form: str) -> None:
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
def test_invalid_url_is_rejected_before_a_request(url: str) -> None:
    with pytest.raises(
        ValueError, match=f"^invalid server URL {re.escape(repr(url))}; use a URL such as http://"
    ):
        AdminClient(url)


@pytest.mark.parametrize(
    "url", ["http://a b", "http://" + "x" * 70 + ".example", "http://nowhere.invalid", "https://127.0.0.1:1"]
)
def test_unreachable_host_is_an_error(url: str) -> None:
    with AdminClient(url, timeout=5) as admin, pytest.raises(AdminError) as error:
        admin.health()

    assert error.value.status == 0


@pytest.mark.parametrize("base", ["", "/mock"])
def test_url_keeps_path_of_proxy(base: str) -> None:
    assert AdminClient(f"http://proxy.example{base}/__admin").url == f"http://proxy.example{base}"


def test_token_is_sent_unchanged() -> None:
    """A wrong one is rejected by the server, one that a header cannot carry by the client."""
    with serve_in_thread(admin_token=TOKEN) as running:
        with AdminClient(running.url, TOKEN) as admin:
            assert len(list(admin.expected_rows(*ROW_QUERY))) > 1
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


def test_client_imports_neither_server_nor_heavy_libraries() -> None:
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
