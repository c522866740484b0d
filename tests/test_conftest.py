"""A report of any text reaches the controller of pytest-xdist."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = r"""
import logging
import pytest

def test_skips():
    pytest.skip("because of \udcff")

def test_logs():
    logging.getLogger("client").warning("\udcff")

def test_raises():
    raise OSError("broken \udcff")
"""


def test_lone_surrogates_in_reports_do_not_end_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.makeconftest(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom tests.conftest import pytest_report_to_serializable\n"
    )
    options = ("-n1", "-pno:cacheprovider", "-pno:randomly", "-pno:schemathesis", "-pno:session_mock")
    result = pytester.runpytest_subprocess(*options)

    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines([r"*OSError: broken \udcff"])
