"""Cursors in the server's format: readable end and id of a page's last row."""

import re
from base64 import b64decode, b64encode
from typing import Final

from msgspec import DecodeError, Struct, json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import parse_instant
from mockserver.vendors.sparklytics.server.ids import find_first_number
from mockserver.world.generator.order_by_end import EndSortKey

_OFFSET: Final = re.compile(r"(?<=:[0-9]{2})[+-][0-9]{2}(:?[0-9]{2})?$")
"""The offset of a time without a fraction, which the database ignores."""


class _Cursor(Struct, frozen=True):
    ls: str
    sid: str


def encode_cursor(last_seen: str, session_id: str) -> str:
    """Return the cursor of the page after a row."""
    return b64encode(json.encode(_Cursor(last_seen, session_id))).decode()


def decode_cursor(text: str) -> EndSortKey:
    """Return the position of a cursor, which clients may have built themselves.

    Raises ``ApiError``: a violation for an invalid cursor, an internal error for a time that the database
    cannot read.
    """
    try:
        decoded = b64decode(text)
        cursor = json.decode(decoded, type=_Cursor)
    except (ValueError, DecodeError):
        raise _invalid_cursor() from None
    # Python ignores characters outside the alphabet and surplus bits; the server rejects them.
    if b64encode(decoded).decode() != text:
        raise _invalid_cursor()
    end = parse_instant(_OFFSET.sub("", cursor.ls))
    if end is None:
        raise ApiError("internal", message=f"{cursor.ls!r} is not a time", field="cursor")
    return EndSortKey(end, 0, find_first_number(cursor.sid))


def _invalid_cursor() -> ApiError:
    return ApiError("violation", message="invalid cursor", field="cursor")
