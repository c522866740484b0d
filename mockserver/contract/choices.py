"""Behaviour that nobody documents, or that two sources tell differently, as named switches."""

from collections.abc import Mapping

from msgspec import Struct

from mockserver.contract.basis import Basis


class ChoiceError(ValueError):
    """A choice or an option of one that does not exist; the message names the nearest."""


def short_name(choice: str) -> str:
    """A choice's name without its vendor's."""
    return choice.partition(".")[2]


class Choice(Struct, frozen=True, kw_only=True):
    """A switch with options, or with a whole number, and a default."""

    name: str
    """``<vendor>.<choice>``."""
    says: str
    """What it decides."""
    default: str | int
    options: Mapping[str, str] = {}
    """What each option does; empty for a number."""
    unit: str | None = None
    """For a number: what it counts."""
    basis: Basis = Basis.CHOSEN
    source: str | None = None

    def read(self, value: str | int) -> str | int:
        """Check a setting of this choice, or raise :class:`ChoiceError`."""
        if self.options:
            if str(value) in self.options:
                return str(value)
            raise ChoiceError(f"choice {self.name}: {value!r} is no option; options are {', '.join(self.options)}")
        try:
            number = int(value)
        except ValueError:
            number = -1
        if number < 0:
            raise ChoiceError(f"choice {self.name}: {value!r} must be a whole number of {self.unit}, 0 or more")
        return number


class ByChoice(Struct, frozen=True):
    """A status that depends on a choice: one for each option."""

    choice: str
    statuses: Mapping[str, int]
