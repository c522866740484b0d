"""Reports of a check: text, JUnit, Markdown, and annotations of GitHub Actions."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from mockserver._util.printable import printable
from mockserver.client.exchange_texts import count_of
from mockserver.conformance.results import CaseResult, Report
from mockserver.harness.junit import JUnitCase, render_junit

_MAX_EXCHANGES = 4
_SYMBOLS = {
    "right": "✓",
    "acceptable": "~",
    "wrong": "✗",
    "inconclusive": "?",
    "not applicable": "-",
}


def symbol_of(result: CaseResult) -> str:
    """Return the sign of a verdict in tables."""
    return _SYMBOLS[result.verdict]


def describe_result(result: CaseResult) -> Iterator[str]:
    """Yield the lines about an unexpected verdict: the rule, the rows, the exchanges, the command."""
    known = f", expected {result.expectation}" if result.expectation else ""
    yield f"{result.case}: {result.summary}{known}"
    yield f"  what happened: {result.title}"
    yield f"  {result.reason}"
    yield from (f"    {row}" for row in result.rows)
    shown = [item for item in result.exchanges if item.number in result.notable]
    if not shown:
        shown = [item for item in result.exchanges if item.is_faulty] or list(result.exchanges)
    yield from (f"  #{item.number} {item.line}" for item in shown[:_MAX_EXCHANGES])
    if len(shown) > _MAX_EXCHANGES:
        yield f"  and {count_of(len(shown) - _MAX_EXCHANGES, 'more exchange')}"
    yield f"  a correct client: {result.expected_behavior}"
    output = result.output.strip().splitlines()[-3:]
    if result.verdict != "right" and output:
        yield "  last output of the client:"
        yield from (f"    {line}" for line in output)
    if result.reproduce:
        yield f"  reproduce with: {result.reproduce}"


def describe_report(report: Report) -> Iterator[str]:
    """Yield the lines at the end of a check."""
    for result in report.unexpected:
        yield ""
        yield from describe_result(result)
    yield from (f"stale: {entry}" for entry in report.stale)
    yield ""
    verdict = "as expected" if report.passed else f"{len(report.unexpected)} unexpected"
    if report.stale:
        verdict += f", {count_of(len(report.stale), 'stale entry')}"
    yield f"{report.target}: {report.describe_counts()}; {verdict}"


def to_junit(reports: Sequence[Report]) -> str:
    """Return a JUnit file with a suite for each report, and a test case for each case."""
    return render_junit({f"session-mock check {report.target}": _list_cases(report) for report in reports})


def _list_cases(report: Report) -> list[JUnitCase]:
    cases = [_make_case(report.target, result) for result in report.results]
    return cases + [
        JUnitCase(
            group=f"{report.target}.expectations", name=entry, result="failure", message=entry, kind="stale"
        )
        for entry in report.stale
    ]


def _make_case(target: str, result: CaseResult) -> JUnitCase:
    topic, _, name = result.case.partition("/")
    case = JUnitCase(group=f"{target}.{topic}", name=name, seconds=result.seconds)
    if result.verdict == "not applicable":
        return replace(case, result="skipped", message=result.reason)
    if not result.is_unexpected:
        return case
    return replace(
        case,
        result="error" if result.verdict == "inconclusive" else "failure",
        kind=result.outcome or result.verdict,
        message=f"{result.summary}: {result.reason}",
        text="\n".join(describe_result(result)),
    )


def to_markdown(reports: Sequence[Report]) -> str:
    """Return a summary in Markdown, with a table of all unexpected verdicts."""
    parts = []
    for report in reports:
        head = "passed" if report.passed else "failed"
        parts.append(f"## session-mock check {report.target}: {head}\n\n`{_cell(report.client)}`\n")
        parts.append(f"{report.describe_counts()}\n")
        if report.unexpected:
            parts.append("| case | verdict | reason |\n|---|---|---|")
            parts += [
                f"| `{result.case}` | {result.summary} | {_cell(result.reason)} |"
                for result in report.unexpected
            ]
            parts.append("\n```sh")
            parts += [printable(result.reproduce, keep="") for result in report.unexpected]
            parts.append("```\n")
        parts += [f"- stale: {_cell(entry)}" for entry in report.stale]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return printable(text, keep="").replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def to_annotations(report: Report) -> Iterator[str]:
    """Yield commands of GitHub Actions, one for each unexpected verdict."""
    for result in report.unexpected:
        title = _escape(f"session-mock {report.target} {result.case}").replace(":", "%3A").replace(",", "%2C")
        text = _escape(f"{result.summary}: {result.reason}\nreproduce with: {result.reproduce}")
        yield f"::error title={title}::{text}"
    for entry in report.stale:
        yield f"::error title=session-mock stale expectation::{_escape(entry)}"


def _escape(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
