"""Commands run in their own process group, and nothing of it survives."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mockserver.harness.child import WATCHDOG, ChildResult, run_child

SH = "/bin/sh"


def shell(script: str, *, timeout: float | None = None) -> ChildResult:
    return run_child([SH, "-c", script], stdin="closed", timeout=timeout)


def wait_until_closed(path: Path) -> bytes:
    """Return what was written to a FIFO when every process that has it open for writing has ended."""
    return path.read_bytes()


@pytest.fixture(name="fifo")
def make_fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("script", "code", "number"), [("exit 0", 0, None), ("exit 7", 7, None), ("kill -TERM $$", 143, 15)]
)
def test_exit_code_is_that_of_the_command(script: str, code: int, number: int | None) -> None:
    result = shell(script)

    assert (result.exit_code, result.signal, result.timed_out) == (code, number, False)


def test_command_that_cannot_be_run_has_code_of_shells(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program", encoding="utf-8")
    script = tmp_path / "script"
    script.write_text("#!/no/interpreter\n", encoding="utf-8")
    script.chmod(0o755)
    results = [run_child([name]) for name in ("no-such-command", str(text), str(script))]

    assert [(result.exit_code, result.error) for result in results] == [
        (127, "no-such-command: command not found"),
        (126, f"{text}: cannot run it: Permission denied"),
        (126, f"{script}: cannot run it: its interpreter does not exist; correct its first line"),
    ]
    with pytest.raises(NotADirectoryError, match="not a folder"):
        run_child([SH], cwd=text)


def test_output_environment_and_folder_are_those_given(tmp_path: Path) -> None:
    one, two, both = (tmp_path / name for name in ("one", "two", "both"))
    command = [SH, "-c", 'echo "$COLOR $PWD"; cat; echo problem >&2']
    settings = {"environment": {"COLOR": "blue"}, "cwd": tmp_path}
    run_child(command, stdin="closed", stdout=one, stderr=two, **settings)  # type: ignore[arg-type]
    run_child(command, stdin="closed", stdout=both, stderr=both, **settings)  # type: ignore[arg-type]

    assert (one.read_text(), two.read_text()) == (f"blue {tmp_path}\n", "problem\n")
    assert both.read_text() == f"blue {tmp_path}\nproblem\n"


def test_process_left_in_background_is_killed(fifo: Path) -> None:
    """The reader of a FIFO waits until no process has it open for writing."""
    readers: list[bytes] = []
    reader = threading.Thread(target=lambda: readers.append(wait_until_closed(fifo)))
    reader.start()
    result = shell(f"exec 9>{fifo}; (trap '' TERM INT; sleep 1000) & exit 3")
    reader.join(60)

    assert (result.exit_code, readers) == (3, [b""])


def test_deadline_ends_the_group() -> None:
    result = shell("sleep 1000 & sleep 1000", timeout=0.05)

    assert (result.timed_out, result.exit_code, result.signal) == (True, 143, 15)
    assert result.duration_seconds < 1000


PARENT = """
import sys
from pathlib import Path
from mockserver.harness.child import run_child
sys.exit(run_child(["/bin/sh", "-c", sys.argv[1]], folder=Path(sys.argv[2])).exit_code)
"""


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_signal_reaches_the_group_and_leaves_no_process(
    number: signal.Signals, fifo: Path, tmp_path: Path
) -> None:
    """A shell would ignore SIGINT in its background process, so a Python process is the other one."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "file").touch()
    other = f"{sys.executable} -c 'import signal; signal.signal(2, signal.SIG_DFL); signal.pause()'"
    script = f"exec 9>{fifo}; {other} & echo started >&9; exec sleep 1000"
    with subprocess.Popen([sys.executable, "-c", PARENT, script, folder]) as parent:
        with fifo.open("rb") as ends:
            assert ends.readline() == b"started\n"
            parent.send_signal(number)
            assert ends.read() == b""
        code = parent.wait(60)

    assert code == (-9 if number == signal.SIGKILL else 128 + number)
    assert folder.exists() == (number != signal.SIGKILL)  # Otherwise its owner removes it.


def test_folder_is_removed_if_no_command_was_started(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    subprocess.run([SH, "-c", WATCHDOG, "watchdog", "0", folder], stdin=subprocess.DEVNULL, check=False)

    assert not folder.exists()


@pytest.mark.usefixtures("usual_signals")
def test_command_decides_how_an_interrupt_ends_it(fifo: Path, tmp_path: Path) -> None:
    script = f"trap 'exit 5' INT; exec 9>{fifo}; echo started >&9; while :; do sleep 0.05; done"
    with subprocess.Popen([sys.executable, "-c", PARENT, script, tmp_path / "none"]) as parent:
        with fifo.open("rb") as ends:
            ends.readline()
            parent.send_signal(signal.SIGINT)
        assert parent.wait(60) == 5


def test_command_in_another_thread_gets_no_signals_and_ends() -> None:
    results: list[ChildResult] = []
    thread = threading.Thread(target=lambda: results.append(shell("exit 4")))
    thread.start()
    thread.join(60)

    assert results[0].exit_code == 4
