"""Runs a document from its own text: files are written, shell blocks are run in order in one shell, and what is shown must be printed.

- A block whose first line is ``# name.ext`` is a file of that name; a Python block without a name is a script that is run.
- ``sh`` blocks are run by one bash, so that what one starts or sets is there in the next.
- A ``text`` block is what the block before it prints: its lines stand in the output one after the other; a line ``…`` skips
  some, and within a line ``…`` skips some of it.
- A block fails only where the text after it shows a failure.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
HOWTO: Final = ROOT / "docs" / "howto"
SECONDS: Final = 180
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME: Final = re.compile(r"# ([\w./-]+\.\w+|Dockerfile)")
_FAILURE: Final = re.compile(r"^(FAILED|ERROR|Error:|AssertionError)|\b\d+ (failed|error)", re.MULTILINE)
_ELIDED: Final = re.compile(r"…|\bin \d+\.\d+s")
_OWN: Final = ("CI", "COV_", "COVERAGE_", "PYTEST_", "SESSION_MOCK_")
"""Beginnings of variables of the environment that would change what a reader sees."""
_PLUGINS: Final = {
    "faker": "faker",
    "hypothesispytest": "hypothesis",
    "pytest_cov": "--cov",
    "schemathesis": "schemathesis",
}
"""Plugins of pytest that are imported only where a document has a word: that takes longer than the document itself."""
_PRELUDE: Final = """\
set -E; trap 'failed=1' ERR
session-mock() {
    case $1 in
        admin) SESSION_MOCK_URL=${SESSION_MOCK_URL:-$URL} command session-mock "$@" ;;
        *) command session-mock "$@" ;;
    esac
}
"""
"""Any command that fails is noticed; where no server is named, the one of the document is meant."""


class Block(Struct, frozen=True, kw_only=True):
    """A block of code of a document."""

    kind: str
    text: str
    file: str | None
    shown: str | None
    """What it prints, where the document shows it."""


class DocumentError(Exception):
    """A document that cannot be run."""


def blocks(document: str) -> list[Block]:
    """The blocks of a document that are files, or are run; raises :class:`DocumentError` for one that would be neither."""
    found: list[Block] = []
    for kind, text in _BLOCK.findall(document):
        name = _NAME.fullmatch(text.partition("\n")[0])
        runs = kind in {"python", "sh"} and name is None
        if kind == "text" and found and found[-1].file is None and found[-1].shown is None:
            found[-1] = Block(kind=found[-1].kind, text=found[-1].text, file=None, shown=text)
        elif name is not None or runs:
            found.append(Block(kind=kind, text=text, file=name and name[1], shown=None))
        else:
            raise DocumentError(
                f"no file, nothing to run, and nothing that is shown of what was run:\n{text}"
            )
    return found


def differs(shown: str, printed: str) -> str | None:
    """Say which line of what is shown is not printed where it should be; nothing where all are."""
    lines = [line.rstrip() for line in printed.splitlines()]
    parts = [
        part.strip("\n").splitlines() for part in re.split(r"^…$", shown, flags=re.MULTILINE) if part.strip()
    ]
    start = 0
    for part in parts:
        patterns = [re.compile(".*".join(map(re.escape, _ELIDED.split(line.rstrip())))) for line in part]
        places = range(start, len(lines) - len(part) + 1)
        matched = [sum(1 for _ in _agreeing(patterns, lines[place:])) for place in places]
        if len(part) not in matched:
            return part[max(matched, default=0)]
        start += matched.index(len(part)) + len(part)
    return None


def _agreeing(patterns: list[re.Pattern[str]], lines: list[str]) -> Iterator[None]:
    for pattern, line in zip(patterns, lines, strict=False):
        if not pattern.fullmatch(line):
            return
        yield None


def run(document: str, folder: Path, programs: Path | None = None) -> None:
    """Run a document in an empty folder; raises ``AssertionError`` for what fails, and for what is shown and not printed.

    Port 8080 may be taken here, so that another one stands in its place; ``programs`` is a folder of commands found first.
    """
    own, port = folder / ".blocks", str(_free_port())
    own.mkdir()
    found = blocks(document.replace("8080", port))
    steps = [_PRELUDE]
    for number, block in enumerate(found):
        (own / f"{number}").write_text(block.text, encoding="utf-8")
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            steps.append(f"cp .blocks/{number} {block.file}\n")
        else:
            how = f". .blocks/{number}" if block.kind == "sh" else f"python .blocks/{number}"
            steps.append(
                f"failed=0; {how} >.blocks/{number}.out 2>&1; echo $failed >.blocks/{number}.failed\n"
            )
    (own / "all").write_text("".join(steps), encoding="utf-8")
    unused = " ".join(f"-p no:{plugin}" for plugin, word in _PLUGINS.items() if word not in document)
    _bash(own / "all", {"URL": f"http://127.0.0.1:{port}", "PYTEST_ADDOPTS": unused}, programs)
    for number, block in enumerate(found):
        if block.file is None:
            _judge(block, own / f"{number}.out", own / f"{number}.failed")


def _judge(block: Block, out: Path, failed: Path) -> None:
    printed = out.read_text(encoding="utf-8") if out.exists() else ""
    wanted = block.shown is not None and _FAILURE.search(block.shown) is not None
    fails = not failed.exists() or failed.read_text(encoding="utf-8").strip() == "1"
    assert fails == wanted, f"{block.text}was to {'fail' if wanted else 'succeed'}, and printed\n{printed}"
    missing = None if block.shown is None else differs(block.shown, printed)
    assert missing is None, f"{block.text}does not print\n{missing}\nwhere it should, but\n{printed}"


def _bash(script: Path, variables: Mapping[str, str], programs: Path | None) -> None:
    """Run a script; what it started ends with it, and it ends in time."""
    path = [*([str(programs)] if programs else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {
        "PATH": os.pathsep.join(path),
        "COLUMNS": "100",
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
            with suppress(ProcessLookupError):  # Nothing of it runs any more.
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
