"""Clients that are checked: a command, or a function."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct

from mockserver._util.clock import monotonic
from mockserver.conformance.situation import CASE, Situation
from mockserver.harness.child import NOT_EXECUTABLE, NOT_FOUND, ChildResult, run_child
from mockserver.harness.row_files import RowFileError, read_rows

STDOUT: Final = "stdout"
_MAX_OUTPUT: Final = 1_000_000
"""Characters of a command's output that are read, from its end."""
_POLL: Final = 0.25
_FAR: Final = 10
"""A client that still sends requests may take this many times its time."""

Function = Callable[[Situation], Iterable[Any] | None]
"""A client that is a function: it returns the rows, or raises an exception if it fails."""


class ClientError(ValueError):
    """A command that cannot be run, or whose rows cannot be read even if nothing fails."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One run of a client."""

    failure: str = ""
    """How it failed; empty if it succeeded."""
    timed_out: bool = False
    ended: bool = False
    """True if the check ended it on purpose."""
    rows: list[Any] | None = None
    """None if there is no evidence but the journal."""
    texts: bool = False
    """True if all values are texts, as in CSV."""
    unreadable: str = ""
    """Why its rows cannot be read, although it succeeded; empty if they can."""
    joins_rows: bool = False
    """True if the rows of an earlier run of the same case belong to the result, too."""
    output: str = ""
    """Everything that the client printed."""
    messages: str = ""
    """The part of its output that may explain a failure: without rows."""
    seconds: float = 0.0


class Run(Struct, frozen=True, kw_only=True):
    """How a client is run."""

    situation: Situation
    timeout: float
    is_active: Callable[[], bool]
    """Return True if the client sent a request since the last call."""
    ended_when: Callable[[], bool] | None = None
    """The client is ended as soon as this is true."""


class Client(Protocol):
    """A client that can be run in the situation of a case."""

    is_command: bool
    has_rows: bool
    label: str

    def run(self, run: Run) -> Attempt:
        """Run the client once; raise :class:`ClientError` if that is impossible."""

    def prepare(self, situation: Situation) -> None:
        """Remove the rows of an earlier case."""

    def close(self) -> None:
        """End all running processes."""


class FunctionClient:
    """A client that is a function in this process."""

    is_command = False

    def __init__(self, function: Function, *, has_rows: bool = True) -> None:
        """Take a function; with *has_rows* false, what it returns is ignored."""
        self.label = getattr(function, "__qualname__", type(function).__name__)
        self.has_rows = has_rows
        self._function = function

    def run(self, run: Run) -> Attempt:
        """Call the function. An exception is a visible failure."""
        started = monotonic()
        rows: list[Any] | None = None
        failure = ""
        try:
            returned = self._function(run.situation)
            if self.has_rows:
                rows = [] if returned is None else list(returned)
        except Exception as error:  # noqa: BLE001 -- whatever a client raises is how it fails
            failure = f"{type(error).__name__}: {error}"
        return Attempt(
            failure=failure, rows=rows, output=failure, messages=failure, seconds=monotonic() - started
        )

    def prepare(self, situation: Situation) -> None:
        """Do nothing: a function returns its rows."""

    def close(self) -> None:
        """Do nothing: a function cannot be ended."""


class CommandClient:
    """A client that is a command."""

    is_command = True

    def __init__(
        self,
        command: Sequence[str],
        *,
        rows: str | None = None,
        form: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run *command*; *rows* is ``stdout`` or a file, whose format *form* is ``ndjson`` or ``csv``.

        The command, the name of the file and the values of *environment* may have placeholders.
        """
        self.label = " ".join(command)
        self.has_rows = rows is not None
        self._command = list(command)
        self._rows = rows
        self._form = form
        self._environment = dict(environment or {})
        self._stops: set[Callable[[], None]] = set()
        self._closed = False
        self._lock = threading.Lock()

    @property
    def is_exclusive(self) -> bool:
        """True if all runs write to one file, so that only one may run at a time."""
        return self._rows not in (None, STDOUT) and f"{{{CASE}." not in str(self._rows)

    def run(self, run: Run) -> Attempt:
        """Run the command once and read its rows."""
        situation = run.situation
        stdout = situation.folder / "stdout"
        stderr = situation.folder / "stderr"
        file = None if self._rows in (None, STDOUT) else Path(situation.fill(str(self._rows)))
        with self._lock:
            if self._closed:
                raise ClientError("interrupted")
        watch = _Watch(run)

        def start(stop: Callable[[], None]) -> None:
            with self._lock:
                self._stops.add(stop)
            watch.start(stop)

        result = run_child(
            [situation.fill(word) for word in self._command],
            environment=self._fill_environment(situation),
            stdin="closed",
            stdout=stdout,
            stderr=stderr,
            folder=situation.folder,
            on_start=start,
        )
        watch.stop()
        self._stops.discard(watch.kill)
        if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND) and result.error:
            raise ClientError(result.error)
        rows: list[Any] | None = None
        texts = False
        unreadable = ""
        failure = _describe_failure(result, watch)
        if self._rows is not None:
            source = stdout if file is None else file
            try:
                rows, texts = read_rows(source, self._form, is_partial=bool(failure))
            except RowFileError as error:
                unreadable = f"--rows {self._rows}: {error}"
        return Attempt(
            failure=failure,
            timed_out=watch.timed_out,
            ended=watch.ended,
            rows=rows,
            texts=texts,
            unreadable=unreadable,
            joins_rows=file is None,
            output=_read_end(stdout) + _read_end(stderr),
            messages=_read_end(stderr) if self._rows == STDOUT else _read_end(stdout) + _read_end(stderr),
            seconds=result.duration_seconds,
        )

    def prepare(self, situation: Situation) -> None:
        """Remove the rows of an earlier run."""
        if self._rows not in (None, STDOUT):
            Path(situation.fill(str(self._rows))).unlink(missing_ok=True)

    def close(self) -> None:
        """Kill all running processes of the command, and run it no more."""
        with self._lock:
            self._closed = True
            for stop in self._stops:
                stop()

    def _fill_environment(self, situation: Situation) -> dict[str, str]:
        import os  # noqa: PLC0415 -- used here only

        given = {name: situation.fill(value) for name, value in self._environment.items()}
        return {**os.environ, **situation.environment, **given}


class _Watch:
    """Ends a command at its deadline, or when a case requires it."""

    def __init__(self, run: Run) -> None:
        self.timed_out = False
        self.ended = False
        self.kill: Callable[[], None] = lambda: None
        self._run = run
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self, kill: Callable[[], None]) -> None:
        """Watch from now on."""
        self.kill = kill
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, because the command has ended."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        started = last = monotonic()
        while not self._over.wait(_POLL if self._run.ended_when is None else _POLL / 10):
            if self._run.ended_when is not None and self._run.ended_when():
                self.ended = True
                self.kill()
                return
            now = monotonic()
            if self._run.is_active():
                last = now
            if now - last > self._run.timeout or now - started > _FAR * self._run.timeout:
                self.timed_out = True
                self.kill()
                return


def _describe_failure(result: ChildResult, watch: _Watch) -> str:
    if watch.ended:
        return "ended by the check"
    if watch.timed_out:
        return "ended at its deadline"
    if result.signal is not None:
        return f"ended by signal {result.signal}"
    return f"exit code {result.exit_code}" if result.exit_code else ""


def _read_end(path: Path) -> str:
    """Return the end of a file as text."""
    data = path.read_bytes()[-_MAX_OUTPUT:] if path.exists() else b""
    return data.decode("utf-8", "backslashreplace")
