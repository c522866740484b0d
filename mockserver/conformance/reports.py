"""Reports of a check: text, JUnit, Markdown, and annotations of GitHub Actions."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from mockserver._util.printable import printable
from mockserver.client.exchange_texts import count_of
from mockserver.conformance.results import CaseResult, Report

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
    suites = ET.Element("testsuites")
    suites.extend(_make_suite(report) for report in reports)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _make_suite(report: Report) -> ET.Element:
    failures = [result for result in report.unexpected if result.verdict != "inconclusive"]
    suite = ET.Element(
        "testsuite",
        name=f"session-mock check {report.target}",
        tests=str(len(report.results) + len(report.stale)),
        failures=str(len(failures) + len(report.stale)),
        errors=str(len(report.unexpected) - len(failures)),
        skipped=str(report.counts.get("not applicable", 0)),
        time=f"{sum(result.seconds for result in report.results):.3f}",
    )
    for result in report.results:
        topic, _, name = result.case.partition("/")
        case = ET.SubElement(
            suite, "testcase", classname=f"{report.target}.{topic}", name=name, time=f"{result.seconds:.3f}"
        )
        text = printable("\n".join(describe_result(result)))
        if result.verdict == "not applicable":
            ET.SubElement(case, "skipped", message=result.reason)
        elif result.is_unexpected:
            tag = "error" if result.verdict == "inconclusive" else "failure"
            message = printable(f"{result.summary}: {result.reason}", keep="")
            ET.SubElement(case, tag, message=message, type=result.outcome or result.verdict).text = text
    for entry in report.stale:
        case = ET.SubElement(suite, "testcase", classname=f"{report.target}.expectations", name=entry)
        ET.SubElement(case, "failure", message=printable(entry, keep=""), type="stale")
    return suite


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
