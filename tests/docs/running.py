"""Run the blocks of a document.

Write its files, run its commands in order in one shell, and compare their output.

- A block whose first line is ``# name.ext`` or ``// name.ext`` is a file of that name; a Python block without a
  name is a script.
- One bash runs all ``sh`` blocks, so a block sees the processes and variables of the blocks before it.
- A ``text`` block is the output of the block before it: its lines are consecutive in the output. A line ``…`` skips
  lines, and ``…`` within a line skips characters.
- A block may fail only if the text after it shows a failure.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
HOWTO: Final = ROOT / "docs" / "howto"
SECONDS: Final = 180
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME: Final = re.compile(r"(?:#|//) ([\w./-]+\.\w+|Dockerfile)")
_FAILURE: Final = re.compile(r"^(FAILED|ERROR|Error:|AssertionError)|\b\d+ (failed|error)", re.MULTILINE)
_ELIDED: Final = re.compile(r"…|\bin \d+\.\d+s")
_OWN: Final = ("CI", "COV_", "COVERAGE_", "PYTEST_", "SESSION_MOCK_")
"""Prefixes of environment variables that would change the output."""
_PLUGINS: Final = {
    "faker": "faker",
    "hypothesispytest": "hypothesis",
    "aiohttp": "pytest-aiohttp",
    "anyio": "anyio",
    "asyncio": "asyncio",
    "pytest_cov": "--cov",
    "pytest_httpserver": "httpserver",
    "randomly": "randomly",
    "schemathesis": "schemathesis",
}
"""pytest plugins that take long to import, each with a word of the documents that need it."""
_PRELUDE: Final = """\
set -E; trap 'failed=1' ERR
session-mock() {
    case $1 in
        admin) SESSION_MOCK_URL=${SESSION_MOCK_URL:-$URL} command session-mock "$@" ;;
        *) command session-mock "$@" ;;
    esac
}
"""
"""Records any failed command; commands without a URL use the server of the document."""


class Block(Struct, frozen=True, kw_only=True):
    """A block of code of a document."""

    kind: str
    text: str
    file: str | None
    shown: str | None
    """The output that the document shows."""


class DocumentError(Exception):
    """Raised for a document with a block that is not run."""


def blocks(document: str) -> list[Block]:
    """Return the blocks of a document.

    Raises :class:`DocumentError` for one that is neither a file nor run.
    """
    found: list[Block] = []
    for kind, text in _BLOCK.findall(document):
        name = _NAME.fullmatch(text.partition("\n")[0])
        runs = kind in {"python", "sh"} and name is None
        if kind == "text" and found and found[-1].file is None and found[-1].shown is None:
            found[-1] = Block(kind=found[-1].kind, text=found[-1].text, file=None, shown=text)
        elif name is not None or runs:
            found.append(Block(kind=kind, text=text, file=name and name[1], shown=None))
        else:
            raise DocumentError(f"block is not a file, a command, or the output of a command:\n{text}")
    return found


def differs(shown: str, printed: str) -> str | None:
    """Return the first shown line that is not printed at its place, or ``None``."""
    lines = [line.rstrip() for line in printed.splitlines()]
    parts = [
        part.strip("\n").splitlines() for part in re.split(r"^…$", shown, flags=re.MULTILINE) if part.strip()
    ]
    start = 0
    for part in parts:
        patterns = [re.compile(".*".join(map(re.escape, _ELIDED.split(line.rstrip())))) for line in part]
        places = range(start, len(lines) - len(part) + 1)
        matched = [_count_matching(patterns, lines[place:]) for place in places]
        if len(part) not in matched:
            return part[max(matched, default=0)]
        start += matched.index(len(part)) + len(part)
    return None


def _count_matching(patterns: list[re.Pattern[str]], lines: list[str]) -> int:
    """Return how many patterns match the first lines, up to the first that does not."""
    count = 0
    for pattern, line in zip(patterns, lines, strict=False):
        if not pattern.fullmatch(line):
            break
        count += 1
    return count


def run(document: str, folder: Path, programs: Path | None = None) -> None:
    """Run a document in an empty folder; raises ``AssertionError`` for a failure and for output that differs.

    Port 8080 may be taken, so another port replaces it. *programs* is a folder at the front of the ``PATH``.
    """
    own = folder / ".blocks"
    port = str(_free_port())
    own.mkdir()
    found = blocks(document.replace("8080", port))
    steps = [_PRELUDE]
    for number, block in enumerate(found):
        (own / f"{number}").write_text(block.text, encoding="utf-8")
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            steps.append(f"cp .blocks/{number} {block.file}\n")
        else:
            command = f". .blocks/{number}" if block.kind == "sh" else f"python .blocks/{number}"
            steps.append(
                f"failed=0; {command} >.blocks/{number}.out 2>&1; echo $failed >.blocks/{number}.failed\n"
            )
    (own / "all").write_text("".join(steps), encoding="utf-8")
    unused = " ".join(f"-p no:{plugin}" for plugin, word in _PLUGINS.items() if word not in document)
    _bash(own / "all", {"URL": f"http://127.0.0.1:{port}", "PYTEST_ADDOPTS": unused}, programs)
    for number, block in enumerate(found):
        if block.file is None:
            _check_output(block, own / f"{number}.out", own / f"{number}.failed")


def _check_output(block: Block, out: Path, failed: Path) -> None:
    printed = out.read_text(encoding="utf-8") if out.exists() else ""
    should_fail = block.shown is not None and _FAILURE.search(block.shown) is not None
    has_failed = not failed.exists() or failed.read_text(encoding="utf-8").strip() == "1"
    expected = "fail" if should_fail else "succeed"
    assert has_failed == should_fail, f"{block.text}expected to {expected}; printed\n{printed}"
    missing = None if block.shown is None else differs(block.shown, printed)
    assert missing is None, f"{block.text}does not print\n{missing}\nat its place; printed\n{printed}"


def _bash(script: Path, variables: Mapping[str, str], programs: Path | None) -> None:
    """Run a script with a time limit, and end every process that it started."""
    path = [*([str(programs)] if programs else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {
        "PATH": os.pathsep.join(path),
        "COLUMNS": "100",
        "TMPDIR": str(script.parent),  # A server that is killed leaves files.
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        **variables,
    }
    command = ["bash", str(script)]
    with subprocess.Popen(
        command,
        cwd=script.parents[1],
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            process.wait(SECONDS)
        finally:
            with suppress(ProcessLookupError):  # All its processes have ended.
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
