"""Output that cannot be written: closed streams, broken pipes and full disks."""

import os
import shlex
import subprocess
import sys

import pytest

from tests.cli.conftest import COMMAND, PAIR, Shell

NAME = f"{PAIR[0].name} {PAIR[1].name}"
LOCAL = (
    "vendors",
    f"contract {PAIR[0].name}",
    f"openapi {PAIR[0].name}",
    "world",
    "world --json",
    f"export {NAME}",
    "--help",
)
ADMIN = (
    "admin tenant list",
    "admin version",
    f"admin rows expected {NAME}",
    "admin journal export",
    "admin openapi",
    "admin verify",
)


def run_in_shell(words: str, redirection: str, admin: Shell) -> "subprocess.CompletedProcess[str]":
    """Run a command in a shell that redirects its streams; streams that are not redirected are captured."""
    line = f"{shlex.join(COMMAND)} {words} {redirection}"
    return subprocess.run(
        ["sh", "-c", line],  # noqa: S607 -- the user's shell
        env={**os.environ, "SESSION_MOCK_URL": admin.url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "redirection"),
    [
        *[(words, ">&-") for words in (*LOCAL, *ADMIN)],
        *[
            (words, redirection)
            for words in (LOCAL[0], LOCAL[-1], ADMIN[0], f"admin rows trace {NAME}")
            for redirection in (">&- 2>&-", "<&- >/dev/null", "2>&- >/dev/null")
        ],
        (f"admin rows trace {NAME}", ">&-"),
    ],
)
def test_closed_stream_is_not_an_error(words: str, redirection: str, admin: Shell) -> None:
    """Commands print in different ways, so each one runs without stdout.

    The other streams are the same for all commands of a kind: a local one, the help, an admin command, one that reads stdin.
    """
    done = run_in_shell(words, redirection, admin)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words", ["admin health --url http://127.0.0.1:1", "world --sessions no", "vendor"])
def test_exit_code_of_failure_survives_closed_stream(words: str, admin: Shell) -> None:
    """The message is lost, the code is not."""
    expected = 1 if words.startswith("admin") else 2

    assert [run_in_shell(words, closed, admin).returncode for closed in (">&-", "2>&-", ">&- 2>&-")] == [
        expected
    ] * 3


@pytest.mark.parametrize("words", [*LOCAL, *ADMIN])
def test_full_disk_is_one_line(words: str, admin: Shell) -> None:
    done = run_in_shell(words, ">/dev/full", admin)

    assert done.returncode == 1
    assert done.stderr == "Error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("words", [*LOCAL, *ADMIN])
def test_broken_pipe_ends_command_silently(words: str, admin: Shell) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "mockserver", *words.split()]
    env = {**os.environ, "SESSION_MOCK_URL": admin.url}
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            command, env=env, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert done.stderr == ""
    assert done.returncode in (0, 1)
