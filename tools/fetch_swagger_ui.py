"""Download Swagger UI with npm: ``python -m tools.fetch_swagger_ui [VERSION]``.

Without a version, download the one in ``origin.json``; its archive must not have changed since.
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
    """Write the files of a version into a folder and return their origin.

    Raises ``SystemExit`` if the archive has changed.
    """
    version = version or before.version
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{before.package}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- the arguments come from a maintainer
        archive = next(Path(folder).glob("*.tgz"))
        integrity = "sha512-" + b64encode(sha512(archive.read_bytes()).digest()).decode()
        if version == before.version and integrity != before.integrity:
            raise SystemExit(
                f"{before.package} {version} has changed: expected {before.integrity}, got {integrity}"
            )
        with tarfile.open(archive) as files:
            contents = {name: _read(files, f"package/{name}") for name in (*_FILES, *_LICENCES)}
    for name, data in contents.items():
        if name in _FILES:
            (into / f"{name}{PACKED}").write_bytes(compress(data, mtime=0))
        else:
            (into / name).write_bytes(data)
    hashes = {name: sha256(data).hexdigest() for name, data in contents.items()}
    return Origin(package=before.package, version=version, integrity=integrity, files=hashes)


def _read(files: tarfile.TarFile, name: str) -> bytes:
    found = files.extractfile(name)
    if found is None:
        raise SystemExit(f"{name} is missing in the archive, or not a file")
    return found.read()


def main() -> None:
    """Download the version given on the command line."""
    fetched = fetch(sys.argv[1] if sys.argv[1:] else None, origin(), ASSETS)
    ORIGIN.write_bytes(json.format(json.encode(fetched)) + b"\n")


if __name__ == "__main__":
    main()
