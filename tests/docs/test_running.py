"""Tests of the runner of documents."""

import os
import threading
from pathlib import Path

import pytest

from tests.docs.running import DocumentError, blocks, differs, run

FENCE = "```"


def document(*parts: tuple[str, str]) -> str:
    """Return a document with blocks of code."""
    return "\n".join(f"Words.\n\n{FENCE}{kind}\n{text}{FENCE}\n" for kind, text in parts)


def test_blocks_returns_files_commands_and_output() -> None:
    found = blocks(document(("python", "# test_it.py\npass\n"), ("sh", "echo one\n"), ("text", "one\n")))

    assert [(block.kind, block.file, block.shown) for block in found] == [
        ("python", "test_it.py", None),
        ("sh", None, "one\n"),
    ]


@pytest.mark.parametrize(
    "parts", [[("json", "{}\n")], [("text", "one\n")], [("sh", "echo\n"), ("text", "\n"), ("text", "\n")]]
)
def test_blocks_rejects_block_that_is_not_run(parts: list[tuple[str, str]]) -> None:
    with pytest.raises(DocumentError):
        blocks(document(*parts))


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("b\nc", None),
        ("a\n…\nd", None),
        ("one … three", None),
        ("1 passed in 0.01s", None),
        ("a\nc", "c"),
        ("d\n…\na", "a"),
        ("e", "e"),
    ],
)
def test_differs_returns_first_missing_line(shown: str, missing: str | None) -> None:
    assert differs(shown, "a\nb\nc  \nd\none two three\n1 passed in 0.45s\n") == missing


def test_run_executes_blocks_in_order_in_one_shell(tmp_path: Path) -> None:
    run(
        document(
            ("python", "# one.py\nprint(1 + 1)\n"),
            ("sh", "name=two\n"),
            ("sh", "python one.py; echo $name\n"),
            ("text", "2\ntwo\n"),
        ),
        tmp_path,
    )


def test_run_ends_background_processes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "server.log")
    # The thread ends when the last process has closed the pipe.
    reading = threading.Thread(target=(tmp_path / "server.log").read_bytes, daemon=True)
    reading.start()

    run(
        document(
            (
                "sh",
                "session-mock serve --port 8080 > server.log &\nuntil curl -sf http://127.0.0.1:8080/__admin/health; do sleep 0.1; done\n",
            )
        ),
        tmp_path,
    )
    reading.join(10)

    assert not reading.is_alive()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([("sh", "false\ntrue\n")], "expected to succeed"),
        ([("sh", "true\n"), ("text", "1 failed in 0.01s\n")], "expected to fail"),
        ([("sh", "echo one\n"), ("text", "two\n")], "does not print"),
        ([("python", "raise SystemExit('no')\n")], "expected to succeed"),
        ([("sh", "exit 3\n"), ("sh", "echo never\n")], "expected to succeed"),
    ],
)
def test_run_rejects_document_that_behaves_differently(
    parts: list[tuple[str, str]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=message):
        run(document(*parts), tmp_path)
