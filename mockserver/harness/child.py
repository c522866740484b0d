"""Run a command in its own process group, which never survives this process."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from mockserver._util.clock import monotonic
from mockserver.harness.signals import ENDING, SIGNAL_BASE, handled_signals

NOT_EXECUTABLE: Final = 126
"""Exit code for a command that exists and cannot be run, as in shells."""
NOT_FOUND: Final = 127
"""Exit code for a command that does not exist, as in shells."""
GRACE_SECONDS: Final = 5.0
"""Seconds of real time that a command has to end after SIGTERM, SIGHUP or the deadline; then it is killed."""
_MAX_LINE: Final = 256
"""Bytes of the first line of a script, which names its interpreter."""
_MAX_INTERRUPTS: Final = 3
"""The third SIGINT kills the command."""
_FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH")
WATCHDOG: Final = (
    'read -r group <"/dev/fd/$1" || { [ -z "$2" ] || rm -rf -- "$2"; exit; }; read -r end;'
    ' [ -z "$2" ] || { kill -s STOP -- "-$group"; rm -rf -- "$2"; };'
    ' kill -s KILL -- "-$group"'
)
"""Script that kills a process group as soon as the other end of its stdin is closed.

Before that, it removes a folder, if one is named; a process that has stopped adds no files. It also removes
the folder if no group is reported, because this process was killed before the command started.
"""
_START: Final = 'echo "$$" >"/dev/fd/$1"; shift; exec "$@"'
"""Script that reports its process group to the watchdog and becomes the command.

If this process reported the group, the command would survive if this process were killed just before.
"""


class ChildResult(Struct, frozen=True, kw_only=True):
    """How a command ended."""

    exit_code: int
    """As in a shell: 126 and 127 if it could not be run, 128 + N if signal N ended it."""
    timed_out: bool = False
    """True if it was ended because its deadline had passed."""
    signal: int | None = None
    """Number of the signal that ended it."""
    duration_seconds: float = 0.0
    """Real time from its start to its end."""
    error: str = ""
    """The reason why it could not be run."""


def run_child(  # noqa: PLR0913 -- everything that a process needs
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Literal["inherited", "closed"] = "inherited",
    stdout: Path | None = None,
    stderr: Path | None = None,
    timeout: float | None = None,
    folder: Path | None = None,
    on_start: Callable[[Callable[[], None]], None] = lambda _: None,
) -> ChildResult:
    """Run a command until it ends; then kill what is left of its process group.

    *environment* replaces the environment of this process, which None inherits. Output goes to the files
    *stdout* and *stderr*, which may be the same, or is inherited. After *timeout* seconds of real time the
    group gets SIGTERM, and SIGKILL after further 5 seconds. In the main thread, signals are forwarded to the
    group. If this process is killed, a watchdog process kills the group and removes *folder*. *on_start*
    gets a function that kills the group, which may be called at any time from any thread.

    Processes that leave the group, as daemons do, are not ended. Raises ``OSError`` if *cwd* is not a folder
    or a file of output cannot be written.
    """
    if cwd is not None and not cwd.is_dir():
        raise NotADirectoryError(20, "not a folder", str(cwd))
    started = monotonic()
    with ExitStack() as stack:
        out = None if stdout is None else stack.enter_context(stdout.open("wb"))
        same = stderr is not None and stderr == stdout
        err = None if stderr is None or same else stack.enter_context(stderr.open("wb"))
        child = _Child()
        stack.enter_context(handled_signals(_FORWARDED, child.forward))
        problem = _find_problem(command, environment, cwd)
        if problem is not None:
            return problem
        prefix, passed = stack.enter_context(_watchdog(folder))
        try:
            process = subprocess.Popen(  # noqa: S603 -- running the caller's command is the purpose
                [*prefix, *command],
                env=None if environment is None else dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL if stdin == "closed" else None,
                stdout=out,
                stderr=subprocess.STDOUT if same else err,
                start_new_session=True,
                pass_fds=passed,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            return _fail(NOT_EXECUTABLE, f"{command[0]}: cannot run it: {reason or error}")
        child.start(process)
        on_start(child.kill)
        timer = child.end_after(timeout) if timeout is not None else None
        try:
            code = child.wait()
        finally:
            if timer is not None:
                timer.cancel()
            child.kill_group()
    number = -code if code < 0 else None
    return ChildResult(
        exit_code=code if number is None else SIGNAL_BASE + number,
        timed_out=child.timed_out,
        signal=number,
        duration_seconds=monotonic() - started,
    )


def _find_problem(
    command: Sequence[str], environment: Mapping[str, str] | None, cwd: Path | None
) -> ChildResult | None:
    """Return the result of a command that does not exist or cannot be run; None if it probably can."""
    name = command[0]
    path = (os.environ if environment is None else environment).get("PATH")
    place = os.path.join(cwd or "", name) if os.path.dirname(name) else name  # noqa: PTH118, PTH120 -- keeps ./
    found = shutil.which(place, path=path)
    if found is None:
        if os.path.dirname(name) and Path(place).exists():  # noqa: PTH120 -- as above
            return _fail(NOT_EXECUTABLE, f"{name}: cannot run it: Permission denied")
        return _fail(NOT_FOUND, f"{name}: command not found")
    with suppress(OSError), Path(found).open("rb") as file:
        line = file.readline(_MAX_LINE)
        interpreter = line[2:].split()[:1] if line.startswith(b"#!") else []
        if interpreter and not Path(os.fsdecode(interpreter[0])).exists():
            reason = "its interpreter does not exist; correct its first line"
            return _fail(NOT_EXECUTABLE, f"{name}: cannot run it: {reason}")
    return None


def _fail(code: int, error: str) -> ChildResult:
    return ChildResult(exit_code=code, error=error)


class _Child:
    """A running command; signals that arrive before its start are sent to it when it starts."""

    def __init__(self) -> None:
        self.timed_out = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pending: list[int] = []
        self._interrupts = 0
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()
        """Signals are handled in the main thread at any time, so the lock must be reentrant."""
        self._ended = False

    def start(self, process: "subprocess.Popen[bytes]") -> None:
        """Set the process, and send it the signals that arrived before."""
        self._process = process
        for number in self._pending:
            self.forward(number)

    def forward(self, number: int) -> None:
        """Send a signal of this process to the group; kill the group if it does not end."""
        if self._process is None:
            self._pending.append(number)
            return
        self.send(number)
        name = signal.Signals(number).name
        if name == "SIGINT":
            self._interrupts += 1
            if self._interrupts >= _MAX_INTERRUPTS:
                self.send(_KILL)
        elif name in ENDING and self._timer is None:
            self._timer = _start_timer(GRACE_SECONDS, lambda: self.send(_KILL))

    def end_after(self, seconds: float) -> threading.Timer:
        """Let the group end after a time: SIGTERM, then SIGKILL; return the timer."""

        def end() -> None:
            with self._lock:
                if self._ended:
                    return
                self.timed_out = True
                if self._timer is None:
                    self._timer = _start_timer(GRACE_SECONDS, lambda: self.send(_KILL))
                self.send(signal.SIGTERM)

        return _start_timer(seconds, end)

    def kill(self) -> None:
        """Kill the group, unless the command has ended."""
        self.send(_KILL)

    def send(self, number: int) -> None:
        """Send a signal to the group, unless the command has ended."""
        with self._lock:
            if not self._ended:
                self._send(number)

    def wait(self) -> int:
        """Wait until the command ends; return its code as :class:`subprocess.Popen` does."""
        process = self._running()
        if hasattr(os, "waitid") and hasattr(os, "WNOWAIT"):
            # The process stays a zombie, so that its id is not reused until its group is killed.
            _wait_interruptibly(lambda: os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT))
            self.kill_group()
        return process.wait()

    def kill_group(self) -> None:
        """Kill every process of the group that is left."""
        with self._lock:
            if self._ended:
                return
            self._send(_KILL)
            self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the command was not started")
        return self._process

    def _send(self, number: int) -> None:
        process = self._running()
        with suppress(ProcessLookupError, PermissionError):  # macOS: a group of zombies is not permitted.
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, number)


def _wait_interruptibly(wait: Callable[[], object]) -> None:
    """Call *wait*, in a thread if this one handles signals.

    A signal that arrives just before the main thread waits would be handled only at the end of the wait. It
    wakes up a thread that reads a pipe.
    """
    if threading.current_thread() is not threading.main_thread():
        wait()
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def report_end() -> None:
        wait()
        os.write(writing, _ENDED)

    thread = threading.Thread(target=report_end, daemon=True)
    thread.start()
    try:
        while _ENDED not in os.read(reading, 512):  # Else it has the numbers of signals.
            pass
    finally:
        signal.set_wakeup_fd(previous)
    thread.join()
    os.close(reading)
    os.close(writing)


_ENDED: Final = b"\0"
_KILL: Final[int] = getattr(signal, "SIGKILL", signal.SIGTERM)


def _start_timer(seconds: float, call: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


@contextmanager
def _watchdog(folder: Path | None) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Start a process that kills the group of a command if this process ends without leaving the context.

    It also removes the folder, if there is one.

    The result is the beginning of the command, which reports its group, and the descriptors that it needs.
    Without ``/bin/sh`` there is no watchdog.
    """
    shell = shutil.which("sh", path="/bin:/usr/bin")
    if shell is None or sys.platform == "win32":
        yield [], ()
        return
    reading, writing = os.pipe()
    try:
        with subprocess.Popen(  # noqa: S603 -- a constant script
            [shell, "-c", WATCHDOG, "session-mock", str(reading), "" if folder is None else str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal must not end it.
            pass_fds=(reading,),
        ) as process:
            try:
                yield [shell, "-c", _START, "session-mock", str(writing)], (writing,)
            finally:
                process.kill()
    finally:
        os.close(reading)
        os.close(writing)
