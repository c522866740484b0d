"""Check any client of a vendor's API: run it through named cases, and judge it.

>>> from mockserver import conformance
>>> report = conformance.run("vendor/endpoint", collect)  # doctest: +SKIP
>>> report.passed  # doctest: +SKIP
True
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from mockserver.conformance.case import Case, CaseError, load_cases, select_cases
from mockserver.conformance.client import Client, ClientError, CommandClient, Function, FunctionClient
from mockserver.conformance.evidence import Comparison
from mockserver.conformance.expectations import apply_expectation, find_stale
from mockserver.conformance.results import CaseResult, Report
from mockserver.conformance.runner import Plan, Runner
from mockserver.conformance.situation import Settings, Situation
from mockserver.conformance.target import TargetError, parse_target
from mockserver.embedded import SessionMock

__all__ = [
    "CaseError",
    "CaseResult",
    "ClientError",
    "Report",
    "Situation",
    "TargetError",
    "check",
    "run",
]
_MAX_JOBS = 4


def run(
    target: str,
    client: Function | Sequence[str],
    *,
    cases: Sequence[str] = (),
    topics: Sequence[str] = (),
    skip: Sequence[str] = (),
    case_set: str | None = None,
    rows: str | None = None,
    columns: Mapping[str, str] | None = None,
    keys: Sequence[str] = (),
    order: Literal["same", "any"] = "same",
    known: Mapping[str, str] | None = None,
    seed: int = 7,
    jobs: int | None = None,
    timeout: float = 30,
    follows_system: bool = False,
    on_result: Callable[[CaseResult], None] = lambda _: None,
) -> Report:
    """Run a client through the cases that apply to a target, and return the verdicts.

    *target* is ``VENDOR/ENDPOINT`` or ``VENDOR/ENDPOINT@DIALECT``. *client* is a command, or a function that
    gets a :class:`Situation` and returns its rows, or raises an exception if it fails. *rows* is ``stdout``
    or the file to which a command writes its rows; without it, the journal shows what it received.
    *known* are verdicts or outcomes by case that are expected. Raise :class:`CaseError`, :class:`TargetError`
    or :class:`ClientError` for what cannot be checked.
    """
    made: Client = FunctionClient(client) if callable(client) else CommandClient(client, rows=rows)
    selected = select_cases(load_cases(), case_set=case_set, names=cases, topics=topics, skipped=skip)
    plan = Plan(
        target=parse_target(target),
        client=made,
        cases=selected,
        settings=Settings(seed=seed, timeout=timeout, follows_system=follows_system),
        comparison=Comparison(order=order, columns=columns or {}, keys=keys),
        jobs=default_jobs() if jobs is None else jobs,
        describe_reproduction=partial(_describe_call, target),
    )
    return check(plan, known=known, case_set=case_set, on_result=on_result)


def check(
    plan: Plan,
    *,
    known: Mapping[str, str] | None = None,
    case_set: str | None = None,
    on_result: Callable[[CaseResult], None] = lambda _: None,
) -> Report:
    """Run a plan, and compare its verdicts with the known ones."""
    expected = known or {}
    cases = {case.id: case for case in plan.cases}

    def add_expectation(result: CaseResult) -> CaseResult:
        return apply_expectation(result, expected, cases[result.case])

    with SessionMock(sessions=1, sites=1) as mock:
        results = Runner(plan, mock).run(lambda result: on_result(add_expectation(result)))
    judged = tuple(map(add_expectation, results))
    return Report(
        target=plan.target.label,
        client=plan.client.label,
        results=judged,
        case_set=case_set,
        stale=find_stale(expected, judged),
    )


def default_jobs() -> int:
    """Return how many cases run at the same time by default."""
    return min(os.cpu_count() or 1, _MAX_JOBS)


def _describe_call(target: str, case: Case) -> str:
    return f'mockserver.conformance.run("{target}", client, cases=["{case.id}"])'
