"""JSON Schema formats of texts in requests. They only appear in documents; the views validate the values."""

from typing import Final

from msgspec import Meta

DATE: Final = Meta(extra_json_schema={"format": "date"})
DATE_TIME: Final = Meta(extra_json_schema={"format": "date-time"})
ZONE: Final = Meta(extra_json_schema={"x-known": "zones"})
"""The IANA name of a time zone."""
SITE: Final = Meta(extra_json_schema={"x-known": "sites"})
"""The id of one of the tenant's sites."""
SEGMENT: Final = Meta(extra_json_schema={"x-known": "segments"})
"""The id of one of the tenant's segments."""
CURSOR: Final = Meta(extra_json_schema={"x-known": "cursors"})
"""A cursor for the next page, from a response."""
