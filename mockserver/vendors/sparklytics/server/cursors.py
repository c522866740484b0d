"""Cursors as the server makes them: the end and the id of a page's last row, open to everybody who looks."""

from base64 import b64decode, b64encode

from msgspec import DecodeError, Struct, json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import instant
from mockserver.vendors.sparklytics.server.ids import first_from
from mockserver.world.generator.order_by_end import EndSortKey


class _Cursor(Struct, frozen=True):
    ls: str
    sid: str


def made(last_seen: str, session_id: str) -> str:
    """The cursor behind a row."""
    return b64encode(json.encode(_Cursor(last_seen, session_id))).decode()


def place(cursor: str) -> EndSortKey:
    """Where a cursor points, whoever made it; raises ``ApiError`` for a text that is none, and for an end that is no time."""
    try:
        text = b64decode(cursor)
        said = json.decode(text, type=_Cursor)
    except (ValueError, DecodeError):
        raise _invalid() from None
    if (
        b64encode(text).decode() != cursor
    ):  # Python passes over what is no base64, and over bits that no byte has.
        raise _invalid()
    end = instant(said.ls)
    if end is None:  # The database fails to read it, and nobody expects that.
        raise ApiError("internal", message=f"{said.ls!r} is no time", field="cursor")
    return EndSortKey(end, 0, first_from(said.sid))


def _invalid() -> ApiError:
    return ApiError("violation", message="invalid cursor", field="cursor")
