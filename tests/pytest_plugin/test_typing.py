"""The tests of a user, with the types of the fixtures, pass a strict type checker."""

import subprocess
import sys
from pathlib import Path

TYPED = """
from mockserver import CheckedTenant, SessionMock


def test_typed(session_mock: CheckedTenant, session_mock_server: SessionMock) -> None:
    headers: dict[str, str] = dict(session_mock.vendor("acme").headers)
    session_mock.faults.add("status", status=503)
    session_mock.allow("unused-fault")
    assert session_mock.url == session_mock_server.url, headers
    session_mock.alow("unused-fault")  # type: ignore[attr-defined]
    session_mock.vendor("acme").sites.add("x")  # type: ignore[attr-defined]
    session_mock_server.begin()  # type: ignore[attr-defined]
"""


def test_annotated_test_of_user_passes_strict_type_checker(tmp_path: Path) -> None:
    """An unneeded ``type: ignore`` would be an error: the types are not Any."""
    (tmp_path / "test_it.py").write_text(TYPED, encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
