"""Let the sleeps of this process move a tenant's clock instead of waiting.

Sleeping functions are replaced wherever a module holds them, also after ``from time import sleep``. A
reference elsewhere, such as a default argument, keeps the function that waits.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from functools import wraps
from math import ceil, inf
from types import ModuleType, TracebackType
from typing import Any, Final, Self
from weakref import WeakSet

from mockserver.admin_schemas.clocks import ClockState
from mockserver.client import AdminClient
from mockserver.server.event_loop import ServerLoop

_UNPATCHED: Final = frozenset({"mockserver", "_pytest", "pytest", "xdist", "execnet"})
"""Packages that wait in real time: the server, and those that run the tests."""
_active: Final[list["ClockPatch"]] = []
"""Patches that are entered, outermost first."""
_lock: Final = threading.RLock()


class ClockPatch:
    """A context manager in which the sleeps of this process move the clock of a tenant.

    Only these sleeps move the clock. On leaving, it runs again as before.
    """

    def __init__(self, client: AdminClient, tenant: str) -> None:
        self._client = client
        self._tenant = tenant
        self._before: ClockState | None = None
        self._traveller: Any = None
        self._stack = ExitStack()
        self._waiting_threads: WeakSet[threading.Thread] = WeakSet()

    def __enter__(self) -> Self:
        with _lock, ExitStack() as stack:
            if self._before is not None:
                raise RuntimeError("this patch is already entered; call clock.patch() again")
            self._before = self._client.clock(self._tenant)
            stack.callback(self._restore)
            state = self._client.freeze_clock(tenant=self._tenant)
            # A thread that polls would loop at full speed and move the clock all the time.
            self._waiting_threads = WeakSet(threading.enumerate())
            self._waiting_threads.discard(threading.current_thread())
            self._travel(state, stack)
            if not _active:
                _functions.install()
            _active.append(self)
            stack.callback(_leave, self)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _lock:
            self._stack.close()

    @property
    def moves_time(self) -> bool:
        """True if ``time.time()`` shows the tenant's time: time-machine is installed."""
        return self._traveller is not None

    def applies(self) -> bool:
        """Return whether the sleeps of this thread move the clock."""
        return threading.current_thread() not in self._waiting_threads

    def now(self) -> datetime:
        """Return the tenant's time."""
        return datetime.fromisoformat(self._client.clock(self._tenant).now)

    def advance_to(self, instant: datetime) -> None:
        """Move the clock forward to an instant, unless another sleep has already moved it there."""
        remaining = instant - self.now()
        if remaining > timedelta():
            self.show(self._client.advance_clock(remaining, self._tenant))

    def show(self, state: ClockState) -> None:
        """Let ``time.time()`` return the time of the clock, if time-machine is installed."""
        if self._traveller is not None:
            self._traveller.move_to(datetime.fromisoformat(state.now), tick=False)

    def belongs_to(self, client: AdminClient, tenant: str) -> bool:
        """Return whether the patch moves the clock of a tenant."""
        return self._client is client and self._tenant == tenant

    def _travel(self, state: ClockState, stack: ExitStack) -> None:
        with suppress(ImportError):
            import time_machine  # noqa: PLC0415 -- optional

            travel = time_machine.travel(datetime.fromisoformat(state.now), tick=False)
            self._traveller = stack.enter_context(travel)

    def _restore(self) -> None:
        """Let the clock run as before, from its present time; a system clock shows the system's time."""
        before = self._before
        self._before = None
        self._traveller = None
        if before is None or before.mode == "frozen":
            return
        if before.mode == "system":
            self._client.use_system_time(self._tenant)
        else:
            self._client.set_clock_rate(before.rate, self._tenant)


def follow_clock(client: AdminClient, tenant: str, state: ClockState) -> None:
    """Let ``time.time()`` follow a change of a clock by other means than a sleep."""
    for patch in _active:
        if patch.belongs_to(client, tenant):
            patch.show(state)


def _leave(patch: ClockPatch) -> None:
    _active.remove(patch)
    if not _active:
        _functions.remove()


def _begin_sleep(seconds: Any) -> list[tuple[ClockPatch, datetime]]:
    """Return the clocks that a sleep moves, and until when; none if the sleep has to wait."""
    if not 0 < seconds < inf:  # No time, forever, or an error.
        return []
    milliseconds = ceil(round(seconds * 1000, 6))
    with _lock:
        moved = [patch for patch in _active if patch.applies()]
        return [(patch, patch.now() + timedelta(milliseconds=milliseconds)) for patch in moved]


def _end_sleep(ends: list[tuple[ClockPatch, datetime]]) -> None:
    with _lock:
        for patch, end in ends:
            if patch in _active:
                patch.advance_to(end)


class _SleepFunctions:
    """The functions that sleep, and their replacements."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Any, Any]] = []
        """Each function with its replacement."""

    def install(self) -> None:
        """Replace the functions in every imported module, except in those that wait in real time."""
        pairs = [
            (time.sleep, _replace_sleep(time.sleep)),
            (asyncio.sleep, _replace_async_sleep(asyncio.sleep)),
        ]
        trio = sys.modules.get("trio")
        if trio is not None:
            pairs.append((trio.sleep, _replace_trio_sleep(trio.sleep)))
        self._pairs = pairs
        _exchange({id(original): replacement for original, replacement in pairs})

    def remove(self) -> None:
        """Restore the functions, also in modules that were imported meanwhile."""
        _exchange({id(replacement): original for original, replacement in self._pairs})
        self._pairs = []


_functions: Final = _SleepFunctions()


def _exchange(values: Mapping[int, Any]) -> None:
    """Set every global variable whose value has one of these identities to the given value."""
    for module in list(sys.modules.values()):
        if type(module) is not ModuleType or module.__name__.partition(".")[0] in _UNPATCHED:
            continue
        variables = vars(module).copy()  # Another thread may import.
        # Most modules have none: looking only at values takes 2 ms for 50,000 variables instead of 5 ms.
        if values.keys().isdisjoint(map(id, variables.values())):
            continue
        for name, value in variables.items():
            if id(value) in values:
                setattr(module, name, values[id(value)])


def _replace_sleep(original: Callable[[float], None]) -> Callable[[float], None]:
    @wraps(original)
    def sleep(seconds: float, /) -> None:
        ends = _begin_sleep(seconds)
        original(0 if ends else seconds)  # Other threads run.
        _end_sleep(ends)

    return sleep


def _replace_async_sleep(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def sleep(delay: float, result: Any = None) -> Any:
        if isinstance(asyncio.get_running_loop(), ServerLoop):
            return await original(delay, result)
        ends = _begin_sleep(delay)
        await original(0 if ends else delay)  # Other tasks run, and begin sleeps that end at their own times.
        _end_sleep(ends)
        return result

    return sleep


def _replace_trio_sleep(original: Callable[[float], Any]) -> Callable[[float], Any]:
    @wraps(original)
    async def sleep(seconds: float) -> None:
        ends = _begin_sleep(seconds)
        await original(0 if ends else seconds)
        _end_sleep(ends)

    return sleep
