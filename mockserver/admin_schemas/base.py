"""Types that several modules share."""

from typing import Annotated

from msgspec import Meta, Struct

Instant = Annotated[str | int, Meta(description="an instant: ISO 8601 text, or Unix milliseconds")]
"""ISO 8601 text, UTC unless it has an offset, or Unix milliseconds."""


class RequestModel(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base class of request bodies; unknown fields are rejected."""
