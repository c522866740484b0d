"""The outcome of a command: its checks, and reports of them."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from msgspec import Struct

from mockserver._util.printable import printable
from mockserver.client import AdminClient
from mockserver.embedded.exchange_summary import describe_exchange
from mockserver.harness.junit import JUnitCase, render_junit

_MAX_EXCHANGES: Final = 100
_STYLE: Final = "body { font-family: sans-serif; max-width: 70em; margin: 2em auto } pre { overflow-x: auto }"


class Check(Struct, frozen=True, kw_only=True):
    """Something that was checked about a command or its requests."""

    name: str
    passed: bool
    text: str = ""
    """Reasons and remarks; empty if there are none."""


class Outcome(Struct, frozen=True, kw_only=True):
    """Everything about one run of a command."""

    title: str
    checks: Sequence[Check]
    seconds: float
    exchanges: Sequence[str] = ()
    """One line for each of the last requests."""

    @property
    def passed(self) -> bool:
        """True if every check has passed."""
        return all(check.passed for check in self.checks)


def list_exchanges(client: AdminClient, tenant: str) -> list[str]:
    """Return one line for each of a tenant's last requests."""
    count = client.journal(tenant, limit=1).count
    page = client.journal(tenant, after=max(0, count - _MAX_EXCHANGES), limit=_MAX_EXCHANGES)
    return [printable(describe_exchange(exchange), keep="") for exchange in page.exchanges]


def to_junit(outcome: Outcome) -> str:
    """Return the outcome as JUnit XML with a test case for each check."""
    cases = [
        JUnitCase(
            group="session-mock",
            name=check.name,
            seconds=0.0 if number else outcome.seconds,
            result="passed" if check.passed else "failure",
            message=check.text.partition("\n")[0],
            text=check.text,
        )
        for number, check in enumerate(outcome.checks)
    ]
    return render_junit({outcome.title: cases})


def to_markdown(outcome: Outcome) -> str:
    """Return the outcome as Markdown, for the summary of a CI job."""
    lines = [f"## {'Passed' if outcome.passed else 'Failed'}: {_fence_inline(outcome.title)}", ""]
    lines += ["| check | result |", "|---|---|"]
    lines += [f"| {check.name} | {_result(check)} |" for check in outcome.checks]
    for check in outcome.checks:
        if check.text:
            lines += ["", f"### {check.name}", "", *_fence(printable(check.text))]
    if outcome.exchanges:
        lines += ["", "### Requests", "", *_fence("\n".join(outcome.exchanges))]
    return "\n".join(lines) + "\n"


def to_html(outcome: Outcome) -> str:
    """Return the outcome as an HTML page without scripts."""
    return "\n".join(_html_lines(outcome)) + "\n"


def _html_lines(outcome: Outcome) -> Iterator[str]:
    title = escape(printable(outcome.title))
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>"
    yield f"<h1>{'Passed' if outcome.passed else 'Failed'}: <code>{title}</code></h1>"
    for check in outcome.checks:
        yield f"<h2>{escape(check.name)}: {_result(check)}</h2>"
        if check.text:
            yield f"<pre>{escape(printable(check.text))}</pre>"
    if outcome.exchanges:
        lines = escape("\n".join(outcome.exchanges))
        yield f"<h2>Requests</h2>\n<pre>{lines}</pre>"
    yield "</html>"


def _result(check: Check) -> str:
    return "passed" if check.passed else "failed"


def _fence(text: str) -> Iterable[str]:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return [f"{ticks}text", text, ticks]


def _fence_inline(text: str) -> str:
    shown = printable(text, keep="").replace("`", "'")
    return f"`{shown}`"
