"""The clients made of third-party packages: how each is installed into a folder, and run from there."""

import json
import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

CLIENTS: Final = Path(__file__).parent / "clients"
INSTALL_TIMEOUT: Final = 300
"""Seconds; a registry that is not reachable must not stop the other kits."""


class KitError(Exception):
    """Raised for a kit that cannot be installed on this machine."""


class Kit(ABC):
    """A client that is made of packages of a registry, with a folder of its own."""

    tool: ClassVar[str | None]
    """The program that installs packages; None for the Python that runs this."""

    def __init__(self, name: str, *packages: str, timeout: float = 12) -> None:
        """Take the packages; the client may be silent for *timeout* seconds."""
        self.name = name
        self.packages = packages
        self.timeout = timeout

    def install(self, folder: Path) -> None:
        """Install the newest packages into a folder; raise :class:`KitError` if that is impossible."""
        if self.tool is not None and shutil.which(self.tool) is None:
            raise KitError(f"{self.tool} was not found")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._install(folder)
        except subprocess.TimeoutExpired as error:
            raise KitError(f"installing took more than {INSTALL_TIMEOUT} seconds") from error
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{error.stdout}{error.stderr}")
            raise KitError("its packages could not be installed") from error

    @abstractmethod
    def _install(self, folder: Path) -> None: ...

    @abstractmethod
    def command(self, folder: Path) -> list[str]:
        """Return the words of the command that runs the client."""

    @abstractmethod
    def versions(self, folder: Path) -> list[str]:
        """Return the installed version of each package."""

    def describe(self, folder: Path) -> str:
        """Return the packages with their versions; a Go module without the host of its code."""
        pairs = zip(self.packages, self.versions(folder), strict=True)
        return ", ".join(f"{package.rpartition('/')[2]} {version}" for package, version in pairs)


class PythonKit(Kit):
    """Packages from PyPI in a virtual environment; the client is a function of `clients/third_party.py`."""

    tool = None

    def _install(self, folder: Path) -> None:
        python = self._python(folder)
        if not Path(python).exists():
            _run([sys.executable, "-m", "venv", "--without-pip", "."], folder)
        words = ["--python", python, "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
        _run([sys.executable, "-m", "pip", *words, *self.packages], folder)

    def command(self, folder: Path) -> list[str]:
        return [self._python(folder), str(CLIENTS / "third_party.py"), self.name]

    def versions(self, folder: Path) -> list[str]:
        script = "import sys; from importlib.metadata import version as v; print(*map(v, sys.argv[1:]))"
        return _run([self._python(folder), "-c", script, *self.packages], folder).split()

    def _python(self, folder: Path) -> str:
        return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


class NodeKit(Kit):
    """Packages from npm; the client is `clients/NAME.mjs`."""

    tool = "npm"

    def _install(self, folder: Path) -> None:
        # npm keeps to the versions of an earlier installation.
        shutil.rmtree(folder)
        folder.mkdir()
        shutil.copy(CLIENTS / f"{self.name}.mjs", folder)
        npm = shutil.which("npm") or "npm"
        # Without @latest, npm picks the newest version that supports the installed Node.
        _run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *self.packages], folder)

    def command(self, folder: Path) -> list[str]:
        return [shutil.which("node") or "node", str(folder / f"{self.name}.mjs")]

    def versions(self, folder: Path) -> list[str]:
        manifests = (folder / "node_modules" / package / "package.json" for package in self.packages)
        return [json.loads(manifest.read_bytes())["version"] for manifest in manifests]


class GoKit(Kit):
    """A module of Go; the client is `clients/NAME.go`, and is compiled."""

    tool = "go"

    def _install(self, folder: Path) -> None:
        shutil.copy(CLIENTS / f"{self.name}.go", folder)
        if not (folder / "go.mod").exists():
            _run(["go", "mod", "init", "client"], folder)
        _run(["go", "get", *(f"{package}@latest" for package in self.packages)], folder)
        _run(["go", "build", "-o", *self.command(folder), f"{self.name}.go"], folder)

    def command(self, folder: Path) -> list[str]:
        return [str(folder / f"{self.name}.exe")]

    def versions(self, folder: Path) -> list[str]:
        found = _run(["go", "list", "-m", "-f", "{{.Version}}", *self.packages], folder)
        return [version.removeprefix("v") for version in found.split()]


def _run(words: Sequence[str], folder: Path) -> str:
    """Run a command in a folder and return what it prints."""
    done = subprocess.run(
        words, cwd=folder, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT
    )
    return done.stdout


KITS: Final[dict[str, Kit]] = {
    kit.name: kit
    for kit in (
        PythonKit("urllib3", "requests", "urllib3"),
        PythonKit("tenacity", "httpx", "tenacity"),
        PythonKit("backoff", "requests", "backoff"),
        PythonKit("aiohttp-retry", "aiohttp", "aiohttp-retry"),
        PythonKit("dlt", "dlt"),
        PythonKit("airbyte-cdk", "airbyte-cdk", timeout=20),
        NodeKit("got", "got"),
        NodeKit("axios", "axios", "axios-retry"),
        GoKit("retryablehttp", "github.com/hashicorp/go-retryablehttp"),
    )
}
"""The kits by name."""
