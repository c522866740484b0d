"""The template for GitLab: its script runs with sh, as in the how-to guide."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.steps import install, read_guide, read_template, run_script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
SH = ("sh", "-ec")


def variables(job: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a job, none of which GitLab may expand."""
    assert all(each["expand"] is False for each in job["variables"].values())
    return {
        "CI": "true",
        "GITLAB_CI": "true",
        **{name: each["value"] for name, each in job["variables"].items()},
    }


def test_jobs_of_guide_pass_and_write_artifacts(tmp_path: Path) -> None:
    install(tmp_path / ".session-mock")
    includes = yaml.safe_load(read_guide("gitlab-ci.md", tmp_path)[".gitlab-ci.yml"])["include"]

    for include, har in zip(includes, (True, False), strict=True):
        jobs = read_template(include["inputs"])
        job = jobs[include["inputs"]["job"]]
        finished = run_script("\n".join(job["script"]), tmp_path, variables(job), SH)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        for name in (job["artifacts"]["reports"]["junit"], "session-mock.html"):
            (tmp_path / name).unlink()
        assert (tmp_path / "session-mock.har").exists() == har
        (tmp_path / "session-mock.har").unlink(missing_ok=True)


def test_job_keeps_exit_code_and_quotes_inputs(tmp_path: Path) -> None:
    install(tmp_path / ".session-mock")
    inputs = {"run": 'test "$NOTE" = "a \'b\'"\nexit 7', "args": """--env "NOTE=a 'b'" """}
    (job,) = read_template(inputs).values()

    finished = run_script("\n".join(job["script"]), tmp_path, variables(job), SH)

    assert finished.returncode == 7, finished.stderr


def test_job_installs_package(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\n'
        """printf '#!/bin/sh\\nfor word; do echo "$word"; done\\n' > "$3/bin/python"\n"""
        'chmod +x "$3/bin/python"\n',
        encoding="utf-8",
    )
    (tmp_path / "python3").chmod(0o755)
    (job,) = read_template({"run": "true", "package": "a wheel.whl"}).values()
    script = "\n".join([f"PATH={tmp_path}:$PATH", *job["before_script"]])

    finished = run_script(script, tmp_path, variables(job), SH)

    assert finished.stdout.splitlines() == ["-m", "pip", "install", "--quiet", "a wheel.whl"], finished.stderr
