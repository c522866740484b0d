"""Fetch the viewer anew: ``python -m tools.fetch_swagger_ui [VERSION]``, by npm from its registry.

Without a version it is the one that ``origin.json`` names, and the archive must be the same as it was then.
"""

import subprocess
import sys
import tarfile
from base64 import b64encode
from gzip import compress
from hashlib import sha256, sha512
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import json

from mockserver.server.docs_ui import ASSETS, ORIGIN, PACKED, Origin, origin

_FILES: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
_LICENCES: Final = ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt")


def fetch(version: str | None, before: Origin, into: Path) -> Origin:
    """Write the files of a version into a folder, and say where they come from; raises ``SystemExit`` for an archive that has changed."""
    wanted = version or before.version
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{before.package}@{wanted}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- what a maintainer asked for
        archive = next(Path(folder).glob("*.tgz"))
        integrity = "sha512-" + b64encode(sha512(archive.read_bytes()).digest()).decode()
        if wanted == before.version and integrity != before.integrity:
            raise SystemExit(
                f"{before.package} {wanted} is not what it was: {integrity} instead of {before.integrity}"
            )
        with tarfile.open(archive) as files:
            taken = {name: _read(files, f"package/{name}") for name in (*_FILES, *_LICENCES)}
    for name, data in taken.items():
        packed = name in _FILES
        (into / (name + PACKED if packed else name)).write_bytes(compress(data, mtime=0) if packed else data)
    hashes = {name: sha256(data).hexdigest() for name, data in taken.items()}
    return Origin(package=before.package, version=wanted, integrity=integrity, files=hashes)


def _read(files: tarfile.TarFile, name: str) -> bytes:
    found = files.extractfile(name)
    if found is None:
        raise SystemExit(f"{name} is no file")
    return found.read()


def main() -> None:
    """Fetch the version that the command line names."""
    fetched = fetch(sys.argv[1] if sys.argv[1:] else None, origin(), ASSETS)
    ORIGIN.write_bytes(json.format(json.encode(fetched)) + b"\n")


if __name__ == "__main__":
    main()
