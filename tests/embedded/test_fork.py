"""A server and its handles after ``fork``: the child can use the URL, but not the parent's server object."""

import subprocess
import sys
import textwrap

import pytest

from tests.embedded.crawling import LISTS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
PAIR = next(pair for pair in LISTS if pair[1].method == "GET")
HEAD = f"""
import http.client, multiprocessing, os, socket, sys, threading
from urllib.request import Request, urlopen
from mockserver import AdminError, SessionMock, create_app, tenant_of

VENDOR, ENDPOINT, PATH, SITE = {PAIR[0].name!r}, {PAIR[1].name!r}, {PAIR[1].paths[0]!r}, {PAIR[1].site!r}

def ask(vendor):
    url = vendor.base_url + PATH.format_map({{SITE: vendor.sites[0]}})
    with urlopen(Request(url, headers=dict(vendor.headers)), timeout=30) as answer:
        return answer.status

def attempt(call):
    try:
        return call()
    except RuntimeError as error:
        return str(error)

def fork(child):
    # Flush before, so that nothing is printed twice.
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            child()
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return pid

def join(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
USES = (
    "mock.clock.advance(60)",
    "mock.clock.now",
    "mock.faults.add('latency', seconds=0)",
    "mock.limits.set('x', allowed=1)",
    "mock.behaviors['x']",
    "mock.journal.count()",
    "mock.world.counts",
    "mock.verify()",
    "mock.create_tenant()",
    "mock.admin.health()",
    "list(rows)",
    "tenant.delete()",
    "mock.start()",
)


def run(program: str) -> list[str]:
    """Run a program in a new process, and return the lines that it prints."""
    code = HEAD + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_handle_in_forked_child_raises_with_remedy() -> None:
    parent, *lines = run(f"""
        with SessionMock(sessions=3) as mock:
            tenant, rows = mock.create_tenant(), mock.admin.expected_rows(VENDOR, ENDPOINT)
            print(mock.url)
            for use in {USES!r}:
                join(fork(lambda: print(attempt(lambda: eval(use)))))
            print(mock.admin.health().tenants)
    """)

    assert lines[len(USES) :] == ["2"]
    for use, answer in zip(USES, lines, strict=False):
        assert f"SessionMock.connect('{parent}')" in answer, use
        assert "forked" in answer, use


@pytest.mark.parametrize("how", ["os", "multiprocessing"])
def test_forked_child_uses_server_by_url(how: str) -> None:
    lines = run(f"""
        def child(mock):
            print(ask(mock.vendor(VENDOR)))
            remote = SessionMock.connect(mock.url)
            remote.clock.advance(60)
            print(remote.journal.count())
            sys.stdout.flush()

        with SessionMock(sessions=3) as mock:
            before = mock.clock.now
            if {how == "os"}:
                join(fork(lambda: child(mock)))
            else:
                process = multiprocessing.get_context("fork").Process(target=child, args=(mock,))
                process.start()
                process.join()
            print(int((mock.clock.now - before).total_seconds()), mock.journal.count(), ask(mock.vendor(VENDOR)))
    """)

    assert lines == ["200", "1", "60 1 200"]


def test_forked_child_can_start_new_server() -> None:
    lines = run("""
        def child():
            with SessionMock(sessions=1) as new, unused as made_before:
                print(new.world.counts, made_before.world.counts, ask(new.vendor(VENDOR)), ask(made_before.vendor(VENDOR)))
            mock.stop()
            with mock:
                print(mock.url != url, mock.world.counts, ask(mock.vendor(VENDOR)))

        unused = SessionMock(sessions=2)
        with SessionMock(sessions=3) as mock:
            url = mock.url
            join(fork(child))
            print(mock.world.counts, ask(mock.vendor(VENDOR)))
    """)

    assert lines == ["[1, 1] [2, 2] 200 200", "True [3, 3] 200", "[3, 3] 200"]


def test_forked_child_leaving_context_does_not_stop_server() -> None:
    lines = run("""
        with SessionMock(sessions=3) as mock:
            pid = os.fork()
            if pid == 0:
                sys.exit()
            join(pid)
            print(mock.clock.advance(1) is not None, ask(mock.vendor(VENDOR)))
    """)

    assert lines == ["True 200"]


def test_forked_child_releases_sockets_of_server() -> None:
    """After stop() the port is free and clients see the end of their connections, although a child still runs."""
    lines = run("""
        go, wait = os.pipe()
        mock = SessionMock(sessions=3).start()
        port = int(mock.url.rpartition(":")[2])
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        client.request("GET", "/__admin/health")
        client.getresponse().read()
        def child():
            os.close(wait)
            os.read(go, 1)
        pid = fork(child)
        mock.stop()
        print(client.sock.recv(1))
        with SessionMock(port=port) as again:
            print(ask(again.vendor(VENDOR)))
        os.close(wait)
        join(pid)
    """)

    assert lines == ["b''", "200"]


def test_connected_mock_works_in_parent_and_forked_child() -> None:
    """Processes do not share the connection that was open before the fork."""
    lines = run("""
        with SessionMock(sessions=3) as mock:
            remote = SessionMock.connect(mock.url)
            in_parent, in_child = remote.create_tenant("parent"), remote.create_tenant("child")
            def check(tenant):
                for _ in range(200):
                    assert remote.admin.tenant(tenant.id).id == tenant.id
            pid = fork(lambda: check(in_child))
            check(in_parent)
            join(pid)
            print("done")
    """)

    assert lines == ["done"]


def test_application_handle_in_forked_child_raises_with_remedy() -> None:
    """Before the application starts, a fork is harmless: each process serves its own copy."""
    before, after = run("""
        import asyncio
        from aiohttp import web

        app = create_app(sessions=3)
        def child():
            tenant_of(app).clock.advance(1)
            print("ok")
        join(fork(child))

        async def serve():
            runner = web.AppRunner(app)
            await runner.setup()
            join(fork(lambda: print(attempt(lambda: tenant_of(app).clock.advance(1)))))
            await runner.cleanup()
        asyncio.run(serve())
    """)

    assert before == "ok"
    assert "forked" in after
