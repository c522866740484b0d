"""Check the careful client against all lists as a command, and each wrong one against its list (`make clients`).

It prints the unexpected verdicts of each client, writes one page about all of them if a file is named, and
fails if the careful client fails a case, or if a wrong client does not fail the cases that are known.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Final

from mockserver import conformance
from mockserver.conformance import Report
from mockserver.conformance.html import to_html
from tests.conformance.clients.careful import BUGS, TARGETS
from tests.conformance.known_bugs import FAILURES
from tests.conformance.running import find_failures

CLIENT: Final = Path(__file__).parent / "clients" / "careful.py"
TIMEOUT: Final = 4


def check_command(target: str, bug: str | None) -> Report:
    """Check a client as a command."""
    words = [sys.executable, str(CLIENT), target, *([] if bug is None else ["--bug", bug])]
    return conformance.run(target, words, rows="stdout", timeout=TIMEOUT, jobs=4)


def main() -> int:
    """Print the matrix; return 1 if a client fails other cases than expected."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", nargs="?", type=Path, help="HTML file with the exchanges of each case")
    parser.add_argument("--all", action="store_true", help="check every wrong client against all lists")
    arguments = parser.parse_args()
    logging.getLogger("mockserver").setLevel(logging.ERROR)
    reports = []
    wrong = 0
    for bug in (None, *BUGS):
        targets = TARGETS if bug is None or arguments.all else [FAILURES[bug][0]]
        for target in targets:
            report = check_command(target, bug)
            reports.append(report)
            failures = find_failures(report)
            known_target, known = FAILURES[bug] if bug is not None else (target, {})
            is_right = target != known_target or failures == known
            wrong += not is_right
            ending = "" if is_right else " UNEXPECTED"
            print(f"{bug or 'careful'} {target}: {report.describe_counts()}{ending}", flush=True)
            for case, outcome in failures.items():
                print(f"  {case}: {outcome}", flush=True)
    if arguments.page is not None:
        arguments.page.write_text(to_html(reports), encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
