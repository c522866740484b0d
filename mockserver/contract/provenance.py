"""Why we believe what a contract says."""

from enum import StrEnum

from msgspec import Struct


class Basis(StrEnum):
    """What a fact about a vendor rests on, strongest first."""

    DOCUMENTED = "documented"
    """The vendor's own documentation says so."""
    OBSERVED = "observed"
    """A recorded answer of the real service shows it."""
    SOURCE = "source"
    """Read in the real server's code."""
    INFERRED = "inferred"
    """Follows from other facts, but nobody states it."""
    ASSUMED = "assumed"
    """Nobody says; this project decided."""


class Source(Struct, frozen=True):
    """Where facts were read."""

    title: str
    url: str | None
    read_on: str
    """ISO 8601 date."""


class Fact(Struct, frozen=True):
    """One statement about a vendor. Stands alone in ``Endpoint.facts``, or annotates a field of a request or response."""

    text: str
    basis: Basis
    source: str | None = None
    """Key in ``Contract.sources``; none where the basis is chosen."""
    error: str | tuple[tuple[str, str], ...] | None = None
    """For a request field: the vendor's literal message when the field breaks its type or bounds.

    Where there are several: pairs of a regular expression and what is said of a value that it matches whole, the first of them.
    """
