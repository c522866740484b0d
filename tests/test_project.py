"""Rules of the project that no other tool checks."""

import ast
import os
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
GUIDES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
FOLDERS = ("docs", "fixtures", "mockserver", "tests", "tools")
PREAMBLE = {"set -euo pipefail", 'cd "$(dirname "$0")/.."', "export CI=true"}
"""Lines of .ci/run besides its commands."""


def is_comparison(expression: ast.expr) -> bool:
    """Return True if an expression is a comparison, or contains one whose result is its value."""
    match expression:
        case ast.Compare():
            return True
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return any(is_comparison(part) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_comparison(operand)
        case _:
            return False


def find_unasserted_comparisons(source: str) -> list[int]:
    """Return the lines of a Python source where the result of a comparison is not used."""
    statements = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr))
    return sorted(statement.lineno for statement in statements if is_comparison(statement.value))


def find_ignored_rules_without_reason(pyproject: str) -> list[str]:
    """Return the ruff rules that a pyproject.toml ignores without a reason on the same line."""
    lint = tomllib.loads(pyproject)["tool"]["ruff"]["lint"]
    ignored = Counter(lint.get("ignore", []))
    for codes in lint.get("per-file-ignores", {}).values():
        ignored.update(codes)
    with_reason = Counter(re.findall(r'^ *"([A-Z]+\d*)", # \w.*$', pyproject, flags=re.MULTILINE))
    return sorted((ignored - with_reason).elements())


def script_commands(script: str) -> list[str]:
    """Return the commands of a shell script, without comments, blank lines and the known preamble."""
    lines = (line.strip() for line in script.splitlines())
    return [line for line in lines if line and not line.startswith("#") and line not in PREAMBLE]


def wheel_paths(root: Path) -> set[str]:
    """Return the paths in a project's wheel, without building it."""
    return {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}


def find_missing_paths(document: str, root: Path) -> list[str]:
    """Return the paths and dotted module names in a document that do not exist below *root*.

    A name in angle brackets, such as ``<vendor>``, may be any name. The vendor ``acme`` is an example.
    """
    folders = "|".join(FOLDERS)
    paths = re.findall(rf"(?<![\w./-])(?:{folders})/[\w./<>*-]*", document)
    modules = re.findall(r"(?<![\w./-])mockserver(?:\.\w+)+", document)
    candidates = [*(path.rstrip(".") for path in paths), *(name.replace(".", "/") for name in modules)]
    return sorted({name for name in candidates if "acme" not in name and not _exists(name, root)})


def _exists(name: str, root: Path) -> bool:
    pattern = re.sub(r"<[^>]*>", "*", name).rstrip("/")
    # A dotted name is a package, a module, or an attribute of one of them.
    parents = [pattern, f"{pattern}.py", f"{pattern.rpartition('/')[0]}.py"]
    return any(next(root.glob(candidate), None) is not None for candidate in parents)


@pytest.mark.parametrize(
    "statement",
    ["1 == 2", "answer.status == 200, 'refused'", "a < b and b < c", "not a in b"],
    ids=["comparison", "tuple", "conjunction", "negation"],
)
def test_find_unasserted_comparisons_finds_each_form(statement: str) -> None:
    source = f"def test_it():\n    answer = get()\n    {statement}\n"

    assert find_unasserted_comparisons(source) == [3]


def test_find_unasserted_comparisons_accepts_used_results() -> None:
    source = "'''A docstring.'''\nassert a == b, 'message'\nsame = a == b\ncheck(a == b)\na, b\n"

    assert find_unasserted_comparisons(source) == []


def test_tests_assert_every_comparison() -> None:
    found = {
        path.relative_to(ROOT): find_unasserted_comparisons(path.read_text("utf-8"))
        for path in ROOT.glob("tests/**/*.py")
    }

    assert Path("tests/test_project.py") in found
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_find_ignored_rules_without_reason_wants_one_rule_per_line() -> None:
    pyproject = """
[tool.ruff.lint]
ignore = [
    "D203", # the other of a contradictory pair
    "D213",
]
per-file-ignores."tests/**" = ["D203", "S101"] # tests assert
"""

    assert find_ignored_rules_without_reason(pyproject) == ["D203", "D213", "S101"]


def test_ignored_rules_have_reasons() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")

    assert find_ignored_rules_without_reason(pyproject) == []


def test_script_commands_keeps_additions_and_exceptions() -> None:
    script = "#!/usr/bin/env bash\nset -euo pipefail\n\nmake setup  \nmake check || true\ncurl example.test\n"

    assert script_commands(script) == ["make setup", "make check || true", "curl example.test"]


def test_ci_runs_only_make_setup_and_make_check() -> None:
    script = ROOT / ".ci" / "run"

    assert script_commands(script.read_text("utf-8")) == ["make setup", "make check"]
    assert os.access(script, os.X_OK)


def test_wheel_paths_leaves_out_ignored_files(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "toy"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["toy"]\n'
    )
    (tmp_path / ".gitignore").write_text("*.json\n")
    (tmp_path / "toy").mkdir()
    for name in ("__init__.py", "data.json", "py.typed"):
        (tmp_path / "toy" / name).touch()

    assert wheel_paths(tmp_path) == {"toy/__init__.py", "toy/py.typed"}


def test_wheel_contains_package_and_data_only() -> None:
    paths = wheel_paths(ROOT)
    vocabularies = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("mockserver/world/model/vocabularies/*.json")
    }

    assert vocabularies
    assert vocabularies | {"mockserver/py.typed", "mockserver/__init__.py"} <= paths
    assert {path.split("/")[0] for path in paths} == {"mockserver"}


def test_find_missing_paths_finds_stale_names(tmp_path: Path) -> None:
    (tmp_path / "mockserver" / "vendors" / "one").mkdir(parents=True)
    (tmp_path / "mockserver" / "world.py").touch()
    document = """\
`mockserver/world.py`, `mockserver.world`, `mockserver.world.World` and `mockserver/vendors/<name>` exist;
`mockserver/gone.py`, `mockserver/vendors/two/` and `mockserver.gone` do not. https://example.test/docs/x
"""

    assert find_missing_paths(document, tmp_path) == [
        "mockserver/gone",
        "mockserver/gone.py",
        "mockserver/vendors/two/",
    ]


@pytest.mark.parametrize("name", GUIDES)
def test_guide_names_only_existing_paths(name: str) -> None:
    document = (ROOT / name).read_text("utf-8")

    assert "mockserver/" in document
    assert find_missing_paths(document, ROOT) == []


def test_architecture_lists_every_package() -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    packages = {path.parent.name for path in ROOT.glob("mockserver/*/__init__.py")}
    server_packages = {path.parent.name for path in ROOT.glob("mockserver/server/*/__init__.py")}
    rows = re.findall(r"^\| (`.*?) \|", document, re.MULTILINE)
    listed = set(re.findall(r"`(\w+)`", " ".join(rows)))

    assert (packages | server_packages) - listed == set()


def test_contributing_names_only_existing_make_targets() -> None:
    document = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    commands = re.findall(r"(?:^|`)make ((?:[a-z-]+ ?)+)", document, re.MULTILINE)
    named = {target for command in commands for target in command.split()}

    assert {"setup", "test", "check"} <= named
    assert named - targets == set()
