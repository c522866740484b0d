"""A small project whose tests use the plugin, run by pytester."""

import os
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

# A run within a run removes the modules that it imported, but packages keep references to them: import all
# before. The extension module of trustme's dependency cannot be imported twice.
import trustme  # noqa: F401

from mockserver.server.faults.registry import kinds

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
kinds()  # Modules of faults are imported lazily.
Run = Callable[..., pytest.RunResult]


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
def _run(project: pytest.Pytester) -> Run:
    """Return a function that runs tests, given as text: ``run(text, *arguments)``."""

    def run(tests: str, *arguments: str, subprocess: bool = False) -> pytest.RunResult:
        head = "import pytest\nfrom client import *\n"
        project.makepyfile(test_it=head + tests)
        disabled = [f"-pno:{plugin}" for plugin in ("cacheprovider", *UNUSED)]
        options = (*disabled, "--junitxml=junit.xml", *arguments)
        return project.runpytest_subprocess(*options) if subprocess else project.runpytest_inprocess(*options)

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
