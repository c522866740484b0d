"""Run a client through cases: in parallel, with timing verdicts confirmed in a second run."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from mockserver.conformance.case import Case, Size, load_cases
from mockserver.conformance.client import Attempt, Client, ClientError, Run
from mockserver.conformance.evidence import Comparison, EvidenceError, ListEvidence, read_recorded
from mockserver.conformance.results import CaseResult
from mockserver.conformance.situation import Settings, Situation, create_situation
from mockserver.conformance.target import Target
from mockserver.conformance.verdict import TIMED, Runs, judge, mask
from mockserver.embedded import SessionMock

_PROBE: Final = "paging/few-rows"
_PROBE_SESSIONS: Final = 30
_MAX_PAGE: Final = 2_000
"""Larger pages would need worlds that take long to read; their cases are inconclusive."""
_MAX_OUTPUT: Final = 1_000


class Plan(Struct, frozen=True, kw_only=True):
    """The target, the client and the cases of a check, and the ways to compare."""

    target: Target
    client: Client
    cases: Sequence[Case]
    settings: Settings = Settings()
    comparison: Comparison = Comparison()
    jobs: int = 1
    describe_reproduction: Callable[[Case], str] = lambda _: ""


class _Profile(Struct, frozen=True, kw_only=True):
    """Facts about a client that its first run shows."""

    page_size: int
    window: Mapping[str, Any]
    """The values of the range fields of its first list."""
    covers_world: bool
    """True if the list has all sessions of the world."""
    recorded: Sequence[bytes]


class Runner:
    """Runs the cases of a plan against a server of its own."""

    def __init__(self, plan: Plan, mock: SessionMock) -> None:
        self._plan = plan
        self._mock = mock
        self._cancelled = threading.Event()
        self._profile = _Profile(page_size=1, window={}, covers_world=False, recorded=())

    def run(self, on_result: Callable[[CaseResult], None]) -> list[CaseResult]:
        """Run all cases and return their results in order; *on_result* gets each as soon as it is known.

        Raise :class:`ClientError` if the client cannot be run at all.
        """
        plan = self._plan
        applicable = [case for case in plan.cases if self._find_lacking(case) is None]
        results: dict[str, CaseResult] = {}
        unconfirmed: list[Case] = []
        pool = ThreadPoolExecutor(plan.jobs)
        try:
            # Not in the main thread, which would forward an interrupt to the command instead of ending it.
            if applicable:
                self._profile = pool.submit(self._probe).result()
            futures = {case.id: pool.submit(self._run_case, case) for case in applicable}
            for case in plan.cases:
                result = self._result_of(case, futures.get(case.id))
                if result.verdict == "wrong" and result.outcome in TIMED:
                    unconfirmed.append(case)
                    continue
                results[case.id] = result
                on_result(result)
            for case in unconfirmed:
                result = replace(pool.submit(self._run_case, case).result(), runs=2)
                results[case.id] = result
                on_result(result)
        except BaseException:
            self._cancelled.set()
            plan.client.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return [results[case.id] for case in plan.cases]

    def _find_lacking(self, case: Case) -> str | None:
        if case.topic == "window" and self._plan.settings.follows_system:
            return "a clock that does not follow the system"
        return self._plan.target.find_lacking(case, is_command=self._plan.client.is_command)

    def _result_of(self, case: Case, future: "Future[CaseResult] | None") -> CaseResult:
        if future is not None:
            return future.result()
        return CaseResult(
            case=case.id,
            title=case.title,
            expected_behavior=case.expected,
            verdict="not applicable",
            reason=f"it needs {self._find_lacking(case)}",
        )

    def _run_case(self, case: Case) -> CaseResult:
        if self._cancelled.is_set():
            raise ClientError("interrupted")
        plan = self._plan
        size = case.sessions if isinstance(case.sessions, Size) else None
        reproduce = plan.describe_reproduction(case)
        if size is not None and plan.target.has_pages and self._profile.page_size > _MAX_PAGE:
            return CaseResult(
                case=case.id,
                title=case.title,
                expected_behavior=case.expected,
                verdict="inconclusive",
                reason=(
                    f"the client requests pages of {self._profile.page_size} rows; let it request at most"
                    f" {_MAX_PAGE} rows in a check"
                ),
                reproduce=reproduce,
            )
        unmatched = self._count_unmatched()
        with self._situation(case) as situation:
            plan.client.prepare(situation)
            attempts = self._run_client(case, situation)
            comparison = plan.comparison
            if case.ended_after is not None:
                comparison = replace(comparison, order="any")
            runs = Runs(
                case=case,
                target=plan.target,
                situation=situation,
                attempts=attempts,
                comparison=comparison,
                without_faults=self._profile.recorded,
                unmatched=self._count_unmatched() - unmatched,
                ignores_window=case.topic == "window" and self._ignores_window(situation),
            )
            return replace(judge(self._mock.admin, runs), reproduce=reproduce)

    def _run_client(self, case: Case, situation: Situation) -> list[Attempt]:
        """Run the client once, or until it is ended and once more."""
        plan = self._plan
        tenant = situation.tenant
        if case.ended_after is None:
            return [plan.client.run(self._make_run(situation))]

        def is_stalled() -> bool:
            return any(fault["kind"] == "stall" and fault["triggered"] for fault in tenant.faults)

        first = plan.client.run(self._make_run(situation, is_stalled))
        return [first, plan.client.run(self._make_run(situation))] if first.ended else [first]

    def _make_run(self, situation: Situation, ended_when: Callable[[], bool] | None = None) -> Run:
        seen = [0]

        def is_active() -> bool:
            number = situation.tenant.journal.count()
            before, seen[0] = seen[0], number
            return number > before

        return Run(
            situation=situation,
            timeout=self._plan.settings.timeout,
            is_active=is_active,
            ended_when=ended_when,
        )

    @contextmanager
    def _situation(self, case: Case) -> Iterator[Situation]:
        settings = replace(self._plan.settings, page_size=self._profile.page_size)
        with tempfile.TemporaryDirectory(prefix="session-mock-", ignore_cleanup_errors=True) as folder:
            situation = create_situation(self._mock, case, self._plan.target, settings, Path(folder))
            with situation.tenant:
                yield situation

    def _count_unmatched(self) -> int:
        return self._mock.verify().unmatched

    def _ignores_window(self, situation: Situation) -> bool:
        """Return whether the client requests the same window as in the first run, in which it had another."""
        if not self._profile.covers_world:
            return True
        window = self._read_window(situation)
        return window == self._profile.window

    def _read_window(self, situation: Situation) -> Mapping[str, Any]:
        """Return the range fields of the first list that a client began."""
        target = self._plan.target
        lists = self._mock.admin.begun_lists(
            target.vendor.name, target.endpoint.name, tenant=situation.tenant.id
        )
        fields = target.endpoint.range_fields
        parameters = lists[0].parameters if lists else {}
        return {name: value for name, value in parameters.items() if name in fields}

    def _probe(self) -> _Profile:
        """Run the client once without a fault, and learn its page size and its window."""
        target = self._plan.target
        case = replace(load_cases()[_PROBE], sessions=_PROBE_SESSIONS)
        with self._situation(case) as situation:
            self._plan.client.prepare(situation)
            attempt = self._plan.client.run(self._make_run(situation))
            tenant = situation.tenant
            exchanges = tenant.journal.exchanges(vendor=target.vendor.name, endpoint=target.endpoint.name)
            if not exchanges:
                raise ClientError(_explain_silence(target, attempt, situation))
            if attempt.unreadable:
                raise ClientError(attempt.unreadable)
            if not target.is_list:
                return _Profile(
                    page_size=1, window={}, covers_world=True, recorded=read_recorded(tenant, target)
                )
            requested = _find_requested_size(target, exchanges[0])
            try:
                evidence = ListEvidence(admin=self._mock.admin, tenant=tenant, target=target)
                comparison = self._plan.comparison
                expected = evidence.compare_rows(attempt.rows or [], comparison, texts=attempt.texts).expected
            except EvidenceError as error:
                raise ClientError(f"rows: {error}") from None
            return _Profile(
                page_size=target.endpoint.full_page(requested),
                window=self._read_window(situation),
                covers_world=target.endpoint.start_field is None or expected >= _PROBE_SESSIONS,
                recorded=(),
            )


def _find_requested_size(target: Target, exchange: Mapping[str, Any]) -> int:
    """Return the number of rows that a request wants on a page; 0 if it does not name one."""
    name = target.endpoint.pagination.limit
    fields = {**dict(exchange["request"]["query"]), **(exchange["request"]["body"] or {})}
    text = str(fields.get(name or "", ""))
    return int(text) if text.isascii() and text.isdecimal() else 0


def _explain_silence(target: Target, attempt: Attempt, situation: Situation) -> str:
    """Return why a check cannot begin, with the last lines of the client's output."""
    how = attempt.failure or "it ended without an error"
    output = mask(attempt.messages.strip()[-_MAX_OUTPUT:], situation.secrets)
    lines = f"\nIts last output was:\n{output}" if output else ""
    return (
        f"the client sent no request to {target.label} ({how}); it must take the URL from"
        f" SESSION_MOCK_{target.vendor.name.upper()}_URL or {{{target.vendor.name}.url}}{lines}"
    )
