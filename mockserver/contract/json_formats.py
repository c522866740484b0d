"""What a text in a request must look like beyond its type, for documents about it; what is wrong with one is the view's to say."""

from typing import Final

from msgspec import Meta

DATE: Final = Meta(extra_json_schema={"format": "date"})
DATE_TIME: Final = Meta(extra_json_schema={"format": "date-time"})
ZONE: Final = Meta(extra_json_schema={"x-known": "zones"})
"""The IANA name of a time zone."""
SITE: Final = Meta(extra_json_schema={"x-known": "sites"})
"""A tenant's id of a site."""
SEGMENT: Final = Meta(extra_json_schema={"x-known": "segments"})
"""A tenant's id of a segment."""
CURSOR: Final = Meta(extra_json_schema={"x-known": "cursors"})
"""What an answer gave for the next page."""
