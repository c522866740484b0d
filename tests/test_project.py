"""The project keeps the promises that no other tool checks."""

import ast
import os
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]

# What .ci/run may say besides its commands.
PREAMBLE = {"set -euo pipefail", 'cd "$(dirname "$0")/.."', "export CI=true"}


def compares(expression: ast.expr) -> bool:
    """Whether an expression's value is the outcome of a comparison, or holds one."""
    match expression:
        case ast.Compare():
            return True
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return any(compares(part) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return compares(operand)
        case _:
            return False


def unasserted(source: str) -> list[int]:
    """The lines of a Python source where a comparison is made and its outcome thrown away."""
    statements = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr))
    return sorted(statement.lineno for statement in statements if compares(statement.value))


def unreasoned(pyproject: str) -> list[str]:
    """The ruff rules ignored in a pyproject.toml other than on a line of their own that gives the reason."""
    lint = tomllib.loads(pyproject)["tool"]["ruff"]["lint"]
    ignored = Counter(lint.get("ignore", []))
    for codes in lint.get("per-file-ignores", {}).values():
        ignored.update(codes)
    reasoned = Counter(re.findall(r'^ *"([A-Z]+\d*)", # \w.*$', pyproject, flags=re.MULTILINE))
    return sorted((ignored - reasoned).elements())


def commands(script: str) -> list[str]:
    """The commands of a shell script, without comments, blank lines and the known preamble."""
    lines = (line.strip() for line in script.splitlines())
    return [line for line in lines if line and not line.startswith("#") and line not in PREAMBLE]


def shipped(root: Path) -> set[str]:
    """The paths that a project's wheel would hold, asked of hatchling without building it."""
    return {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}


@pytest.mark.parametrize(
    "statement",
    ["1 == 2", "answer.status == 200, 'refused'", "a < b and b < c", "not a in b"],
    ids=["comparison", "tuple", "conjunction", "negation"],
)
def test_unasserted_finds_a_comparison_without_assert(statement: str) -> None:
    """A comparison that stands alone is found, however it is dressed."""
    source = f"def test_it():\n    answer = get()\n    {statement}\n"

    assert unasserted(source) == [3]


def test_unasserted_passes_what_is_asserted_assigned_or_called() -> None:
    """A comparison whose outcome is used is no fault, nor is a statement that compares nothing."""
    source = "'''A docstring.'''\nassert a == b, 'message'\nsame = a == b\ncheck(a == b)\na, b\n"

    assert unasserted(source) == []


def test_every_comparison_in_the_tests_is_asserted() -> None:
    """No test computes a comparison and forgets to assert it."""
    found = {
        path.relative_to(ROOT): unasserted(path.read_text("utf-8")) for path in ROOT.glob("tests/**/*.py")
    }

    assert Path("tests/test_project.py") in found
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_unreasoned_finds_a_rule_ignored_without_saying_why() -> None:
    """A rule is found when its line has no reason, or when it shares its line with others."""
    pyproject = """
[tool.ruff.lint]
ignore = [
    "D203", # the other of a contradictory pair
    "D213",
]
per-file-ignores."tests/**" = ["D203", "S101"] # tests assert
"""

    assert unreasoned(pyproject) == ["D203", "D213", "S101"]


def test_every_ignored_rule_has_its_reason() -> None:
    """Each rule that ruff is told to ignore says why on its own line."""
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")

    assert unreasoned(pyproject) == []


def test_commands_keeps_everything_that_is_not_preamble() -> None:
    """A command slipped in beside the two, or softened, is seen."""
    script = "#!/usr/bin/env bash\nset -euo pipefail\n\nmake setup  \nmake check || true\ncurl example.test\n"

    assert commands(script) == ["make setup", "make check || true", "curl example.test"]


def test_ci_runs_the_two_targets_that_people_run() -> None:
    """CI sets up and checks, in that order, and does nothing else."""
    script = ROOT / ".ci" / "run"

    assert commands(script.read_text("utf-8")) == ["make setup", "make check"]
    assert os.access(script, os.X_OK)


def test_shipped_leaves_out_what_git_ignores(tmp_path: Path) -> None:
    """A data file that git ignores would be missing from the wheel, and is seen to be missing."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "toy"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["toy"]\n'
    )
    (tmp_path / ".gitignore").write_text("*.json\n")
    (tmp_path / "toy").mkdir()
    for name in ("__init__.py", "data.json", "py.typed"):
        (tmp_path / "toy" / name).touch()

    assert shipped(tmp_path) == {"toy/__init__.py", "toy/py.typed"}


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else() -> None:
    """Vocabularies and the typing marker are shipped with the code; tests and evidence are not."""
    paths = shipped(ROOT)
    vocabularies = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("mockserver/world/model/vocabularies/*.json")
    }

    assert vocabularies
    assert vocabularies | {"mockserver/py.typed", "mockserver/__init__.py"} <= paths
    assert {path.split("/")[0] for path in paths} == {"mockserver"}
