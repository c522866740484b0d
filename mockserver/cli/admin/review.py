"""``session-mock admin findings`` and ``verify``."""

from typing import Any

import click
from msgspec import Struct

from mockserver._util.parsers import Strictness
from mockserver.admin_schemas.journals import FindingSummary, Verification
from mockserver.cli.admin.common import with_client
from mockserver.cli.admin.journal import filter_options
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import format_examples
from mockserver.client.client import AdminClient
from mockserver.client.exchange_texts import count_of
from mockserver.embedded.violations import (
    Violation,
    describe_extent,
    describe_violations,
    find_violations,
    is_failure,
)

_MAX_NUMBERS = 5
"""Maximum number of exchanges listed per finding."""


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


class _Verified(Struct, frozen=True):
    """A verification with its violations as texts."""

    result: Verification
    strict: Strictness
    violations: list[Violation]

    @property
    def is_wrong(self) -> bool:
        return any(is_failure(violation, self.strict) for violation in self.violations)


def _print_verified(verified: _Verified) -> None:
    result = verified.result
    echo(f"{describe_extent(result)} {'Something is wrong.' if verified.is_wrong else 'Nothing is wrong.'}")
    for text in describe_violations(verified.violations, verified.strict):
        echo(f"\n{text}")
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
    help="Fail for findings that are errors, or also for warnings; notes never fail.",
)
@with_client(
    _print_verified, is_failure=lambda verified: verified.is_wrong, as_json=lambda verified: verified.result
)
def verify(client: AdminClient, *, tenant: str, strict: Strictness) -> _Verified:
    """Check a tenant's exchanges; exit with 1 if something is wrong.

    Something is wrong if there are findings that are errors, unexpected errors, which a correct client would
    not get, or faults that never triggered. A fault that triggered, but never had an effect, is a warning. A
    request with an unknown path or a wrong credential is such an error if it carries a credential of the
    tenant anywhere. Those of no tenant are only counted, because they may come from any client. The digest is
    equal for two runs with the same requests and responses in the same order.
    """
    result = client.verify(tenant)
    return _Verified(result, strict, list(find_violations(client, tenant, result)))
