"""Files that faults name: they are read where the fault is written, never by the server."""

from base64 import b64encode
from collections.abc import Mapping
from mimetypes import guess_type
from os import PathLike
from pathlib import Path
from typing import Any, Final

_FILE: Final = "file"
_CONTENT_TYPE: Final = "Content-Type"
_DEFAULT_TYPE: Final = "application/octet-stream"


class FaultFileError(ValueError):
    """A file of a fault that cannot be read; the message names it."""


def inline_file(fault: Any, directory: Path | None = None) -> Any:
    """Return a fault with the content of its ``file`` as ``base64``, and its content type among the headers.

    A relative path starts at *directory*, by default the current one. Any other value is returned unchanged:
    the server rejects it.
    """
    if not isinstance(fault, Mapping) or not isinstance(fault.get(_FILE), str | PathLike):
        return fault
    path = (directory or Path()) / fault[_FILE]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaultFileError(
            f"fault {fault.get('kind')!r}: file {str(fault[_FILE])!r} cannot be read: {error.strerror};"
            f" give a path from {path.parent.absolute()}"
        ) from None
    inlined = {name: value for name, value in fault.items() if name != _FILE}
    headers = inlined.get("headers") or {}
    if isinstance(headers, Mapping) and not any(str(name).lower() == "content-type" for name in headers):
        content_type, encoding = guess_type(path.name)
        headers = {**headers, _CONTENT_TYPE: _DEFAULT_TYPE if encoding else content_type or _DEFAULT_TYPE}
    return {**inlined, "headers": headers, "base64": b64encode(content).decode()}
