"""Read the body of a request: bounded in time and size, and decompressed."""

import asyncio
import re
import zlib
from typing import Final

from aiohttp import web
from aiohttp.hdrs import CONTENT_ENCODING, CONTENT_TYPE

from mockserver.contract.errors import ApiError

BODY_LIMIT: Final = 1 << 20
"""Bytes of a request body, also after decompression; more is refused with 413."""
BODY_SECONDS = 300.0
"""Seconds of real time in which a body must arrive; Node.js has the same bound for a whole request."""
_FORMATS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""The codings that are understood, as zlib names their formats."""
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}", re.ASCII)


async def read_body(request: web.Request, *, decompress: bool) -> bytes:
    """Return the body of a request; raises :class:`~mockserver.contract.errors.ApiError` (``too_large`` or ``violation``).

    With ``decompress``, the runner leaves compressed bodies as they are, and they are decompressed here.
    """
    try:
        body = await _receive(request)
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except TimeoutError:
        raise ApiError(
            "violation", message=f"the request body did not arrive within {BODY_SECONDS:g} seconds"
        ) from None
    except web.RequestPayloadError:
        message = (
            "the request body cannot be decoded: it does not fit its Content-Encoding or Transfer-Encoding"
        )
        raise ApiError("violation", message=message) from None
    coding = request.headers.get(CONTENT_ENCODING, "").strip().lower()
    return _decompress(body, coding) if decompress and coding not in ("", "identity") else body


async def _receive(request: web.Request) -> bytes:
    """Return what was sent; most bodies come together with their head, and then there is nothing to wait for."""
    if not request.content.is_eof():
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    body = request.content.read_nowait()
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    return body


def _decompress(body: bytes, coding: str) -> bytes:
    if coding not in _FORMATS:
        named = repr(coding) if coding.isascii() and coding.isprintable() else "of this request"
        message = f"the Content-Encoding {named} is not supported; send the request body with gzip or deflate, or as it is"
        raise ApiError("violation", message=message)
    decompressor = zlib.decompressobj(_FORMATS[coding])
    try:
        plain = decompressor.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        if coding != "deflate":
            raise _corrupt(coding) from None
        return _inflate(body)
    return _whole(plain, decompressor.eof or not body, coding)


def _inflate(body: bytes) -> bytes:
    """Decompress what some clients call deflate: the same without the header of zlib."""
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = decompressor.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        raise _corrupt("deflate") from None
    return _whole(plain, decompressor.eof, "deflate")


def _whole(plain: bytes, is_complete: bool, coding: str) -> bytes:  # noqa: FBT001 -- it is private
    if len(plain) > BODY_LIMIT:
        raise _too_large()
    if not is_complete:
        raise _corrupt(coding)
    return plain


def _corrupt(coding: str) -> ApiError:
    return ApiError(
        "violation",
        message=f"the request body is not valid {coding}, which its Content-Encoding says; send the whole of it",
    )


def _too_large() -> ApiError:
    return ApiError("too_large", message=f"the request body is over {BODY_LIMIT} bytes")


def media_type(request: web.Request, body: bytes) -> str:
    """Return the media type of a body that is no JSON object, ``""`` for one that may be; for a message, so only of plain characters."""
    if not body or body[:1] == b"{":
        return ""
    found = _MEDIA_TYPE.match(request.headers.get(CONTENT_TYPE, "").strip())
    return found[0].lower() if found else ""
