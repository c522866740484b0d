"""The checks of ``session-mock exec`` after its command, and the files with their results."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import json

from mockserver._util.parsers import Strictness
from mockserver.cli.output import append_summary
from mockserver.client import AdminClient
from mockserver.client.exchange_texts import count_of
from mockserver.embedded.reconcile_report import Options, find_request, reconcile
from mockserver.embedded.violations import (
    describe_extent,
    describe_violations,
    find_violations,
    is_failure,
    summarize_unmatched,
)
from mockserver.harness.child import ChildResult
from mockserver.harness.outcome import Check, Outcome, list_exchanges, to_html, to_junit, to_markdown
from mockserver.harness.row_files import RowFileError, is_csv_name, parse_rows

_MAX_UNMATCHED: Final = 10
"""Number of different problems of requests without a tenant that are listed."""


def check_requests(client: AdminClient, tenant: str, strict: Strictness, *, is_own: bool) -> Check:
    """Verify the requests of a tenant; *is_own* if its server has no other clients."""
    result = client.verify(tenant)
    violations = list(find_violations(client, tenant, result))
    texts = [describe_extent(result), *describe_violations(violations, strict)]
    if not result.exchanges and not result.unmatched:
        texts.append("No request arrived; does the command use the addresses of its variables?")
    if result.unmatched and is_own:
        texts += _describe_unmatched(client)
    elif result.unmatched:
        texts.append(f"Not checked: {count_of(result.unmatched, 'request')} matched no tenant.")
    passed = not any(is_failure(violation, strict) for violation in violations)
    return Check(name="verification", passed=passed, text="\n".join(texts))


def _describe_unmatched(client: AdminClient) -> Iterator[str]:
    """Yield lines about the errors of no tenant, as after a wrong credential; preflights are none."""
    lines = client.export_journal("ndjson", None).splitlines()
    found = summarize_unmatched([json.decode(line) for line in lines])
    if found:
        yield "Not checked, because no credential of the tenant was sent:"
    for summary in found[:_MAX_UNMATCHED]:
        first_line = summary.message.partition("\n")[0]
        yield f"  {first_line}" + (f" ({summary.count} times)" if summary.count > 1 else "")
    if len(found) > _MAX_UNMATCHED:
        yield f"  and {len(found) - _MAX_UNMATCHED} more"


def check_rows(  # noqa: PLR0917 -- the options of a comparison
    client: AdminClient,
    tenant: str,
    pair: tuple[str, str],
    path: Path,
    order: str,
    columns: Mapping[str, str],
) -> Check:
    """Compare the rows of a file with the expected rows."""
    name = f"rows {'/'.join(pair)}"
    is_csv = is_csv_name(path.name)
    try:
        rows = parse_rows(path.read_bytes(), is_csv=is_csv)
        options = Options(order=order, columns=columns, texts=is_csv)
        result = reconcile(client, tenant, find_request(client, tenant, pair, 0, {}), rows, options)
    except OSError as error:
        problem = f"{path}: cannot read the file: {error.strerror or error}; did the command write it?"
        return Check(name=name, passed=False, text=problem)
    except (RowFileError, ValueError) as error:
        return Check(name=name, passed=False, text=f"{path}: {error}")
    text = result.text or f"got {count_of(result.collected, 'row')}, no differences"
    return Check(name=name, passed=not result.text, text=text)


def write_reports(  # noqa: PLR0917 -- everything about a run
    files: Mapping[str, str],
    client: AdminClient,
    tenant: str,
    command: Sequence[str],
    checks: Sequence[Check],
    result: ChildResult,
) -> None:
    """Write the files that options name; raises ``OSError`` if one cannot be written."""
    if not files:
        return
    outcome = Outcome(
        title=shlex.join(command),
        checks=checks,
        seconds=result.duration_seconds,
        exchanges=list_exchanges(client, tenant),
    )
    if "junit" in files:
        Path(files["junit"]).write_text(to_junit(outcome), encoding="utf-8")
    if "html" in files:
        Path(files["html"]).write_text(to_html(outcome), encoding="utf-8")
    if "har" in files:
        Path(files["har"]).write_bytes(client.export_journal("har", tenant))
    if "summary" in files:
        sys.stdout.flush()
        append_summary(files["summary"], to_markdown(outcome), err=True)
