"""Settings for behaviour that is undocumented or on which sources disagree."""

from collections.abc import Mapping

from msgspec import Struct

from mockserver._util.places import PlacedError
from mockserver.contract.provenance import Basis


class BehaviorError(PlacedError):
    """Raised for an unknown behavior or an invalid value of one."""


DOCUMENTED = "documented"
"""The default dialect, which every vendor has."""
DIALECT = "dialect"
"""Short name of the behavior that selects a vendor's dialect."""
BASIS = "basis"
"""Short name of the behavior that adds :data:`BASIS_HEADER` to responses."""
CORS = "cors"
"""Short name of the behavior that selects which web pages may read responses."""
ENCODING = "encoding"
"""Short name of the behavior that selects how the bodies of responses are encoded."""
MAX_NUMBER = 1_000_000_000
"""Upper bound of numeric behaviors."""
BASIS_HEADER = "Session-Mock-Basis"
"""Response header with the basis of what the response imitates."""


def short_name(behavior: str) -> str:
    """Return a behavior's name without the vendor."""
    return behavior.partition(".")[2]


def label(vendor: str, dialect: str) -> str:
    """Return the vendor's name, followed by the dialect unless it is the documented one."""
    return vendor if dialect == DOCUMENTED else f"{vendor}.{dialect}"


class Behavior(Struct, frozen=True, kw_only=True):
    """A setting with a default; its value is one of several options or an integer."""

    name: str
    """``<vendor>.<behavior>``."""
    description: str
    """Describes the setting in a sentence."""
    default: str | int
    options: Mapping[str, str] = {}
    """Options, each with its effect; empty if the value is an integer."""
    unit: str | None = None
    """Unit of an integer."""
    basis: Basis = Basis.ASSUMED
    source: str | None = None

    def read(self, value: str | int) -> str | int:
        """Return a valid value of this behavior; raises :class:`BehaviorError` for an invalid one."""
        if self.options:
            if str(value) in self.options:
                return str(value)
            raise BehaviorError(
                f"{self.name}: invalid value {value!r}; expected one of {', '.join(self.options)}",
                path=(self.name,),
            )
        try:
            number = int(value)
        except ValueError:
            number = -1
        if not 0 <= number <= MAX_NUMBER:
            raise BehaviorError(
                f"{self.name}: invalid value {str(value)[:40]!r}; expected an integer of {self.unit},"
                f" from 0 to {MAX_NUMBER:,}",
                path=(self.name,),
            )
        return number


def common_behaviors(vendor: str, dialects: Mapping[str, str]) -> tuple[Behavior, ...]:
    """Return the behaviors that every vendor has: dialect, basis header, origins and encoding."""
    return (
        Behavior(
            name=f"{vendor}.{DIALECT}",
            description=(
                "Selects the source that the vendor's contract follows;"
                " each dialect has its own defaults for the other behaviors."
            ),
            default=DOCUMENTED,
            options=dialects,
        ),
        Behavior(
            name=f"{vendor}.{BASIS}",
            description=(
                f"Adds the header {BASIS_HEADER} to responses:"
                " the basis of an error, or the bases of the fields of other responses."
            ),
            default="hidden",
            options={"hidden": "No header, like the vendors.", "shown": "The header is added."},
        ),
        Behavior(
            name=f"{vendor}.{CORS}",
            description="Selects which web pages of other origins may read responses (CORS).",
            default="vendor",
            options={
                "vendor": "Those that the vendor allows.",
                "any": "All.",
                "none": "None.",
            },
        ),
        Behavior(
            name=f"{vendor}.{ENCODING}",
            description=(
                "Selects how bodies of responses are encoded for clients whose Accept-Encoding allows it;"
                " for others, they are encoded with gzip or not at all."
            ),
            default="identity",
            options={
                "identity": "Not at all.",
                "gzip": "With gzip.",
                "br": "With Brotli, which needs `session-mock[encodings]`.",
                "zstd": "With Zstandard, which needs `session-mock[encodings]` before Python 3.14.",
            },
        ),
    )


class ByBehavior(Struct, frozen=True):
    """A status that depends on a behavior: one status per option."""

    behavior: str
    statuses: Mapping[str, int]
