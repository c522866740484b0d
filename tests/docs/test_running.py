"""The runner of documents finds what is wrong with one."""

import os
import threading
from pathlib import Path

import pytest

from tests.docs.running import DocumentError, blocks, differs, run

FENCE = "```"


def document(*parts: tuple[str, str]) -> str:
    """A document with blocks of code."""
    return "\n".join(f"Words.\n\n{FENCE}{kind}\n{text}{FENCE}\n" for kind, text in parts)


def test_blocks_are_files_commands_and_what_they_print() -> None:
    """A name in the first line makes a file, and a text belongs to the command before it."""
    found = blocks(document(("python", "# test_it.py\npass\n"), ("sh", "echo one\n"), ("text", "one\n")))

    assert [(block.kind, block.file, block.shown) for block in found] == [
        ("python", "test_it.py", None),
        ("sh", None, "one\n"),
    ]


@pytest.mark.parametrize(
    "parts", [[("json", "{}\n")], [("text", "one\n")], [("sh", "echo\n"), ("text", "\n"), ("text", "\n")]]
)
def test_block_that_nothing_would_run_is_refused(parts: list[tuple[str, str]]) -> None:
    """No block stands in a document only to be read."""
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
def test_what_is_shown_stands_in_the_output_line_after_line(shown: str, missing: str | None) -> None:
    """Nothing is left out unmarked; the first line that is not there is told."""
    assert differs(shown, "a\nb\nc  \nd\none two three\n1 passed in 0.45s\n") == missing


def test_document_is_run_in_one_shell_from_top_to_bottom(tmp_path: Path) -> None:
    """Files are there when a command wants them, and what a command sets is there in the next."""
    run(
        document(
            ("python", "# one.py\nprint(1 + 1)\n"),
            ("sh", "name=two\n"),
            ("sh", "python one.py; echo $name\n"),
            ("text", "2\ntwo\n"),
        ),
        tmp_path,
    )


def test_what_a_document_starts_ends_with_it(tmp_path: Path) -> None:
    """A server that it leaves in the background is gone afterwards."""
    os.mkfifo(tmp_path / "server.log")
    reading = threading.Thread(
        target=(tmp_path / "server.log").read_bytes, daemon=True
    )  # Until nobody has it open any more.
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
    ("parts", "told"),
    [
        ([("sh", "false\ntrue\n")], "was to succeed"),
        ([("sh", "true\n"), ("text", "1 failed in 0.01s\n")], "was to fail"),
        ([("sh", "echo one\n"), ("text", "two\n")], "does not print"),
        ([("python", "raise SystemExit('no')\n")], "was to succeed"),
        ([("sh", "exit 3\n"), ("sh", "echo never\n")], "was to succeed"),
    ],
)
def test_document_that_does_not_do_what_it_says_is_found(
    parts: list[tuple[str, str]], told: str, tmp_path: Path
) -> None:
    """A command that fails, one that does not, another output, and a shell that ends too early are all told."""
    with pytest.raises(AssertionError, match=told):
        run(document(*parts), tmp_path)
