"""A small project whose tests use the plugin, run by pytester."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

CLIENT = '''
"""A client of a vendor that has its sites in the path and numbered pages."""
import httpx
import requests
from mockserver.vendors import load

PAIRS = [(vendor.name, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
VENDOR, LIST = next(pair for pair in PAIRS if pair[1].start_field and pair[1].site and "PageNumber" in type(pair[1].pagination).__name__)
LIMIT, PAGE = LIST.pagination.limit, LIST.pagination.page

def url(mock):
    vendor = mock.vendor(VENDOR)
    return vendor.base_url + LIST.paths[0].format_map({LIST.site: vendor.sites[0]})

def ask(mock, headers=None, **parameters):
    return requests.get(url(mock), timeout=60, params=parameters, headers=mock.vendor(VENDOR).headers if headers is None else headers)
'''
INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings =
    error
    ignore::pytest.PytestConfigWarning
"""
UNUSED = ("faker", "hypothesispytest", "pytest_cov", "pytest_httpserver", "randomly", "schemathesis")
"""pytest plugins that no test of this folder needs; a process, such as a worker, takes half as long without them."""
Run = Callable[..., pytest.RunResult]


class ImportedModules:
    """A plugin of a run within this one that remembers the modules which the run has imported."""

    def __init__(self) -> None:
        self.by_name: dict[str, ModuleType] = {}

    def pytest_unconfigure(self) -> None:
        """Remember the modules before pytester removes them."""
        self.by_name |= sys.modules


@pytest.fixture(autouse=True, name="imported")
def _imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportedModules]:
    """Put back the modules of packages that pytester has removed, at its end too.

    Other packages have references to them, and would use two copies later: httpx would not recognize the
    exceptions of a second httpcore, and some extension modules cannot be imported twice.
    """
    imported = ImportedModules()
    yield imported
    for name, module in imported.by_name.items():
        if not Path(module.__dict__.get("__file__") or "").is_relative_to(tmp_path_factory.getbasetemp()):
            sys.modules.setdefault(name, module)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove settings from the environment."""
    for name in os.environ:
        if name.startswith(("SESSION_MOCK_", "PYTEST_ADDOPTS")):
            monkeypatch.delenv(name)


@pytest.fixture(name="project")
def _project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Create a project with a client and without tests."""
    pytester.makeini(INI)
    pytester.makepyfile(client=CLIENT)
    pytester.syspathinsert()
    return pytester


@pytest.fixture(name="run")
def _run(project: pytest.Pytester, imported: ImportedModules) -> Run:
    """Return a function that runs tests, given as text: ``run(text, *arguments)``."""

    def run(tests: str, *arguments: str, subprocess: bool = False) -> pytest.RunResult:
        head = "import pytest\nfrom client import *\n"
        project.makepyfile(test_it=head + tests)
        disabled = [f"-pno:{plugin}" for plugin in ("cacheprovider", *UNUSED)]
        options = (*disabled, "--junitxml=junit.xml", *arguments)
        if subprocess:
            return project.runpytest_subprocess(*options)
        return project.runpytest_inprocess(*options, plugins=[imported])

    return run


@pytest.fixture(name="properties")
def _properties(project: pytest.Pytester) -> Callable[[], dict[str, dict[str, str]]]:
    """Return a function that reads the properties of each test of the last run."""

    def properties() -> dict[str, dict[str, str]]:
        cases = ET.parse(project.path / "junit.xml").iter("testcase")  # noqa: S314 -- it is our own
        return {
            str(case.get("name")): {
                str(item.get("name")).removeprefix("session_mock_"): str(item.get("value"))
                for item in case.iter("property")
            }
            for case in cases
        }

    return properties
