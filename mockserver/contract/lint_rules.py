"""What a careful reviewer would say of a request although it is answered, as data: a name, a condition, a reason."""

from typing import Final

from msgspec import Struct

from mockserver.contract.provenance import Fact

ADVICE: Final = {
    "limit-above-maximum": "More rows are asked for than a page may have; how many are given is the vendor's to say.",
    "milliseconds-for-seconds": "An instant is so large that it must be milliseconds, where the vendor reads seconds.",
    "key-in-query": "A key stands in the URL, from where it gets into logs and histories.",
    "deprecated-place": "A value stands at a place where the vendor no longer documents it.",
    "range-without-zone": "A range of time names no zone, so that somebody else decides which instants it means.",
}
"""The findings that follow from a request alone, by name; ``mockserver.server.review.findings`` has those that follow from what came before."""


class ExceedsMaximum(Struct, frozen=True, tag=True):
    """A field is greater than a maximum."""

    field: str
    maximum: int


class LooksLikeMilliseconds(Struct, frozen=True, tag=True):
    """A field in Unix seconds lies beyond the year 5138, and must be milliseconds."""

    field: str


class IsSet(Struct, frozen=True, tag=True):
    """A field has a value."""

    field: str


class InQuery(Struct, frozen=True, tag=True):
    """The query has a parameter, whether or not the endpoint reads it."""

    parameter: str


class MissingCompanion(Struct, frozen=True, tag=True):
    """A field has a value, but the query does not have the parameter that says in which zone it is meant."""

    field: str
    zone: str


class MissingUtcOffset(Struct, frozen=True, tag=True):
    """A field is an ISO 8601 date or time that does not end in an offset or ``Z``."""

    field: str


Condition = ExceedsMaximum | LooksLikeMilliseconds | IsSet | InQuery | MissingCompanion | MissingUtcOffset


class LintRule(Struct, frozen=True):
    """When something is to be said of a request, and what."""

    name: str
    """One of :data:`ADVICE`."""
    when: Condition
    fact: Fact
    """What is said, and what it rests on."""

    def fields(self) -> tuple[str, ...]:
        """The fields of the request that it looks at."""
        match self.when:
            case InQuery():
                return ()
            case MissingCompanion(field=field, zone=zone):
                return (field, zone)
        return (self.when.field,)
