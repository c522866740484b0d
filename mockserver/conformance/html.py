"""A self-contained HTML page: cases by runs, each with its timeline of exchanges."""

from collections.abc import Iterator, Sequence
from html import escape

from mockserver._util.printable import printable
from mockserver.conformance.case import TOPICS
from mockserver.conformance.reports import symbol_of
from mockserver.conformance.results import CaseResult, ExchangeSummary, Report

_WIDTH = 640
_HEIGHT = 14
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --right: #2a7d46; --acceptable: #8a7a1c; --wrong: #c0392b;
 --inconclusive: #7a5ab5; --none: #888; --bar: #4a7fb5; --fault: #d98324; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
.right { color: var(--right); } .acceptable { color: var(--acceptable); } .wrong { color: var(--wrong); }
.inconclusive { color: var(--inconclusive); } .none { color: var(--none); } .unexpected { font-weight: 600; }
summary { cursor: pointer; }
code, pre { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: #8881; padding: .5rem; }
.cases { overflow-x: auto; } .cases td:not(:nth-child(2)) { white-space: nowrap; }
.cases td:nth-child(2) { min-width: 14rem; }
.number { text-align: right; white-space: nowrap; }
section { margin: 1.2rem 0; padding-left: .8rem; border-left: 3px solid var(--line); }
svg { max-width: 100%; } svg rect { fill: var(--bar); } svg rect.fault { fill: var(--fault); }
svg rect.bad { fill: var(--wrong); } svg text { font: 11px ui-monospace, monospace; fill: currentColor; }
ul { margin: .2rem 0; padding-left: 1.2rem; }
"""


def to_html(reports: Sequence[Report]) -> str:
    """Return a page about one or several runs."""
    body = "\n".join([*_heading(reports), *_matrix(reports), *_details(reports)])
    title = "session-mock check"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text))


def _heading(reports: Sequence[Report]) -> Iterator[str]:
    yield "<h1>session-mock check</h1>"
    yield "<table><tr><th>run</th><th>target</th><th>client</th><th>cases</th><th>verdicts</th></tr>"
    for number, report in enumerate(reports, 1):
        state = "right" if report.passed else "wrong"
        stale = "".join(f"<br>stale: {_text(entry)}" for entry in report.stale)
        yield (
            f"<tr><td>{number}</td><td>{_text(report.target)}</td><td><code>{_text(report.client)}</code></td>"
            f"<td>{_text(report.case_set or f'all of {report.version}')}</td>"
            f'<td class="{state}">{_text(report.describe_counts())}{stale}</td></tr>'
        )
    yield "</table>"


def _matrix(reports: Sequence[Report]) -> Iterator[str]:
    by_case = [{result.case: result for result in report.results} for report in reports]
    cases = list(dict.fromkeys(result.case for report in reports for result in report.results))
    heads = "".join(f"<th>{number}: {_text(report.target)}</th>" for number, report in enumerate(reports, 1))
    yield f'<h2>Cases</h2><div class="cases"><table><tr><th>case</th><th>what happens</th>{heads}</tr>'
    for case in cases:
        known = next(results[case] for results in by_case if case in results)
        cells = "".join(_cell(number, results.get(case)) for number, results in enumerate(by_case, 1))
        yield f"<tr><td><code>{_text(case)}</code></td><td>{_text(known.title)}</td>{cells}</tr>"
    yield "</table></div>"


def _cell(number: int, result: CaseResult | None) -> str:
    if result is None:
        return '<td class="none">not run</td>'
    classes = f"{_class(result)}{' unexpected' if result.is_unexpected else ''}"
    text = f"{symbol_of(result)} {_text(result.summary)}"
    if result.verdict != "not applicable":
        text = f'<a class="{classes}" href="#{_anchor(number, result)}">{text}</a>'
    return f'<td class="{classes}">{text}</td>'


def _class(result: CaseResult) -> str:
    return "none" if result.verdict == "not applicable" else result.verdict


def _anchor(number: int, result: CaseResult) -> str:
    return escape(f"run-{number}-{result.case}".replace("/", "-"))


def _details(reports: Sequence[Report]) -> Iterator[str]:
    for number, report in enumerate(reports, 1):
        yield f"<h2>Run {number}: {_text(report.target)}</h2>"
        topic = ""
        for result in report.results:
            if result.verdict == "not applicable":
                continue
            name = result.case.partition("/")[0]
            if name != topic:
                topic = name
                about = next((text for known, text in TOPICS.items() if known == topic), "")
                yield f"<h3>{_text(topic)}</h3><p>{_text(about)}</p>"
            yield from _section(number, result)


def _section(number: int, result: CaseResult) -> Iterator[str]:
    opened = " open" if result.is_unexpected else ""
    yield (
        f'<section id="{_anchor(number, result)}"><details{opened}><summary>'
        f"<code>{_text(result.case)}</code> "
        f'<span class="{_class(result)}">{_text(result.summary)}</span> {_text(result.title)}</summary>'
    )
    yield f"<p>A correct client: {_text(result.expected_behavior)}</p>"
    if result.reason:
        yield f"<p>{_text(result.reason)}</p>"
    if result.rows:
        yield f"<ul>{''.join(f'<li><code>{_text(row)}</code></li>' for row in result.rows)}</ul>"
    if result.exchanges:
        yield from _timeline(result)
    if result.output.strip():
        yield f"<p>Last output of the client:</p><pre>{_text(result.output.strip())}</pre>"
    if result.reproduce:
        yield f"<pre>{_text(result.reproduce)}</pre>"
    yield "</details></section>"


def _timeline(result: CaseResult) -> Iterator[str]:
    """Yield the exchanges as bars over time, and as a list."""
    total = max(item.at + item.seconds for item in result.exchanges) or 0.001
    height = _HEIGHT * len(result.exchanges)
    label = f"timeline of {total:.2f} seconds"
    yield f'<svg width="{_WIDTH + 60}" height="{height + 4}" role="img" aria-label="{label}">'
    for place, item in enumerate(result.exchanges):
        left = item.at / total * _WIDTH
        width = max(item.seconds / total * _WIDTH, 3)
        yield (
            f'<rect class="{_bar_class(item, result)}" x="{left + 30:.1f}" y="{place * _HEIGHT + 2}"'
            f' width="{width:.1f}" height="{_HEIGHT - 4}"><title>{_text(item.line)}</title></rect>'
            f'<text x="0" y="{place * _HEIGHT + 11}">#{item.number}</text>'
        )
    yield "</svg><table><tr><th>#</th><th>at</th><th>took</th><th>exchange</th></tr>"
    for item in result.exchanges:
        found = "".join(f' <span class="wrong">{_text(name)}</span>' for name in item.findings)
        yield (
            f'<tr><td>{item.number}</td><td class="number">{item.at:.3f} s</td>'
            f'<td class="number">{item.seconds:.3f} s</td>'
            f"<td><code>{_text(item.line)}</code>{found}</td></tr>"
        )
    yield "</table>"


def _bar_class(item: ExchangeSummary, result: CaseResult) -> str:
    if item.findings or (item.number in result.notable and result.is_unexpected):
        return "bad"
    return "fault" if item.is_faulty else "bar"
