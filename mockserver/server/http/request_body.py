"""Read and decompress the body of a request, with bounds on its size and time."""

import asyncio
import re
import zlib
from typing import Final

from aiohttp import web
from aiohttp.hdrs import CONTENT_ENCODING, CONTENT_TYPE

from mockserver.contract.errors import ApiError

BODY_LIMIT: Final = 1 << 20
"""Maximum bytes of a request body, also after decompression; a longer one gets a 413."""
BODY_SECONDS = 300.0
"""Maximum seconds of real time for a body to arrive; Node.js has the same bound for a whole request."""
_FORMATS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Supported content codings, each with its ``wbits`` for zlib."""
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}", re.ASCII)


async def read_body(request: web.Request, *, decompress: bool) -> bytes:
    """Return the body of a request.

    Raise ``ApiError`` (``too_large`` or ``violation``) if it is too long, late or corrupt.
    Set *decompress* if the runner leaves compressed bodies as they are.
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
            "the request body cannot be decoded; it does not match its Content-Encoding or Transfer-Encoding"
        )
        raise ApiError("violation", message=message) from None
    coding = request.headers.get(CONTENT_ENCODING, "").strip().lower()
    return _decompress(body, coding) if decompress and coding not in ("", "identity") else body


async def _receive(request: web.Request) -> bytes:
    """Return the body as it was sent.

    Most bodies arrive with the head, so that there is nothing to wait for.
    """
    if not request.content.is_eof():
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    body = request.content.read_nowait()
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    return body


def _decompress(body: bytes, coding: str) -> bytes:
    if coding not in _FORMATS:
        name = repr(coding) if coding.isascii() and coding.isprintable() else "of this request"
        message = f"the Content-Encoding {name} is not supported; use gzip, deflate or none"
        raise ApiError("violation", message=message)
    decompressor = zlib.decompressobj(_FORMATS[coding])
    try:
        plain = decompressor.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        if coding != "deflate":
            raise _corrupt(coding) from None
        return _inflate(body)
    return _check_complete(plain, decompressor.eof or not body, coding)


def _inflate(body: bytes) -> bytes:
    """Decompress deflate without the header of zlib, which some clients send."""
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = decompressor.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        raise _corrupt("deflate") from None
    return _check_complete(plain, decompressor.eof, "deflate")


def _check_complete(plain: bytes, is_complete: bool, coding: str) -> bytes:  # noqa: FBT001 -- it is private
    if len(plain) > BODY_LIMIT:
        raise _too_large()
    if not is_complete:
        raise _corrupt(coding)
    return plain


def _corrupt(coding: str) -> ApiError:
    return ApiError(
        "violation",
        message=f"the request body is not valid {coding} as its Content-Encoding says; it may be incomplete",
    )


def _too_large() -> ApiError:
    return ApiError("too_large", message=f"the request body exceeds {BODY_LIMIT} bytes")


def media_type(request: web.Request, body: bytes) -> str:
    """Return the media type of a body that is not a JSON object, else an empty string.

    Only plain characters are returned, because messages repeat it.
    """
    if not body or body[:1] == b"{":
        return ""
    match = _MEDIA_TYPE.match(request.headers.get(CONTENT_TYPE, "").strip())
    return match[0].lower() if match else ""
