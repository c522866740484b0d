"""Facts about vendors, with their basis and source."""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Basis(StrEnum):
    """The evidence for a fact about a vendor, strongest first."""

    DOCUMENTED = "documented"
    """Stated by the vendor's documentation."""
    OBSERVED = "observed"
    """Shown by a recorded response of the real service."""
    SOURCE = "source"
    """Read in the real server's code."""
    INFERRED = "inferred"
    """Follows from other facts, but is not stated anywhere."""
    ASSUMED = "assumed"
    """Undocumented; decided by this project."""


class Source(Struct, frozen=True):
    """A document or program from which facts were taken."""

    title: str
    url: str | None
    read_on: str
    """ISO 8601 date."""


class Fact(Struct, frozen=True):
    """A statement about a vendor: one of ``Endpoint.facts``, or the annotation of a field."""

    text: str
    basis: Basis
    source: str | None = None
    """Key in ``Contract.sources``; None if the basis is ``assumed``."""
    error: str | tuple[tuple[str, str], ...] | None = None
    """For a request field: the vendor's literal message if the value violates type or bounds.

    Several messages are pairs of a regular expression and a message; the first expression that matches the
    whole value counts."""


class NotImitated(Struct, frozen=True):
    """A difference between a dialect and the server that it imitates, which this project leaves as it is."""

    what: str
    """The request or the detail."""
    real: str
    """The response of the real server."""
    mock: str
    """The response of the mock."""
    revision: str
    """Key in ``Contract.sources`` of the revision of the server that was compared."""


class FactFactory(Struct, frozen=True):
    """Creates facts with one basis, by default from one source."""

    basis: Basis
    source: str | None = None

    def __call__(
        self, text: str, source: str | None = None, error: str | tuple[tuple[str, str], ...] | None = None
    ) -> Fact:
        """Return a fact with the vendor's messages for invalid values."""
        return Fact(text, self.basis, source or self.source, error)


assumed: Final = FactFactory(Basis.ASSUMED)
