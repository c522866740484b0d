"""Behaviour that nobody documents, or that two sources tell differently, as named switches."""

from collections.abc import Mapping

from msgspec import Struct

from mockserver.contract.provenance import Basis


class BehaviorError(ValueError):
    """A behavior or an option of one that does not exist; the message names the nearest."""


DOCUMENTED = "documented"
"""The dialect that every vendor has, and that is spoken unless another is chosen."""
DIALECT = "dialect"
"""Short name of the behavior between a vendor's dialects."""
BASIS = "basis"
"""Short name of the behavior whether answers carry :data:`BASIS_HEADER`."""
MOST = 1_000_000_000
"""No number that is chosen is greater."""
BASIS_HEADER = "Session-Mock-Basis"
"""The header that says on what we believe that the vendor answers so."""


def short_name(behavior: str) -> str:
    """A behavior's name without its vendor's."""
    return behavior.partition(".")[2]


def label(vendor: str, dialect: str) -> str:
    """A vendor's name, with the dialect where that is not the documented one."""
    return vendor if dialect == DOCUMENTED else f"{vendor}.{dialect}"


class Behavior(Struct, frozen=True, kw_only=True):
    """A switch with options, or with a whole number, and a default."""

    name: str
    """``<vendor>.<behavior>``."""
    description: str
    """What it decides."""
    default: str | int
    options: Mapping[str, str] = {}
    """What each option does; empty for a number."""
    unit: str | None = None
    """For a number: what it counts."""
    basis: Basis = Basis.ASSUMED
    source: str | None = None

    def read(self, value: str | int) -> str | int:
        """Check a setting of this behavior, or raise :class:`BehaviorError`."""
        if self.options:
            if str(value) in self.options:
                return str(value)
            raise BehaviorError(
                f"behavior {self.name}: {value!r} is no option; options are {', '.join(self.options)}"
            )
        try:
            number = int(value)
        except ValueError:
            number = -1
        if not 0 <= number <= MOST:
            raise BehaviorError(
                f"behavior {self.name}: {str(value)[:40]!r} must be a whole number of {self.unit}, from 0 to {MOST:,}"
            )
        return number


def common(vendor: str, dialects: Mapping[str, str]) -> tuple[Behavior, ...]:
    """The behaviors that every vendor has: between its dialects, told by name and sentence, and how its answers tell their basis."""
    return (
        Behavior(
            name=f"{vendor}.{DIALECT}",
            description="Which of its sources the vendor's contract follows; each dialect has defaults of its own for the other behaviors.",
            default=DOCUMENTED,
            options=dialects,
        ),
        Behavior(
            name=f"{vendor}.{BASIS}",
            description=f"Whether answers say in the header {BASIS_HEADER} what they rest on: an error its basis, another those of its fields.",
            default="hidden",
            options={"hidden": "It does not, as no vendor does.", "shown": "It does."},
        ),
    )


class ByBehavior(Struct, frozen=True):
    """A status that depends on a behavior: one for each option."""

    behavior: str
    statuses: Mapping[str, int]
