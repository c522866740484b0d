"""Results of a check, as reports show them and as JSON has them."""

from collections import Counter

from msgspec import Struct, json

from mockserver._util.version import VERSION
from mockserver.conformance.case import Outcome, Verdict


class ExchangeSummary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exchange in the timeline of a run."""

    number: int
    at: float
    """Seconds of real time since the first exchange of the run."""
    seconds: float
    """Seconds until the response was sent."""
    status: int
    """0 for no response."""
    line: str
    """The request with its outcome."""
    is_faulty: bool = False
    """True if a fault changed it."""
    findings: tuple[str, ...] = ()
    """Names of findings that are errors."""


class CaseResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict of a case."""

    case: str
    title: str
    expected_behavior: str
    """The reaction of a correct client, with the reason."""
    verdict: Verdict
    outcome: Outcome | None = None
    """None if the case is inconclusive or does not apply."""
    reason: str = ""
    """The rule, and how the client broke it."""
    rows: tuple[str, ...] = ()
    """The first rows that are missing or wrong."""
    exchanges: tuple[ExchangeSummary, ...] = ()
    notable: tuple[int, ...] = ()
    """Numbers of the exchanges that the verdict rests on."""
    reproduce: str = ""
    """The command that runs this case alone."""
    output: str = ""
    """The last lines of the client's output, if the verdict is not right."""
    seconds: float = 0.0
    """Running time of the client."""
    runs: int = 1
    """Number of runs; a verdict that depends on time is confirmed in a second one."""
    expectation: str | None = None
    """The verdict that the file of known results expects, if it is another one than right or acceptable."""

    @property
    def is_unexpected(self) -> bool:
        """True if the verdict makes the check fail."""
        if self.verdict == "not applicable":
            return False
        if self.expectation is not None:
            return self.expectation not in (self.verdict, self.outcome)
        return self.verdict in ("wrong", "inconclusive")

    @property
    def summary(self) -> str:
        """The verdict with its outcome in a few words."""
        outcome = "" if self.outcome is None else f" ({self.outcome})"
        known = "" if self.expectation is None or self.is_unexpected else ", as expected"
        return f"{self.verdict}{outcome}{known}"


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The results of a check."""

    target: str
    client: str
    results: tuple[CaseResult, ...]
    case_set: str | None = None
    """The set of cases; None for all cases of this version."""
    stale: tuple[str, ...] = ()
    """Entries of the file of known results that no case confirmed."""
    version: str = VERSION

    @property
    def unexpected(self) -> list[CaseResult]:
        """The results that make the check fail."""
        return [result for result in self.results if result.is_unexpected]

    @property
    def passed(self) -> bool:
        """True if every verdict is as expected."""
        return not self.unexpected and not self.stale

    @property
    def counts(self) -> dict[str, int]:
        """Number of results by verdict."""
        return dict(Counter(result.verdict for result in self.results))

    def describe_counts(self) -> str:
        """Return the numbers of verdicts in a sentence."""
        counts = self.counts
        order = ("right", "acceptable", "wrong", "inconclusive", "not applicable")
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if verdict in counts)


def read_reports(text: bytes) -> list[Report]:
    """Parse one report or a list of reports from JSON."""
    parsed = json.decode(text, type=list[Report] | Report)
    return parsed if isinstance(parsed, list) else [parsed]
