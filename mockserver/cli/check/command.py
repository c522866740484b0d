"""``session-mock check``."""

import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import json

from mockserver.cli.check.options import (
    DEFAULT_SEED,
    DEFAULT_TIMEOUT,
    condition_options,
    evidence_options,
    report_options,
    selection_options,
)
from mockserver.cli.output import append_summary, echo, print_table
from mockserver.cli.params import format_examples
from mockserver.harness.signals import SIGNAL_BASE, EndedBySignal, ended_by_signals

if TYPE_CHECKING:
    from mockserver.conformance.case import Case
    from mockserver.conformance.results import CaseResult, Report

_HARNESS_FAILED: Final = 125


@click.command(
    name="check",
    epilog=format_examples(
        "session-mock check --list browsee/export_sessions",
        "session-mock check --explain retry/429-date",
    ),
)
@click.argument("target", required=False)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@selection_options
@evidence_options
@condition_options
@report_options
def command(
    *,
    target: str | None,
    command: tuple[str, ...],
    lists: bool,
    explain: str | None,
    merged: tuple[Path, ...],
    **options: Any,
) -> None:
    """Run a client once for each case of what can happen to it, and judge it.

    TARGET, VENDOR/ENDPOINT or VENDOR/ENDPOINT@DIALECT, is what the client requests, and COMMAND the client;
    write -- before it. Each case has a tenant of its own. The command gets addresses and credentials in
    variables such as SESSION_MOCK_VENDOR_URL and in placeholders such as {VENDOR.url}, and the window to
    collect in SESSION_MOCK_START and SESSION_MOCK_END, or {case.start} and {case.end}. Exits with 1 for an
    unexpected verdict or a stale expectation.
    """
    context = click.get_current_context()
    from mockserver.conformance.case import CaseError  # noqa: PLC0415 -- only this command needs it
    from mockserver.conformance.client import ClientError  # noqa: PLC0415 -- as above
    from mockserver.conformance.target import TargetError  # noqa: PLC0415 -- as above
    from mockserver.harness.environment import PlaceholderError  # noqa: PLC0415 -- as above

    try:
        if explain is not None:
            _explain(explain)
        elif lists:
            _list(target, options)
        elif merged:
            reports = _read_reports(merged)
            _write_reports(reports, options)
            _exit(context, reports)
        else:
            reports = [_check(target, command, options)]
            _write_reports(reports, options)
            _exit(context, reports)
    except (CaseError, ClientError, TargetError, PlaceholderError) as error:
        raise click.UsageError(str(error)) from None
    except (click.ClickException, click.exceptions.Exit, OSError):
        raise
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, EndedBySignal) else int(signal.SIGINT)
        how = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
        echo(f"{how}; the running commands were ended", err=True)
        context.exit(SIGNAL_BASE + number)
    except Exception as error:  # noqa: BLE001 -- a failure of the check must not look like one of the client
        echo(f"Error: the check failed: {type(error).__name__}: {error}", err=True)
        context.exit(_HARNESS_FAILED)


def _exit(context: click.Context, reports: Iterable["Report"]) -> None:
    context.exit(0 if all(report.passed for report in reports) else 1)


def _explain(name: str) -> None:
    from mockserver.conformance.case import KINDS, NEEDS, OUTCOMES, load_cases, select_cases  # noqa: PLC0415 -- slow

    case = select_cases(load_cases(), names=[name])[0]
    echo(case.id, bold=True)
    echo(f"{case.title}\n\nA correct client: {case.expected}\n\n{case.kind}: {KINDS[case.kind]}")
    echo(f"needs: {', '.join(NEEDS[need] for need in case.needs) or 'nothing'}; since {case.since}\n")
    rows = [(outcome, case.rate_outcome(outcome, "none"), text) for outcome, text in OUTCOMES.items()]
    print_table(("outcome", "verdict", "meaning"), rows, prose=True)
    for style, verdicts in case.style_verdicts.items():
        for outcome, rating in verdicts.items():
            echo(f"in lists with pages by {style}, {outcome} is {rating}")
    for fault in case.faults:
        echo(f"fault: {json.encode(fault).decode()}")


def _list(target: str | None, options: dict[str, Any]) -> None:
    from mockserver.conformance.target import parse_target  # noqa: PLC0415 -- slow

    cases = _select(options)
    if target is not None:
        found = parse_target(target, options["dialect"])
        cases = [case for case in cases if found.find_lacking(case) is None]
    print_table(("case", "kind", "what happens"), [(case.id, case.kind, case.title) for case in cases])


def _select(options: dict[str, Any]) -> list["Case"]:
    from mockserver.conformance.case import load_cases, select_cases  # noqa: PLC0415 -- slow

    return select_cases(
        load_cases(),
        case_set=options["case_set"],
        names=options["names"],
        topics=options["topics"],
        skipped=options["skipped"],
    )


def _check(target: str | None, command: tuple[str, ...], options: dict[str, Any]) -> "Report":
    from mockserver import conformance  # noqa: PLC0415 -- slow
    from mockserver.conformance.case import load_cases  # noqa: PLC0415 -- as above
    from mockserver.conformance.client import CommandClient  # noqa: PLC0415 -- as above
    from mockserver.conformance.evidence import Comparison  # noqa: PLC0415 -- as above
    from mockserver.conformance.expectations import read_expectations  # noqa: PLC0415 -- as above
    from mockserver.conformance.runner import Plan  # noqa: PLC0415 -- as above
    from mockserver.conformance.situation import Settings  # noqa: PLC0415 -- as above
    from mockserver.conformance.target import list_targets, parse_target  # noqa: PLC0415 -- as above

    if target is None:
        known = ", ".join(found.label for found in list_targets())
        raise click.UsageError(f"missing TARGET; use VENDOR/ENDPOINT, such as {known}")
    found = parse_target(target, options["dialect"])
    if not command:
        raise click.UsageError("missing COMMAND; write it after --, such as -- node client.js")
    expected = options["expect"]
    known_verdicts = {} if expected is None else read_expectations(expected, load_cases())
    client = CommandClient(
        command, rows=options["rows"], form=options["form"], environment=options["variables"]
    )
    jobs = options["jobs"] or conformance.default_jobs()
    plan = Plan(
        target=found,
        client=client,
        cases=_select(options),
        settings=Settings(
            seed=options["seed"],
            follows_system=options["now"] == "system",
            timeout=options["timeout"],
            behaviors=options["behaviors"],
        ),
        comparison=Comparison(order=options["order"], columns=options["columns"], keys=options["keys"]),
        jobs=1 if client.is_exclusive else jobs,
        describe_reproduction=lambda case: _describe_reproduction(found.label, case, command, options),
    )
    with _quiet_log(), ended_by_signals(), _shown_progress() as show:
        return conformance.check(plan, known=known_verdicts, case_set=options["case_set"], on_result=show)


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Log only errors: requests with a wrong credential are part of the check."""
    log = logging.getLogger("mockserver")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _describe_reproduction(
    target: str, case: "Case", command: tuple[str, ...], options: dict[str, Any]
) -> str:
    """Return the command that runs one case with the same options."""
    words = ["session-mock", "check", target, "--case", case.id]
    defaults = {
        "seed": DEFAULT_SEED,
        "now": "fixed",
        "timeout": DEFAULT_TIMEOUT,
        "order": "same",
        "rows": None,
        "form": None,
    }
    names = {"form": "format"}
    for name, default in defaults.items():
        if options[name] != default:
            value = options[name]
            text = f"{value:g}" if isinstance(value, float) else str(value)
            words += [f"--{names.get(name, name)}", text]
    pairs = {"columns": "columns", "variables": "env", "behaviors": "behavior"}
    for name, option in pairs.items():
        for left, right in options[name].items():
            words += [f"--{option}", f"{left}={right}"]
    for key in options["keys"]:
        words += ["--key", key]
    return shlex.join([*words, "--", *command])


@contextmanager
def _shown_progress() -> Iterator[Callable[["CaseResult"], None]]:
    """Show verdicts as they come: in a terminal as a table by topic, elsewhere as one line each."""
    if not sys.stdout.isatty():
        yield lambda result: echo(f"{result.case}: {result.summary}")
        return
    from rich.console import Console  # noqa: PLC0415 -- slow
    from rich.live import Live  # noqa: PLC0415 -- as above
    from rich.table import Table  # noqa: PLC0415 -- as above

    verdicts = ("right", "acceptable", "wrong", "inconclusive", "not applicable")
    counts: dict[str, dict[str, int]] = {}

    def render() -> Table:
        table = Table("topic", *verdicts, box=None, pad_edge=False, header_style="bold")
        for topic, numbers in counts.items():
            table.add_row(topic, *(str(numbers.get(verdict, "")) for verdict in verdicts))
        return table

    with Live(render(), console=Console(), auto_refresh=False) as live:

        def show(result: "CaseResult") -> None:
            numbers = counts.setdefault(result.case.partition("/")[0], {})
            numbers[result.verdict] = numbers.get(result.verdict, 0) + 1
            live.update(render(), refresh=True)

        yield show


def _read_reports(paths: Iterable[Path]) -> list["Report"]:
    from msgspec import MsgspecError  # noqa: PLC0415 -- one option needs it

    from mockserver.conformance.results import read_reports  # noqa: PLC0415 -- slow

    reports: list[Report] = []
    for path in paths:
        try:
            reports += read_reports(path.read_bytes())
        except MsgspecError as error:
            message = f"{path}: not the results of a check: {error}; use a file that --json wrote"
            raise click.BadParameter(message, param_hint="--merge") from None
    return reports


def _write_reports(reports: list["Report"], options: dict[str, Any]) -> None:
    from mockserver.conformance.html import to_html  # noqa: PLC0415 -- slow
    from mockserver.conformance.reports import (  # noqa: PLC0415 -- as above
        describe_report,
        to_annotations,
        to_junit,
        to_markdown,
    )

    for report in reports:
        for line in describe_report(report):
            echo(line)
    if options["json_file"]:
        value = reports[0] if len(reports) == 1 else reports
        options["json_file"].write_bytes(json.format(json.encode(value)) + b"\n")
    if options["page"]:
        options["page"].write_text(to_html(reports), encoding="utf-8")
    if options["junit"]:
        options["junit"].write_text(to_junit(reports), encoding="utf-8")
    if options["summary"]:
        append_summary(options["summary"], to_markdown(reports))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for report in reports:
            for line in to_annotations(report):
                echo(line)
