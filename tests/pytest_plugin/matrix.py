"""Run a small project's tests with the built wheel.

Oldest and newest Python and pytest, with and without other plugins.

``make matrix`` prints a table and fails if a cell fails; ``ARGS=3.13`` runs that Python alone.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
OLDEST: Final = "3.11"
PYTESTS: Final = ("pytest==8.0.*", "pytest")
"""The oldest supported version, and the newest."""
PLUGINS: Final = ("pytest-asyncio", "anyio", "trio", "pytest-xdist", "pytest-randomly")
TESTS: Final = {
    "test_plain.py": """
        import threading
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_plain(session_mock, number):
            assert ask(session_mock) == 200
            assert session_mock.world.counts[0] > 0

        @pytest.mark.session_mock(sessions=3, faults={"kind": "latency", "seconds": 0.001})
        def test_marker(session_mock):
            assert session_mock.world.counts[0] == 3
            assert ask(session_mock) == 200

        def test_thread(session_mock):
            statuses = []
            thread = threading.Thread(target=lambda: statuses.append(ask(session_mock)))
            thread.start()
            thread.join()
            assert statuses == [200]

        @pytest.mark.xfail(strict=True, reason="the client asks for a path that is not there")
        def test_findings(session_mock):
            ask(session_mock, "/nothing")
        """,
    "test_asyncio.py": """
        import asyncio
        import pytest

        @pytest.mark.asyncio
        async def test_asyncio(session_mock):
            assert await asyncio.to_thread(ask, session_mock) == 200
            assert session_mock.clock.now
        """,
    "test_auto.py": """
        import asyncio

        async def test_auto(session_mock):
            assert await asyncio.to_thread(ask, session_mock) == 200
        """,
    "test_anyio.py": """
        import anyio.to_thread
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_anyio(session_mock, anyio_backend):
            assert await anyio.to_thread.run_sync(ask, session_mock) == 200
        """,
}
SETTINGS: Final = """
[pytest]
pythonpath = .
asyncio_default_fixture_loop_scope = function
filterwarnings =
    error
    ignore::pytest.PytestConfigWarning
    # pytest-asyncio 0.23, the newest for pytest 8.0, leaves a test's loop open, with its pair of local
    # sockets. They are not sockets of session-mock.
    ignore:Exception ignored in. <socket.socket fd=-1, family=1,:pytest.PytestUnraisableExceptionWarning
"""
CLIENT: Final = """
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from mockserver.vendors import load

VENDOR, LIST = next((vendor.name, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.site and endpoint.start_field)

def ask(mock, path=None):
    vendor = mock.vendor(VENDOR)
    path = path or LIST.paths[0].format_map({LIST.site: vendor.sites[0]})
    try:
        with urlopen(Request(vendor.base_url + path, headers=dict(vendor.headers))) as answer:
            return answer.status
    except HTTPError as error:
        with error:
            return error.code
"""


class Cell(NamedTuple):
    """A combination of test files and plugins."""

    name: str
    files: tuple[str, ...]
    arguments: tuple[str, ...]


OFF: Final = {name: ("-p", f"no:{name}") for name in ("asyncio", "anyio", "xdist", "randomly")}
PLAIN: Final = ("test_plain.py",)
BARE: Final = Cell("nothing else", PLAIN, ())
CELLS: Final = (
    Cell("all off", PLAIN, sum(OFF.values(), ())),
    Cell(
        "asyncio strict",
        (*PLAIN, "test_asyncio.py"),
        (*OFF["anyio"], *OFF["randomly"], "--asyncio-mode=strict"),
    ),
    Cell(
        "asyncio auto",
        (*PLAIN, "test_asyncio.py", "test_auto.py"),
        (*OFF["anyio"], *OFF["randomly"], "--asyncio-mode=auto"),
    ),
    Cell("anyio", (*PLAIN, "test_anyio.py"), (*OFF["asyncio"], *OFF["randomly"])),
    Cell("xdist", PLAIN, ("-n", "2", *OFF["randomly"])),
    Cell("randomly", PLAIN, ("-p", "randomly")),
    Cell("all", (*PLAIN, "test_asyncio.py", "test_anyio.py"), ("-n", "2", "--asyncio-mode=strict")),
)


def pythons() -> list[str]:
    """Return the paths of the oldest supported Python and of the newest installed one."""
    paths: dict[tuple[int, ...], str] = {}
    for path in (Path.home() / ".pyenv/versions").glob("3.*/bin/python"):
        paths[tuple(map(int, re.findall(r"\d+", path.parts[-3])[:2]))] = str(path)
    for minor in range(11, 30):
        command = shutil.which(f"python3.{minor}")
        if command is not None and _runs(command):
            paths.setdefault((3, minor), command)
    paths = {
        version: path
        for version, path in paths.items()
        if _format_version(version) in (sys.argv[1:] or map(_format_version, paths))
    }
    oldest = tuple(map(int, OLDEST.split(".")))
    known = sorted(version for version in paths if version >= oldest)
    return [paths[version] for version in dict.fromkeys([known[0], known[-1]])]


def _format_version(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _runs(python: str) -> bool:
    """Return True if *python* runs; a shim of pyenv may only print an error."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def cells(python: str, pytest: str, wheel: Path, environment: Path) -> Iterator[tuple[str, str, str, str]]:
    """Create an environment, and yield for each cell: Python, pytest, name, outcome."""
    subprocess.run([python, "-m", "venv", environment / "venv"], check=True)
    own = str(environment / "venv/bin/python")
    _install(own, str(wheel), pytest)
    version, tested = (
        subprocess.run([own, *arguments], capture_output=True, text=True, check=True).stdout.split()[-1]
        for arguments in VERSIONS
    )
    yield version, tested, BARE.name, _outcome(own, environment, BARE)
    _install(own, str(wheel), pytest, *PLUGINS)
    for cell in CELLS:
        yield version, tested, cell.name, _outcome(own, environment, cell)


VERSIONS: Final = (("--version",), ("-c", "import pytest; print(pytest.__version__)"))


def _install(python: str, *requirements: str) -> None:
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements], check=True
    )


def _outcome(python: str, environment: Path, cell: Cell) -> str:
    """Return the last line of the output of pytest."""
    project = environment / "project"
    project.mkdir(exist_ok=True)
    (project / "client.py").write_text(CLIENT, encoding="utf-8")
    (project / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    for name, text in TESTS.items():
        lines = ["from client import ask", *(line[8:] for line in text.splitlines())]
        (project / name).write_text("\n".join(lines), encoding="utf-8")
    result = subprocess.run(
        [python, "-m", "pytest", "-q", *cell.arguments, *cell.files],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    last = (result.stdout.strip().splitlines() or ["nothing"])[-1].strip("= ")
    if result.returncode:
        print(result.stdout[-3000:], result.stderr[-3000:], file=sys.stderr)
    return re.sub(r" in [\d.]+s.*", "", last) if not result.returncode else f"FAILED: {last}"


def main() -> int:
    """Build the wheel, run every environment, and print the table."""
    failed = 0
    with TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        [wheel] = Path(folder).glob("*.whl")
        print("| Python | pytest | with | outcome |\n|---|---|---|---|")
        for number, (python, pytest) in enumerate(
            (python, pytest) for python in pythons() for pytest in PYTESTS
        ):
            environment = Path(folder, str(number))
            environment.mkdir()
            for row in cells(python, pytest, wheel, environment):
                failed += row[-1].startswith("FAILED")
                print(f"| {' | '.join(row)} |", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
