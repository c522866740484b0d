"""Exchanges, and what is wrong with them."""

from typing import Any

from msgspec import Struct

from mockserver._util.levels import Level


class JournalPage(Struct, kw_only=True):
    """A page of a journal, oldest exchange first."""

    exchanges: list[dict[str, Any]]
    matched: int
    """Number of recorded exchanges on all pages that pass the filters, `after` included."""
    kept: int
    """Number of exchanges that the journal still has."""
    count: int
    """Number of exchanges so far, including those that the journal no longer has."""
    next: str | None = None
    """Query string of the next page; null on the last one."""


class Count(Struct, kw_only=True):
    """Number of exchanges that pass the filters."""

    count: int


class FindingSummary(Struct, kw_only=True, omit_defaults=True):
    """A finding, or an unexpected error, with its exchanges."""

    name: str
    level: Level
    message: str
    parameter: str | None = None
    """The name in the request that the finding is about; only for `unknown-parameter`."""
    count: int
    exchanges: list[int]
    """Numbers of the first hundred exchanges."""


class Verification(Struct, kw_only=True):
    """Summary of everything that is wrong with a tenant's exchanges."""

    exchanges: int
    """Number of exchanges so far."""
    kept: int
    """Number of exchanges that the journal still has; only those are checked."""
    findings: list[FindingSummary]
    unexpected: list[FindingSummary]
    """Errors that a correct client would not get, by name, and internal errors of the mock (``internal``)."""
    unmatched: int
    """Number of unmatched exchanges of the server that belong to no tenant; only those of this tenant are
    checked."""
    unused_faults: list[dict[str, Any]]
    """Faults that never triggered."""
    ineffective_faults: list[dict[str, Any]]
    """Faults that triggered, but never changed a response or the expected rows of a requested list."""
    digest: str
    """Equal for two runs with the same requests and responses in the same order."""
