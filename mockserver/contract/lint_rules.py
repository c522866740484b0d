"""Rules for requests that are answered but should be written differently, as data.

A name, a condition, a reason.
"""

from msgspec import Struct

from mockserver._util.levels import Level
from mockserver.contract.provenance import Fact


class ExceedsMaximum(Struct, frozen=True, tag=True):
    """A field is greater than a maximum."""

    field: str
    maximum: int


class LooksLikeMilliseconds(Struct, frozen=True, tag=True):
    """A field in Unix seconds is beyond the year 5138, and therefore in milliseconds."""

    field: str


class IsSet(Struct, frozen=True, tag=True):
    """A field has a value."""

    field: str


class InQuery(Struct, frozen=True, tag=True):
    """The query has a parameter, even if the endpoint ignores it."""

    parameter: str


class MissingCompanion(Struct, frozen=True, tag=True):
    """A field has a value, but the query lacks the parameter with its time zone."""

    field: str
    zone: str


class MissingUtcOffset(Struct, frozen=True, tag=True):
    """A field is an ISO 8601 date or time without an offset or ``Z`` at its end."""

    field: str


Condition = ExceedsMaximum | LooksLikeMilliseconds | IsSet | InQuery | MissingCompanion | MissingUtcOffset


class LintRule(Struct, frozen=True):
    """A condition on requests, and the finding that they then get."""

    name: str
    """Name of the finding: one of :data:`~mockserver.contract.findings.FINDINGS`."""
    when: Condition
    fact: Fact
    """The reason, with its basis."""
    level: Level | None = None
    """Level of the finding; ``None`` for that of its kind."""

    def fields(self) -> tuple[str, ...]:
        """Return the fields of a request that the condition depends on."""
        match self.when:
            case InQuery():
                return ()
            case MissingCompanion():
                return (self.when.field, self.when.zone)
        return (self.when.field,)
