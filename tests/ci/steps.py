"""Run the scripts of CI files with bash, as a runner would, in an empty workspace."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.docs.running import HOWTO, ROOT, blocks

SECONDS = 60


def read_guide(name: str, workspace: Path) -> dict[str, str]:
    """Write the files of a how-to guide, and return their texts by name."""
    files = {
        block.file: block.text
        for block in blocks((HOWTO / name).read_text(encoding="utf-8"))
        if block.file is not None
    }
    for path, text in files.items():
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(text, encoding="utf-8")
    return files


def install(folder: Path) -> None:
    """Create what an installation step creates: a command ``session-mock`` that runs this checkout."""
    (folder / "bin").mkdir(parents=True)
    command = folder / "bin" / "session-mock"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m mockserver "$@"\n', encoding="utf-8")
    command.chmod(0o755)


def run_script(
    script: str, workspace: Path, variables: Mapping[str, str], shell: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    """Run a script of a step in a workspace."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    return subprocess.run(
        [*shell, script],
        cwd=workspace,
        env={**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Action:
    """The composite action of the project, and the files of a job of GitHub."""

    def __init__(self, folder: Path) -> None:
        self.definition: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        self.workspace = folder / "workspace"
        self.temporary = folder / "temporary"
        self.output = folder / "output"
        self.summary = folder / "summary"
        for path in (self.workspace, self.temporary):
            path.mkdir()
        self.printed = ""

    def run(self, **given: str) -> tuple[int, dict[str, str]]:
        """Run all steps with some inputs; return the exit code of the first that fails, or 0, and the outputs."""
        inputs = {name: each.get("default", "") for name, each in self.definition["inputs"].items()}
        assert given.keys() <= inputs.keys()
        required = [name for name, each in self.definition["inputs"].items() if each.get("required")]
        assert set(required) <= given.keys()
        self.output.write_text("", encoding="utf-8")
        self.printed = ""
        code = 0
        for step in self.definition["runs"]["steps"]:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "an input becomes part of the script"
            variables = {
                name: self._fill(text, {**inputs, **given}) for name, text in step.get("env", {}).items()
            }
            finished = run_script(
                step["run"],
                self.workspace,
                {**self._variables(), **variables},
                ("bash", "-eo", "pipefail", "-c"),
            )
            self.printed += finished.stdout + finished.stderr
            code = finished.returncode
            if code:
                break
        pairs = (line.split("=", 1) for line in self.output.read_text(encoding="utf-8").splitlines())
        return code, dict(pairs)

    def _variables(self) -> dict[str, str]:
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
        }

    @staticmethod
    def _fill(text: str, inputs: Mapping[str, str]) -> str:
        """Replace expressions: inputs, and with ``||`` the path of the action."""

        def replace(found: re.Match[str]) -> str:
            return inputs[found[1]] or (str(ROOT) if found[2] else "")

        return re.sub(r"\$\{\{ inputs\.(\w+)( \|\| github\.action_path)? \}\}", replace, text)


def read_template(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the job that GitLab makes of the template with some inputs."""
    header, jobs = yaml.safe_load_all((ROOT / "templates" / "session-mock.yml").read_text(encoding="utf-8"))
    declared = header["spec"]["inputs"]
    assert given.keys() <= declared.keys()
    inputs = {name: given[name] if name in given else each["default"] for name, each in declared.items()}

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {fill(name): fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [fill(each) for each in value]
        if isinstance(value, str):
            return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: inputs[found[1]], value)
        return value

    filled: dict[str, Any] = fill(jobs)
    return filled
