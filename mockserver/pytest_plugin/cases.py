"""Tests that run once for each case of the conformance check."""

from typing import Any, Final

import pytest

from mockserver.conformance import run
from mockserver.conformance.case import CaseError, load_cases, select_cases
from mockserver.conformance.client import Function
from mockserver.conformance.reports import describe_report
from mockserver.conformance.target import TargetError, parse_target
from mockserver.pytest_plugin.marker import NAME

FIXTURE: Final = "session_mock_case"


class CaseUnderTest:
    """A case of the conformance check that a test runs its client through."""

    def __init__(self, target: str, case: str) -> None:
        self.target = target
        """The endpoint, such as ``vendor/endpoint``."""
        self.case = case
        """The id of the case, such as ``retry/500-once``."""

    def check(self, client: Function, **options: Any) -> None:
        """Run a client in the case, and fail the test if its verdict is neither right nor acceptable.

        *client* is a function that gets a :class:`~mockserver.conformance.Situation` and returns its rows, or
        raises an exception if it fails. *options* are those of :func:`mockserver.conformance.run`.
        """
        __tracebackhide__ = True
        report = run(self.target, client, cases=[self.case], jobs=1, **options)
        if not report.passed:
            pytest.fail("\n".join(describe_report(report)).strip(), pytrace=False)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each case that its marker names; raise a usage error for an unknown one."""
    texts: list[str] = []
    for mark in metafunc.definition.iter_markers(NAME):
        given = mark.kwargs.get("cases")
        if given is not None:
            texts = [given] if isinstance(given, str) else list(given)
            break
    if not texts:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: the fixture {FIXTURE} needs cases;"
            f' use @pytest.mark.{NAME}(cases="vendor/endpoint:retry")'
        )
    found: list[CaseUnderTest] = []
    for text in texts:
        try:
            found += _find_cases(text)
        except (CaseError, TargetError) as error:
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: cases: {error}") from None
    names = [f"{item.target}:{item.case}" for item in found]
    metafunc.parametrize(FIXTURE, found, ids=names)


def _find_cases(text: str) -> list[CaseUnderTest]:
    """Return the cases of ``TARGET``, ``TARGET:TOPIC`` or ``TARGET:CASE`` that apply to a function."""
    label, _, name = text.partition(":")
    target = parse_target(label)
    names = [name] if "/" in name else []
    topics = [name] if name and not names else []
    return [
        CaseUnderTest(label, case.id)
        for case in select_cases(load_cases(), names=names, topics=topics)
        if target.find_lacking(case, is_command=False) is None
    ]
