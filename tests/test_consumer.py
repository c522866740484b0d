"""A separate project runs its tests with the built wheel, not with this checkout."""

import json
import os
import re
import subprocess
import tomllib
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CONSUMER = ROOT / "tests" / "consumer"


def resolve(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Return the installed distributions of some requirements, and of what those require."""
    found: dict[str, Distribution] = {}
    pending = [Requirement(text) for text in requirements]
    while pending:
        requirement = pending.pop()
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and requirement.name not in found:
            found[requirement.name] = distribution(requirement.name)
            pending += [Requirement(text) for text in found[requirement.name].requires or []]
    return found


def link(dist: Distribution, folder: Path) -> None:
    """Link the installed files of a distribution into another folder."""
    names = {Path(file).parts[0] for file in dist.files or []} - {"..", "__pycache__"}
    for name in names:
        installed = Path(str(dist.locate_file(name)))
        if installed.exists() and not (folder / name).exists():
            (folder / name).symlink_to(installed)


@pytest.fixture(name="python", scope="module")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a fresh virtual environment with the built wheel and links to all dependencies."""
    folder = tmp_path_factory.mktemp("consumer")
    wheel = Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder / "dist"))))
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    finished = subprocess.run(
        [python, "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"],
        capture_output=True,
        check=True,
    )
    packages = Path(json.loads(finished.stdout))
    with ZipFile(wheel) as archive:  # A pure Python wheel is installed by unpacking it.
        archive.extractall(packages)
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    requirements = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    project = tomllib.loads((CONSUMER / "pyproject.toml").read_text(encoding="utf-8"))
    requirements += [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    for dist in resolve(text for text in requirements if text != "session-mock").values():
        link(dist, packages)
    return python


def test_consumer_suite_passes_with_wheel(python: Path, tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV", "PYTEST", "PYTHON", "SESSION_MOCK"))
    }
    command = [
        str(python),
        "-B",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--junitxml",
        str(tmp_path / "junit.xml"),
    ]
    finished = subprocess.run(
        command, cwd=CONSUMER, env=environment, capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r" \d{2} passed in", finished.stdout, re.MULTILINE), finished.stdout
    assert f"mockserver: {python.parents[1]}" in finished.stdout
    assert str(ROOT / "mockserver") not in finished.stdout
    assert 'name="session_mock_seed"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_wheel_works_without_development_tools(python: Path) -> None:
    script = (
        "import mockserver, importlib.util as u; "
        "print(mockserver.__file__, u.find_spec('hypothesis'), u.find_spec('hatchling'))"
    )
    imported = subprocess.run(
        [python, "-c", script], capture_output=True, text=True, check=True, cwd=python.parent
    )
    shown = subprocess.run(
        [python, "-m", "mockserver", "world", "--sessions", "3", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=python.parent,
    )

    assert imported.stdout.split()[0].startswith(str(python.parents[1]))
    assert imported.stdout.split()[1:] == ["None", "None"]
    assert [site["sessions"] for site in json.loads(shown.stdout)["sites"]] == [3, 3]
