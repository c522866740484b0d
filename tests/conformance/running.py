"""Run the careful client and its wrong variants as functions, whose sleeps move a frozen clock."""

import time
from collections.abc import Callable
from typing import Any, Final

from mockserver import conformance
from mockserver.conformance import Report, Situation
from tests.conformance.clients.careful import make_client

TIMEOUT: Final = 2.4
"""Seconds; stalled responses end at the half, after the timeout of the careful client."""


def as_function(target: str, bug: str | None) -> Callable[[Situation], list[dict[str, Any]]]:
    """Return a client as a function."""

    def collect(situation: Situation) -> list[dict[str, Any]]:
        def sleep(seconds: float) -> None:
            if situation.is_frozen:
                situation.tenant.clock.advance(seconds)
            else:
                time.sleep(seconds)

        return make_client(target, bug, situation.environment, sleep).collect()

    return collect


def check(target: str, bug: str | None = None, **options: Any) -> Report:
    """Check a client of a target."""
    return conformance.run(target, as_function(target, bug), timeout=TIMEOUT, jobs=8, **options)


def find_failures(report: Report) -> dict[str, str]:
    """Return the outcomes of unexpected verdicts by case."""
    return {result.case: result.outcome or result.verdict for result in report.unexpected}
