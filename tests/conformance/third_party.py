"""Check clients made of third-party packages, and write the matrix of their results to docs/clients.md.

`make clients` runs it. The packages are installed with pip, npm and go, below a folder of their own. With `--kit` it
checks single kits, shows what each failure was, and writes no page.
"""

import argparse
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from mockserver import conformance
from mockserver._util.clock import monotonic, wall
from mockserver._util.version import VERSION
from mockserver.conformance import CaseResult, Report
from mockserver.conformance.html import to_html
from mockserver.conformance.reports import describe_result
from tests.conformance.kits import KITS, KitError

PAGE: Final = Path(__file__).parents[2] / "docs" / "clients.md"
TARGET: Final = "rybbit/list_sessions"
PERMANENT: Final = ("auth/expired", "auth/refused", "auth/refused-once", "retry/40?-always")
"""Cases in which a repeated request cannot succeed."""
NO_ROWS: Final = ("wire/error-inside", "wire/list-of-nothing")
"""Cases in which a response is valid JSON without the list of rows."""
REASONS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "*",
        "paging/empty-page",
        "lost",
        "The loop or paginator takes an empty page for the end; the list has no total to compare with.",
    ),
    (
        "*",
        "paging/same-page-*",
        "duplicated",
        "The loop stores what a page has, and does not look for rows that it already has.",
    ),
    (
        "*",
        "wire/content-type",
        "invented",
        "requests decodes `text/html` without a charset as ISO-8859-1, so that texts beyond ASCII are altered.",
    ),
    *(
        (
            kit,
            "data/large-number",
            "invented",
            "`JSON.parse` reads every number as a double, so that integers above 2^53 are altered.",
        )
        for kit in ("got", "axios")
    ),
    *(
        (
            "tenacity",
            case,
            "hammering",
            "Without a condition, the decorator retries every exception, also permanent refusals.",
        )
        for case in PERMANENT
    ),
    (
        "airbyte-cdk",
        "retry/*-date",
        "hammering",
        "`WaitTimeFromHeader` reads only numbers. For a date, the next strategy waits 1.4 s; the date is up to 2 s away.",
    ),
    (
        "*",
        "*",
        "hammering",
        "The retry decorator or client waits for a time of its own and ignores `Retry-After`.",
    ),
    *(
        (
            kit,
            case,
            "lost",
            "A response without the selected rows counts as an empty page, and an empty page ends the list.",
        )
        for kit in ("dlt", "airbyte-cdk")
        for case in NO_ROWS
    ),
    (
        "airbyte-cdk",
        "wire/*",
        "lost",
        "The decoder replaces a body that is not JSON with an empty object. It has no rows, and an empty page ends the list.",
    ),
    (
        "retryablehttp",
        "wire/error-inside",
        "lost",
        "`encoding/json` accepts an object without the field `data`; the slice stays empty, and an empty page ends the list.",
    ),
    *(
        (
            kit,
            "*",
            "leaked",
            "Node prints an uncaught error with all its properties, also the header Authorization of the request.",
        )
        for kit in ("got", "axios")
    ),
)
"""Explanations of failures: patterns of kits and cases, and the outcome; the first that fits counts."""


def check_kit(name: str, folder: Path) -> Report:
    """Run a kit through all cases of its list."""
    kit = KITS[name]
    return conformance.run(TARGET, kit.command(folder), rows="stdout", timeout=kit.timeout, jobs=4)


def explain(kit: str, result: CaseResult) -> str:
    """Return why a kit fails a case; an empty text if that is not known."""
    fitting = (
        text
        for kits, case, outcome, text in REASONS
        if fnmatchcase(kit, kits) and fnmatchcase(result.case, case) and result.outcome == outcome
    )
    return next(fitting, "")


def describe(
    reports: Mapping[str, Report], packages: Mapping[str, str], skipped: Mapping[str, str]
) -> Iterator[str]:
    """Yield the parts of the page."""
    day = datetime.fromtimestamp(wall() / 1000, UTC).date().isoformat()
    yield (
        "# Real clients\n\n"
        "Results of `session-mock check` for small clients of one paged list, each made of packages from PyPI or npm, or"
        f" of a Go module, as their documentation shows them. Measured on {day} with session-mock {VERSION};"
        " `make clients` repeats it and writes this page. The clients are in `tests/conformance/clients`.\n"
    )
    yield from tabulate(reports, packages, skipped)
    yield "\n## Failures\n"
    yield f"| case | {' | '.join(reports)} |\n|---|{'---|' * len(reports)}"
    by_case: dict[str, dict[str, CaseResult]] = {}
    for kit, report in reports.items():
        for result in report.unexpected:
            by_case.setdefault(result.case, {})[kit] = result
    for case in sorted(by_case):
        cells = (by_case[case].get(kit) for kit in reports)
        shown = " | ".join("" if cell is None else str(cell.outcome or cell.verdict) for cell in cells)
        yield f"| `{case}` | {shown} |"
    yield "\n## Reasons\n"
    yield from _describe_reasons(by_case)


def tabulate(
    reports: Mapping[str, Report], packages: Mapping[str, str], skipped: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of the table of kits."""
    yield "| client | packages | verdicts |\n|---|---|---|"
    for name, report in reports.items():
        yield f"| {name} | {packages[name]} | {report.describe_counts()} |"
    for name, problem in skipped.items():
        yield f"| {name} | {', '.join(KITS[name].packages)} | skipped: {problem} |"


def _describe_reasons(by_case: Mapping[str, Mapping[str, CaseResult]]) -> Iterator[str]:
    cases: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for case, results in sorted(by_case.items()):
        texts: dict[str, list[str]] = {}
        for kit, result in results.items():
            texts.setdefault(explain(kit, result) or "Not explained yet.", []).append(kit)
        for text, kits in texts.items():
            cases.setdefault((text, tuple(kits)), []).append(case)
    for (text, failing), names in cases.items():
        yield f"- {', '.join(failing)}: {_list(names)}. {text}"


def _list(cases: Iterable[str]) -> str:
    return ", ".join(f"`{case}`" for case in cases)


def parse_arguments() -> argparse.Namespace:
    """Return the folder, the kits and the file of the HTML page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(".venv/clients"),
        help="for packages; default: .venv/clients",
    )
    parser.add_argument("--kit", action="append", choices=KITS, help="check only this kit; repeatable")
    parser.add_argument("--html", type=Path, help="also write the exchanges of each case to this file")
    return parser.parse_args()


def main() -> int:
    """Check the kits and write the page; return 1 if a failure has no explanation, or no kit was checked."""
    arguments = parse_arguments()
    logging.getLogger("mockserver").setLevel(logging.ERROR)
    reports: dict[str, Report] = {}
    packages: dict[str, str] = {}
    skipped: dict[str, str] = {}
    unexplained = []
    for name in arguments.kit or KITS:
        folder = arguments.folder.absolute() / name
        try:
            KITS[name].install(folder)
        except KitError as error:
            skipped[name] = str(error)
            print(f"{name}: skipped: {error}", flush=True)
            continue
        packages[name] = KITS[name].describe(folder)
        started = monotonic()
        reports[name] = report = check_kit(name, folder)
        print(f"{name}: {report.describe_counts()}, in {monotonic() - started:.0f} s", flush=True)
        for item in report.unexpected:
            if arguments.kit or not explain(name, item):
                print("\n".join(describe_result(item)), flush=True)
            if not explain(name, item):
                unexplained.append(f"{name} {item.case}")
    if arguments.html is not None:
        arguments.html.write_text(to_html(list(reports.values())), encoding="utf-8")
    if reports and not arguments.kit:
        PAGE.write_text("\n".join(describe(reports, packages, skipped)) + "\n", encoding="utf-8")
    print("\n".join(tabulate(reports, packages, skipped)))
    for text in unexplained:
        print(f"not explained: {text}")
    return int(bool(unexplained) or not reports)


if __name__ == "__main__":
    sys.exit(main())
