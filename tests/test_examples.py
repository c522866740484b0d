"""The examples pass when a user runs them with pytest and the installed plugin."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("test_*.py"))
PREFIXES = ("COV", "PYTEST", "SESSION_MOCK")
"""Beginnings of environment variables that would change the outcome."""


def run_examples(
    names: list[str], folder: Path, *, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Copy the examples to a folder without any configuration and run some of them there."""
    copy = shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    clean = {key: value for key, value in os.environ.items() if not key.startswith(PREFIXES)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", *names],
        cwd=copy,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_examples_pass(tmp_path: Path) -> None:
    """One process runs all examples, which also shows that none disturbs another."""
    finished = run_examples(NAMES, tmp_path, environment={})

    assert finished.returncode == 0, finished.stdout
    for name in NAMES:
        functions = re.findall(r"^def (test_\w+)", (EXAMPLES / name).read_text("utf-8"), re.MULTILINE)
        passed = re.findall(rf"^PASSED {name}::(\w+)$", finished.stdout, re.MULTILINE)

        assert functions
        assert sorted(passed) == sorted(functions)


def test_example_passes_with_another_seed(tmp_path: Path) -> None:
    finished = run_examples(["test_first.py"], tmp_path, environment={"SESSION_MOCK_SEED": "42"})

    assert finished.returncode == 0, finished.stdout
    assert "session-mock: base seed 42" in finished.stdout


def test_examples_readme_lists_every_example() -> None:
    listed = re.findall(r"\]\(([\w.]+)\)", (EXAMPLES / "README.md").read_text("utf-8"))

    assert sorted(listed) == NAMES
