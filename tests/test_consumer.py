"""A project that is not ours tests itself with the wheel, not with this checkout."""

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


def closure(needed: Iterable[str]) -> dict[str, Distribution]:
    """The distributions of some requirements, and of all that they require here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(each) for each in needed]
    while waiting:
        asked = waiting.pop()
        if asked.name not in found and (asked.marker is None or asked.marker.evaluate({"extra": ""})):
            found[asked.name] = distribution(asked.name)
            waiting += [Requirement(each) for each in found[asked.name].requires or []]
    return found


def link(dist: Distribution, folder: Path) -> None:
    """Put what a distribution has installed into another folder, by links."""
    for top in {
        Path(file).parts[0] for file in dist.files or [] if Path(file).parts[0] not in {"..", "__pycache__"}
    }:
        there = Path(str(dist.locate_file(top)))
        if there.exists() and not (folder / top).exists():
            (folder / top).symlink_to(there)


@pytest.fixture(name="python", scope="module")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh virtual environment with the built wheel, and links to what it and the project say that they need."""
    folder = tmp_path_factory.mktemp("consumer")
    wheel = Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder / "dist"))))
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    told = subprocess.run(
        [python, "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"],
        capture_output=True,
        check=True,
    )
    packages = Path(json.loads(told.stdout))
    with ZipFile(wheel) as archive:  # What is pure Python is installed by unpacking it.
        archive.extractall(packages)
        metadata = archive.read(
            next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        ).decode()
    wanted = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    project = tomllib.loads((CONSUMER / "pyproject.toml").read_text(encoding="utf-8"))
    wanted += [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    for dist in closure(each for each in wanted if each != "session-mock").values():
        link(dist, packages)
    return python


def test_suite_of_a_project_that_is_not_ours_passes_against_the_wheel(python: Path, tmp_path: Path) -> None:
    """Fixtures, marker, faults, limits, clock and reconcile work where only the wheel is installed."""
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
    told = subprocess.run(command, cwd=CONSUMER, env=environment, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r" \d{2} passed in", told.stdout, re.MULTILINE), told.stdout
    assert f"mockserver: {python.parents[1]}" in told.stdout
    assert str(ROOT / "mockserver") not in told.stdout
    assert 'name="session_mock_seed"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_wheel_works_without_the_tools_of_tests(python: Path) -> None:
    """The command runs, and no module of the checkout is in sight."""
    script = "import mockserver, importlib.util as u; print(mockserver.__file__, u.find_spec('hypothesis'), u.find_spec('hatchling'))"
    told = subprocess.run(
        [python, "-c", script], capture_output=True, text=True, check=True, cwd=python.parent
    )
    served = subprocess.run(
        [python, "-m", "mockserver", "world", "--sessions", "3", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=python.parent,
    )

    assert told.stdout.split()[0].startswith(str(python.parents[1]))
    assert told.stdout.split()[1:] == ["None", "None"]
    assert [site["sessions"] for site in json.loads(served.stdout)["sites"]] == [3, 3]
