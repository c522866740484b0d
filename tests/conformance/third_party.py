"""Check clients made of third-party packages, and write the matrix of their results to docs/clients.md.

`make clients` runs it. The packages are installed into a folder of their own, with pip and npm.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from mockserver import conformance
from mockserver._util.clock import wall
from mockserver.conformance import CaseResult, Report

CLIENTS: Final = Path(__file__).parent / "clients"
PAGE: Final = Path(__file__).parents[2] / "docs" / "clients.md"
TARGET: Final = "rybbit/list_sessions"
TIMEOUT: Final = 12
PACKAGES: Final = {
    "urllib3": ("requests", "urllib3"),
    "tenacity": ("httpx", "tenacity"),
    "backoff": ("requests", "backoff"),
    "aiohttp-retry": ("aiohttp", "aiohttp-retry"),
    "dlt": ("dlt",),
    "got": ("got",),
}
"""The packages of each kit; got is from npm, the others are from PyPI."""
PERMANENT: Final = ("auth/expired", "auth/refused", "auth/refused-once", "retry/40?-always")
"""Cases in which a repeated request cannot succeed."""
REASONS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "*",
        "paging/empty-page",
        "lost",
        "The loop takes an empty page for the end; the list has no total to compare with.",
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
            "tenacity",
            case,
            "hammering",
            "Without a condition, the decorator retries every exception, also permanent refusals.",
        )
        for case in PERMANENT
    ),
    (
        "*",
        "*",
        "hammering",
        "The retry decorator or client waits for a time of its own, whatever `Retry-After` says.",
    ),
    (
        "dlt",
        "wire/*",
        "lost",
        "A response without the selected rows counts as an empty page, and an empty page ends the list.",
    ),
    (
        "got",
        "*",
        "leaked",
        "Node prints an uncaught error with all its properties, also the header Authorization of the request.",
    ),
)
"""Explanations of failures: patterns of kits and cases, and the outcome; the first that fits counts."""


def install(folder: Path) -> None:
    """Install the packages of all kits into a folder."""
    pypi = sorted({name for kit, names in PACKAGES.items() if kit != "got" for name in names})
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *pypi], check=True)
    npm = shutil.which("npm")
    if npm is not None:
        subprocess.run([npm, "install", "--silent", "--prefix", str(folder), "got"], check=True)


def find_versions(folder: Path, kit: str) -> str:
    """Return the packages of a kit with their versions."""
    if kit == "got":
        manifest = json.loads((folder / "node_modules" / "got" / "package.json").read_bytes())
        return f"got {manifest['version']}"
    script = "import sys; from importlib.metadata import version as v; print(*map(v, sys.argv[1:]))"
    names = PACKAGES[kit]
    command = [str(folder / "bin" / "python"), "-c", script, *names]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return ", ".join(f"{name} {version}" for name, version in zip(names, shown, strict=True))


def check_kit(folder: Path, kit: str) -> Report:
    """Run a kit through all cases of its list."""
    words = [str(folder / "bin" / "python"), str(CLIENTS / "third_party.py"), kit]
    if kit == "got":
        words = [shutil.which("node") or "node", str(CLIENTS / "got.mjs")]
    return conformance.run(TARGET, words, rows="stdout", timeout=TIMEOUT, jobs=4)


def explain(kit: str, result: CaseResult) -> str:
    """Return why a kit fails a case; an empty text if that is not known."""
    fitting = (
        text
        for kits, case, outcome, text in REASONS
        if fnmatchcase(kit, kits) and fnmatchcase(result.case, case) and result.outcome == outcome
    )
    return next(fitting, "")


def describe(reports: Mapping[str, Report], versions: Mapping[str, str]) -> Iterator[str]:
    """Yield the parts of the page."""
    day = datetime.fromtimestamp(wall() / 1000, UTC).date().isoformat()
    yield (
        "# Real clients\n\n"
        "Results of `session-mock check` for small clients of one paged list, each made of packages from PyPI or npm as"
        f" their documentation shows them. Measured on {day} with session-mock {next(iter(reports.values())).version};"
        " `make clients` repeats it and writes this page. The clients are in `tests/conformance/clients`.\n"
    )
    yield "| client | packages | verdicts |\n|---|---|---|"
    for kit, report in reports.items():
        yield f"| {kit} | {versions[kit]} | {report.describe_counts()} |"
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


def main() -> int:
    """Check all kits and write the page; return 1 if a failure has no explanation."""
    logging.getLogger("mockserver").setLevel(logging.ERROR)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv/clients").absolute()
    install(folder)
    os.environ["NODE_FOLDER"] = str(folder)
    reports: dict[str, Report] = {}
    unexplained = []
    for kit in PACKAGES:
        if kit == "got" and shutil.which("npm") is None:
            continue
        reports[kit] = report = check_kit(folder, kit)
        print(f"{kit}: {report.describe_counts()}", flush=True)
        unexplained += [f"{kit} {item.case}" for item in report.unexpected if not explain(kit, item)]
    versions = {kit: find_versions(folder, kit) for kit in reports}
    PAGE.write_text("\n".join(describe(reports, versions)) + "\n", encoding="utf-8")
    for text in unexplained:
        print(f"not explained: {text}")
    return int(bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
