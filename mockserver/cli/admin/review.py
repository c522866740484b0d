"""``session-mock admin findings`` and ``verify``."""

from typing import Any

import click

from mockserver.admin_schemas import FindingSummary, Verification
from mockserver.cli.admin.common import with_client
from mockserver.cli.admin.journal import filter_options
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import format_examples
from mockserver.client.client import AdminClient
from mockserver.client.exchange_texts import count_of

_MAX_NUMBERS = 5
"""Maximum number of exchanges listed per finding."""
_STRICT = f"{__name__}.strict"


def _row(summary: FindingSummary) -> tuple[Any, ...]:
    more = ["…"] if summary.count > _MAX_NUMBERS else []
    return (
        summary.name,
        summary.level,
        summary.count,
        ", ".join([*map(str, summary.exchanges[:_MAX_NUMBERS]), *more]),
        summary.message,
    )


def _print_findings(summaries: list[FindingSummary], heading: str = "finding") -> None:
    print_table((heading, "level", "count", "exchanges", "message"), map(_row, summaries))


@click.command(epilog=format_examples("session-mock admin findings --vendor browsee"))
@filter_options
@with_client(_print_findings)
def findings(client: AdminClient, *, tenant: str, **filters: Any) -> list[FindingSummary]:
    """List the defects in how clients used the APIs, even if the response was 200.

    A finding is, for instance, a retry before Retry-After or a page that was requested twice.
    docs/findings.md explains all of them and their levels: error, warning and note. The exit code is 0 even
    if there are findings; that of `session-mock admin verify` is 1 if there are errors.
    """
    return client.findings(tenant, **filters)


def _is_wrong(result: Verification) -> bool:
    """Return whether the verification fails with the option ``--strict`` of the command."""
    failing = ("error", "warning") if click.get_current_context().meta[_STRICT] == "warnings" else ("error",)
    has_findings = any(finding.level in failing for finding in result.findings)
    is_ineffective = "warning" in failing and result.ineffective_faults
    return bool(has_findings or result.unexpected or result.unused_faults or is_ineffective)


def _keep_strict(context: click.Context, _: click.Parameter, value: str) -> None:
    """Keep the value of ``--strict`` for the output and the exit code of the command."""
    context.meta[_STRICT] = value


def _print_verification(result: Verification) -> None:
    kept = (
        "all in the journal"
        if result.kept == result.exchanges
        else f"only the last {result.kept} are checked"
    )
    summary = "Something is wrong." if _is_wrong(result) else "Nothing is wrong."
    echo(f"{count_of(result.exchanges, 'exchange')} ({kept}). {summary}")
    for heading, summaries in (("finding", result.findings), ("unexpected error", result.unexpected)):
        if summaries:
            echo()
            _print_findings(summaries, heading)
    if result.unused_faults or result.ineffective_faults:
        echo()
    for fault in result.unused_faults:
        echo(f"Fault {fault['id']} ({fault['kind']}) never triggered.")
    for fault in result.ineffective_faults:
        echo(
            f"Warning: fault {fault['id']} ({fault['kind']}) triggered,"
            " but never changed a response or expected rows."
        )
    if result.unmatched:
        echo(
            f"\nNot checked: {count_of(result.unmatched, 'other request')} matched no tenant;"
            " see `session-mock admin journal list --unmatched`."
        )
    echo(f"\ndigest {result.digest}")


@click.command(
    epilog=format_examples(
        "session-mock admin verify --tenant nightly",
        "session-mock admin verify --tenant nightly --strict warnings",
    )
)
@click.option(
    "--strict",
    type=click.Choice(["errors", "warnings"]),
    default="errors",
    show_default=True,
    expose_value=False,
    callback=_keep_strict,
    help="Fail for findings that are errors, or also for warnings; notes never fail.",
)
@with_client(_print_verification, is_failure=_is_wrong)
def verify(client: AdminClient, *, tenant: str) -> Verification:
    """Check a tenant's exchanges; exit with 1 if something is wrong.

    Something is wrong if there are findings that are errors, unexpected errors, which a correct client would
    not get, or faults that never triggered. A fault that triggered, but never had an effect, is a warning. A
    request with an unknown path or a wrong credential is such an error if it carries a credential of the
    tenant anywhere. Those of no tenant are only counted, because they may come from any client. The digest is
    equal for two runs with the same requests and responses in the same order.
    """
    return client.verify(tenant)
